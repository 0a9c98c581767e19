import type { Socket } from 'node:net';
import { normalisePath } from '../../routes/path.ts';
import { newExchange, type Exchange, type HeaderPair, type Problem } from '../exchange.ts';
import { headTooSlow, problemOfUnreadable, refuseRaw } from '../lane/client-errors.ts';
import { clientAddress, setForwarded } from '../lane/forwarded.ts';
import { linger } from '../lane/linger.ts';
import type { HandOver } from '../observe/lanes.ts';
import { beginMoment, endMoment } from '../moment.ts';
import { dateText } from './date.ts';
import type { FastParts } from './fast-lane.ts';
import { linesOf } from './outgoing-head.ts';
import { readPlainHead, readRepeatedHead, type PlainHead } from './plain-head.ts';
import { PlainRequest } from './plain-request.ts';
import { readAsStream, readShared } from './shared-reads.ts';
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
  /** Lines of a client with these behind them, as they go to an upstream each time while the client repeats them. */
  joined: { kept: string; lines: string } | null;
  /** The same as an object. */
  sent: { kept: string; headers: Record<string, string> } | null;
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
  /** Address of the other end, as its socket has it. */
  readonly peer: string;
  /** The same as logs and limits have it. */
  readonly address: string;
  readonly isEncrypted: boolean;
  readonly #socket: Socket;
  readonly #parts: FastParts;
  readonly #readsShared: boolean;
  #state: State = 'new';
  /** When it was first seen in this state; 0 before: to ask for the time with each request costs more. */
  #since = 0;
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
    this.address = clientAddress(this.peer, undefined, parts.edge.trusted);
    this.isEncrypted = 'encrypted' in socket;
    this.#socket = socket;
    this.#parts = parts;
    this.#readsShared = readShared(socket, this.#received);
    if (!this.#readsShared) socket.on('data', this.#data);
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

  /** Text, a character for each byte. False when the client is behind. */
  say(text: string): boolean {
    // A client that ended its half is on its way out, as node has it.
    return !this.#socket.writable || this.#limited(this.#socket.write(text, 'latin1'));
  }

  /** The same for text, the first `used` of some bytes, and text. */
  send(prefix: string, bytes: Buffer, used: number, suffix: string): boolean {
    return !this.#socket.writable || this.#limited(write(this.#socket, prefix, bytes, used, suffix));
  }

  #limited(flows: boolean): boolean {
    if (this.isBehind && !this.#hasLimit) {
      this.#hasLimit = true;
      this.#socket.setTimeout(this.#parts.edge.settings.clients.idleMs);
    }
    return flows;
  }

  /** Tells a request whose answer was written whole once that has left the process. */
  whenFlushed(request: PlainRequest): void {
    if (!this.isBehind) request.answerFlushed();
    else this.#socket.write('', () => request.answerFlushed());
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
    if (this.#isPaused) this.flow(true);
    if (this.#waiting) this.#read(this.#waiting, this.#waiting.length);
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
    if (claims && this.#parts.edge.trusted.includes(this.peer))
      return this.#forwardedWith(host, { ...claims }, true);
    if (this.#forwarded?.host !== host) this.#forwarded = this.#forwardedWith(host, {}, false);
    return this.#forwarded;
  }

  /** Looks whether a limit has passed. */
  look(now: number): void {
    const { clients } = this.#parts.edge.settings;
    if (this.#since === 0) this.#since = now;
    const ms = now - this.#since;
    if (this.#state === 'running' && this.#exchange) this.#request?.look(now, this.#exchange);
    else if (this.#state === 'head' && ms > PATIENCE_MS) this.#handOver('slow head');
    else if (this.#state === 'idle' && ms > clients.keepAliveMs) this.destroy();
    else if (this.#state === 'new' && ms > Math.min(clients.headersMs, clients.idleMs)) {
      // Whichever comes first: silence ends a connection without a word.
      if (ms > clients.headersMs) this.#refuse(headTooSlow(clients));
      else this.destroy();
    }
  }

  readonly #data = (bytes: Buffer): void => this.#received(bytes.length, bytes);

  /** Most of what comes is one head, or a head with a small body: that is read where it lies. */
  readonly #received = (length: number, bytes: Buffer): void => {
    if (this.#state === 'leaving') return;
    beginMoment();
    try {
      this.#take(length, bytes);
    } finally {
      endMoment();
    }
  };

  #take(length: number, bytes: Buffer): void {
    if (!this.#request && !this.#waiting) return this.#read(bytes, length);
    const own = this.#ownCopy(bytes, 0, length);
    if (!this.#request) {
      const all = this.#waiting ? Buffer.concat([this.#waiting, own]) : own;
      return this.#read(all, all.length);
    }
    const rest = this.#request.take(own);
    if (rest) this.#keep(rest);
  }

  #ownCopy(bytes: Buffer, from: number, to: number): Buffer {
    const part = bytes.subarray(from, to);
    return this.#readsShared ? Buffer.from(part) : part;
  }

  /** Somebody does not wait for the answer before the next request. */
  #keep(rest: Buffer): void {
    this.#waiting = this.#waiting ? Buffer.concat([this.#waiting, rest]) : rest;
    if (this.#waiting.length > MOST_WAITING) this.flow(false);
  }

  /** Looks for a head at the beginning of `length` bytes. */
  #read(bytes: Buffer, length: number): void {
    const { edge } = this.#parts;
    const text = bytes.toString('latin1', 0, Math.min(length, edge.settings.clients.maxHeaderBytes));
    const plain = this.#headOf(text, length);
    if (typeof plain === 'string') {
      if (bytes !== this.#waiting) this.#waiting = this.#ownCopy(bytes, 0, length);
      if (plain !== 'incomplete') this.#handOver(plain);
      else if (this.#state !== 'head') this.#become('head');
      return;
    }
    const target = normalisePath(plain.target);
    if (target.kind === 'refusal') {
      if (bytes !== this.#waiting) this.#waiting = this.#ownCopy(bytes, 0, length);
      return this.#handOver('not plain');
    }
    this.#waiting = null;
    this.#become('running');
    const request = new PlainRequest(plain, target, this, this.#parts);
    this.#request = request;
    if (plain.bodyBytes > 0) this.#giveBody(request, text, bytes, plain.bytes, length);
    this.#exchange = newExchange(request, request);
    edge.lanes.fast += 1;
    edge.carryOut(this.#exchange);
  }

  /** Gives a request what came of its body together with its head. */
  #giveBody(request: PlainRequest, text: string, bytes: Buffer, from: number, to: number): void {
    if (to === from + request.bodyBytes && to === text.length) return request.takeWhole(text.slice(from));
    request.awaitBody();
    if (to > from) request.take(this.#ownCopy(bytes, from, to));
  }

  /** @param length of all that came; `text` is the beginning of it, in which a head has to end */
  #headOf(text: string, length: number): PlainHead | 'incomplete' | HandOver {
    if (!this.#parts.isOpen()) return 'switched off';
    const plain = (this.#before && readRepeatedHead(text, this.#before)) ?? this.#newHead(text);
    if (plain === 'incomplete') return this.#incomplete(length);
    if (!plain) return 'not plain';
    // Behind one another, requests run at the same time: that is the general lane's.
    if (length > plain.bytes + plain.bodyBytes) return 'several at once';
    return this.#isWithinBounds(plain) ? plain : 'too large';
  }

  #incomplete(length: number): 'incomplete' | 'too large' {
    return length >= this.#parts.edge.settings.clients.maxHeaderBytes ? 'too large' : 'incomplete';
  }

  #newHead(text: string): PlainHead | 'incomplete' | null {
    const end = text.indexOf(HEAD_END);
    if (end === -1) return 'incomplete';
    const headEnd = end + HEAD_END.length;
    const plain = readPlainHead(text.length === headEnd ? text : text.slice(0, headEnd));
    this.#before = text.length <= MOST_REMEMBERED ? plain : null;
    return plain;
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
  #handOver(why: HandOver): void {
    this.#parts.edge.lanes.handOver(why);
    const socket = this.#socket;
    const waiting = this.#waiting;
    this.#letGo();
    if (this.#readsShared) readAsStream(socket);
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
    this.#since = 0;
  }

  #forwardedWith(host: string, headers: Forwarded['headers'], isTrusted: boolean): Forwarded {
    const protocol = this.isEncrypted ? 'https' : 'http';
    setForwarded(headers, { peer: this.peer, host, protocol }, isTrusted);
    return {
      host,
      joined: null,
      sent: null,
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
