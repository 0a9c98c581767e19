import type { Socket } from 'node:net';
import { normalisePath } from '../../routes/path.ts';
import { newExchange, type Exchange, type HeaderPair, type Problem } from '../exchange.ts';
import { headTooSlow, problemOfUnreadable, refuseRaw } from '../lane/client-errors.ts';
import { setForwarded } from '../lane/forwarded.ts';
import { linger } from '../lane/linger.ts';
import { dateText } from './date.ts';
import type { FastParts } from './fast-lane.ts';
import { linesOf } from './outgoing-head.ts';
import { readPlainHead, type PlainHead } from './plain-head.ts';
import { PlainRequest } from './plain-request.ts';
import { write } from './write.ts';

/**
 * `new` before its first byte, `head` in the middle of a head, `running` from a head to the end of its answer, `idle`
 * before the next one, `leaving` once its last answer was given, `gone` when it is closed or the general lane's.
 */
type State = 'new' | 'head' | 'running' | 'idle' | 'leaving' | 'gone';

/** What an upstream is told about where a request comes from. */
interface Forwarded {
  host: string;
  lines: string;
  headers: Record<string, string | string[] | undefined>;
}

const HEAD_END = '\r\n\r\n';
/** Longest text that is kept for the sake of the next head: many connections are idle. */
const MOST_REMEMBERED = 2048;
/** Of what comes behind a request whose answer is still to come. */
const MOST_WAITING = 64 * 1024;
/** How long the rest of a head is waited for before the general lane does so. */
const PATIENCE_MS = 500;
const CUT_OFF = 'HPE_INVALID_EOF_STATE';

/** A client's connection, as long as all that comes over it is plain. */
export class ClientConnection {
  readonly peer: string;
  readonly isEncrypted: boolean;
  readonly #socket: Socket;
  readonly #parts: FastParts;
  #state: State = 'new';
  /** When it came into this state. */
  #since = performance.now();
  /** What came and was not read yet. */
  #waiting: Buffer | null = null;
  #request: PlainRequest | null = null;
  /** The last head. */
  #before: PlainHead | null = null;
  #exchange: Exchange | null = null;
  #forwarded: Forwarded | null = null;
  #hasLimit = false;
  #isPaused = false;

  constructor(socket: Socket, parts: FastParts) {
    this.peer = socket.remoteAddress ?? '';
    this.isEncrypted = 'encrypted' in socket;
    this.#socket = socket;
    this.#parts = parts;
    socket.on('data', this.#data);
    socket.on('end', this.#end);
    socket.on('error', this.#error);
    socket.on('drain', this.#drain);
    socket.on('timeout', this.#timeout);
    socket.on('close', this.#close);
  }

  get isGone(): boolean {
    return this.#state === 'gone' || this.#socket.destroyed;
  }

  get isBehind(): boolean {
    return this.#socket.writableLength > 0;
  }

  /** Nothing is under way: it may be closed without anybody missing anything. */
  get isIdle(): boolean {
    return this.#state === 'new' || this.#state === 'idle';
  }

  /** Lets the rest of a body come, or keeps it back. */
  flow(isWanted: boolean): void {
    if (isWanted === !this.#isPaused) return;
    this.#isPaused = !isWanted;
    if (isWanted) this.#socket.resume();
    else this.#socket.pause();
  }

  /** False when the client is behind. */
  send(prefix: string, bytes: Buffer, used: number, suffix: string): boolean {
    // A client that ended its half is on its way out, as node has it.
    if (!this.#socket.writable) return true;
    const flows = write(this.#socket, prefix, bytes, used, suffix);
    if (this.isBehind && !this.#hasLimit) {
      this.#hasLimit = true;
      this.#socket.setTimeout(this.#parts.edge.settings.clients.idleMs);
    }
    return flows;
  }

  /** Calls back once everything that was written has left the process. */
  whenFlushed(flushed: () => void): void {
    if (!this.isBehind) flushed();
    else this.#socket.write('', flushed);
  }

  /** The answer to a request has been given. */
  answered(request: PlainRequest, endsConnection: boolean): void {
    if (this.#request !== request || this.isGone) return;
    this.#request = null;
    this.#exchange = null;
    if (this.#hasLimit) this.#socket.setTimeout(0);
    this.#hasLimit = false;
    if (endsConnection) return this.#leave(request.isUploading);
    this.#become('idle');
    this.flow(true);
    if (this.#waiting) this.#read(this.#waiting);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Headers of an answer of the proxy's own. */
  aboutItself(endsConnection: boolean): HeaderPair[] {
    const date: HeaderPair = ['Date', dateText()];
    if (endsConnection) return [date, ['Connection', 'close']];
    const { keepAliveMs } = this.#parts.edge.settings.clients;
    return [date, ['Connection', 'keep-alive'], ['Keep-Alive', `timeout=${Math.floor(keepAliveMs / 1000)}`]];
  }

  /** The same for all requests of a connection to one host, unless a peer that is trusted says more. */
  forwardedFor({ host, claims }: PlainHead): Forwarded {
    const isTrusted = this.#parts.edge.trusted.includes(this.peer);
    if (claims && isTrusted) return this.#forwardedWith(host, { ...claims }, true);
    if (this.#forwarded?.host !== host) this.#forwarded = this.#forwardedWith(host, {}, false);
    return this.#forwarded;
  }

  /** Looks whether a limit has passed. */
  look(now: number): void {
    const { clients } = this.#parts.edge.settings;
    const ms = now - this.#since;
    if (this.#state === 'running' && this.#exchange) this.#request?.look(now, this.#exchange);
    else if (this.#state === 'head' && ms > PATIENCE_MS) this.#handOver();
    else if (this.#state === 'idle' && ms > clients.keepAliveMs) this.destroy();
    else if (this.#state === 'new' && ms > Math.min(clients.headersMs, clients.idleMs)) {
      // Whichever comes first: silence ends a connection without a word.
      if (ms > clients.headersMs) this.#refuse(headTooSlow(clients));
      else this.destroy();
    }
  }

  readonly #data = (bytes: Buffer): void => {
    if (this.#state === 'leaving') return;
    if (!this.#request) return this.#read(this.#waiting ? Buffer.concat([this.#waiting, bytes]) : bytes);
    const rest = this.#request.take(bytes);
    if (rest) this.#keep(rest);
  };

  /** Somebody does not wait for the answer before the next request. */
  #keep(rest: Buffer): void {
    this.#waiting = this.#waiting ? Buffer.concat([this.#waiting, rest]) : rest;
    if (this.#waiting.length > MOST_WAITING) this.flow(false);
  }

  #read(bytes: Buffer): void {
    this.#waiting = bytes;
    const { clients } = this.#parts.edge.settings;
    if (!this.#parts.isOpen()) return this.#handOver();
    const text = bytes.toString('latin1', 0, Math.min(bytes.length, clients.maxHeaderBytes));
    const end = text.indexOf(HEAD_END);
    if (end === -1) {
      if (bytes.length >= clients.maxHeaderBytes) return this.#handOver();
      if (this.#state !== 'head') this.#become('head');
      return;
    }
    const headEnd = end + HEAD_END.length;
    const plain = readPlainHead(text.length === headEnd ? text : text.slice(0, headEnd), this.#before);
    this.#before = text.length <= MOST_REMEMBERED ? plain : null;
    // Behind one another, requests run at the same time: that is the general lane's.
    if (!plain || bytes.length > headEnd + plain.bodyBytes || !this.#isWithinBounds(plain))
      return this.#handOver();
    const target = normalisePath(plain.target);
    if (target.kind === 'refusal') return this.#handOver();
    this.#waiting = null;
    this.#become('running');
    const request = new PlainRequest(plain, target, this, this.#parts);
    this.#request = request;
    if (bytes.length > headEnd) request.take(bytes.subarray(headEnd));
    this.#exchange = newExchange(request, request);
    void this.#parts.edge.carryOut(this.#exchange);
  }

  #isWithinBounds({ target, count, bodyBytes }: PlainHead): boolean {
    const { maxTargetBytes, maxHeaders, maxBodyBytes } = this.#parts.edge.settings.clients;
    return (
      target.length <= maxTargetBytes &&
      count <= maxHeaders &&
      (maxBodyBytes === 0 || bodyBytes <= maxBodyBytes)
    );
  }

  /** From here on the connection is the general lane's, with all that was not read of it. */
  #handOver(): void {
    const socket = this.#socket;
    const waiting = this.#waiting;
    this.#letGo();
    this.#become('gone');
    this.#parts.left(this);
    socket.pause();
    if (waiting) socket.unshift(waiting);
    this.#parts.toGeneralLane(socket);
    socket.resume();
  }

  #letGo(): void {
    const socket = this.#socket;
    socket.off('data', this.#data).off('end', this.#end).off('error', this.#error);
    socket.off('drain', this.#drain).off('timeout', this.#timeout).off('close', this.#close);
  }

  /** Says of a connection on which nothing runs what the general lane would say. */
  #refuse(problem: Problem): void {
    this.#become('leaving');
    refuseRaw(this.#socket, problem, this.#parts.edge.settings.clients.lingerMs);
  }

  #leave(isUploading: boolean): void {
    this.#become('leaving');
    this.flow(true);
    if (isUploading) linger(this.#socket, this.#parts.edge.settings.clients.lingerMs);
    else this.#socket.destroySoon();
  }

  #become(state: State): void {
    this.#state = state;
    this.#since = performance.now();
  }

  #forwardedWith(host: string, headers: Forwarded['headers'], isTrusted: boolean): Forwarded {
    const protocol = this.isEncrypted ? 'https' : 'http';
    setForwarded(headers, { peer: this.peer, host, protocol }, isTrusted);
    return {
      host,
      headers,
      lines: linesOf(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    };
  }

  /** As node does, a client that ends its half is taken for one that leaves. */
  readonly #end = (): void => {
    const { clients } = this.#parts.edge.settings;
    if (this.#state === 'head') this.#refuse(problemOfUnreadable(CUT_OFF, clients));
    else if (this.#request?.isUploading)
      this.#request.answer(problemOfUnreadable(CUT_OFF, clients), this.#exchange?.answerHeaders ?? []);
    else if (this.#state !== 'leaving') this.#socket.end();
  };

  readonly #error = (): void => undefined;

  readonly #drain = (): void => this.#request?.drained();

  readonly #timeout = (): void => {
    if (this.isBehind) this.destroy();
  };

  readonly #close = (): void => {
    const request = this.#request;
    this.#request = null;
    this.#become('gone');
    this.#parts.left(this);
    request?.clientLeft();
  };
}
