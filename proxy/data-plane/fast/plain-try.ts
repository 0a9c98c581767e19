import type { Destination, Exchange, HeaderPair, WholeAnswer } from '../exchange.ts';
import { hearLastWords } from '../lane/last-words.ts';
import { completed, limitsOf } from '../lane/outgoing.ts';
import { UnwantedAnswer, UpstreamTimeout } from '../lane/problems.ts';
import type { TimeoutSettings } from '../lane/schema.ts';
import { timeNow } from '../moment.ts';
import { readAnswerHead, type AnswerLines, type Framing } from './answer-head.ts';
import { BodyRelay, LAST_CHUNK } from './body-relay.ts';
import { incomingHead, interimHead } from './incoming-head.ts';
import type { FastParts } from './fast-lane.ts';
import type { PlainRequest } from './plain-request.ts';
import type { ConnectionUser, UpstreamConnection } from './upstream-connection.ts';
import { brokenAnswer, hangUp, overflow, switchedProtocol } from './upstream-errors.ts';
import { write } from './write.ts';

/** The same as in the general lane. */
const LONGEST_HEAD = 16 * 1024;
const HEAD_END = '\r\n\r\n';
const PROTOCOL = 'HTTP/1.';

/** Carries one request to one address, and what comes back to the client. Its end is told once. */
export class PlainTry implements ConnectionUser {
  readonly #client: PlainRequest;
  readonly #exchange: Exchange;
  readonly #destination: Destination;
  readonly #parts: FastParts;
  readonly #limits: TimeoutSettings;
  readonly #startedAt = timeNow();
  #connection: UpstreamConnection | null = null;
  #onUsedConnection = false;
  #isConnecting = false;
  /** The last byte of the request has left. */
  #isSent = false;
  /** When that, or that something came, was first seen by `look`; 0 before. */
  #quietSince = 0;
  #noByteCame = true;
  #head = '';
  #answer: AnswerLines | null = null;
  #hasBegun = false;
  #relay: BodyRelay | null = null;
  #idleMs: number;
  #firstByteMs: number | null = null;
  #failed = false;
  #isOver = false;
  #stopHearing: (() => void) | null = null;

  constructor(client: PlainRequest, exchange: Exchange, destination: Destination, parts: FastParts) {
    this.#client = client;
    this.#exchange = exchange;
    this.#destination = destination;
    this.#parts = parts;
    this.#limits = limitsOf(exchange, parts.edge.settings.timeouts);
    this.#idleMs = this.#limits.idleMs;
  }

  /** @param head the whole of it, as it goes to the upstream */
  start(head: string): void {
    if (this.#client.isGone) return this.#end(null);
    const { address, onNewConnection } = this.#destination;
    const connection = this.#parts.kept.take(address, onNewConnection);
    this.#connection = connection;
    connection.user = this;
    this.#onUsedConnection = connection.wasUsed;
    this.#isConnecting = !connection.wasUsed;
    const came = this.#client.takeKeptBody();
    if (came) write(connection.socket, head, came, came.length, '');
    else connection.socket.write(head + this.#client.wholeBody, 'latin1');
    if (!this.#client.isUploading) return this.#requestWritten();
    this.#stopHearing = hearLastWords(connection.socket);
    connection.limitStall(this.#limits.idleMs);
    this.#client.flowBody(!connection.socket.writableNeedDrain);
  }

  /** More of the client's body. False asks to wait. */
  sendBody(bytes: Buffer, isLast: boolean): boolean {
    const socket = this.#connection?.socket;
    if (!socket?.writable) return true;
    const flows = socket.write(bytes);
    if (isLast) this.#requestWritten();
    return flows;
  }

  /** The client left, or was answered by the proxy itself. */
  abandon(): void {
    this.#end(null);
  }

  /** All of the answer has left the process. */
  answerFlushed(): void {
    this.#end(null);
  }

  /** The client has taken what was written. */
  clientDrained(): void {
    this.#quietSince = 0;
    this.#connection?.socket.resume();
  }

  /** Looks whether a limit has passed. */
  look(now: number): void {
    if (this.#isOver || !this.#connection) return;
    const { connectMs, firstByteMs } = this.#limits;
    if (this.#isConnecting) {
      if (now - this.#startedAt > connectMs) this.#fail(new UpstreamTimeout('connect', connectMs));
      return;
    }
    if (!this.#isSent) return;
    if (this.#quietSince === 0 || (this.#answer && this.#client.isBehind)) this.#quietSince = now;
    const quietMs = now - this.#quietSince;
    if (!this.#answer) {
      if (quietMs > firstByteMs) this.#fail(new UpstreamTimeout('first byte', firstByteMs));
    } else if (quietMs > this.#idleMs) this.#fail(new UpstreamTimeout('idle', this.#idleMs));
  }

  connected(): void {
    this.#isConnecting = false;
  }

  drained(): void {
    if (!this.#isSent) this.#client.flowBody(true);
  }

  stalled(): void {
    if (!this.#isConnecting) this.#fail(new UpstreamTimeout('idle', this.#idleMs));
  }

  received(bytes: Buffer, length: number): boolean {
    this.#noByteCame = false;
    // Interim answers do not put off the first byte of the answer itself.
    if (this.#answer) this.#quietSince = 0;
    return this.#relay ? this.#pass(this.#relay, '', bytes, 0, length) : this.#readHead(bytes, 0, length);
  }

  ended(): void {
    if (this.#relay?.endsWithConnection) {
      this.#client.say(LAST_CHUNK);
      return this.#answerEnded(false);
    }
    this.#fail(hangUp());
  }

  closed(error: Error | null): void {
    this.#fail(error ?? hangUp());
  }

  #requestWritten(): void {
    const socket = this.#connection?.socket;
    const written = (): void => {
      this.#isSent = true;
    };
    if (!socket || socket.writableLength === 0) this.#isSent = true;
    else socket.write('', written);
  }

  #readHead(bytes: Buffer, from: number, to: number): boolean {
    const before = this.#head.length;
    const came = bytes.toString('latin1', from, Math.min(to, from + LONGEST_HEAD));
    const text = before === 0 ? came : this.#head + came;
    const known = this.#connection?.answerBefore;
    if (known && text.slice(0, known.text.length) === known.text && this.#client.method !== 'HEAD') {
      const end = known.text.length;
      known.isRepeated = true;
      this.#head = '';
      return this.#take(known, text, end, bytes, from + end - before, to);
    }
    const end = text.indexOf(HEAD_END, Math.max(0, before - HEAD_END.length));
    if (end === -1) {
      this.#head = text;
      if (!text.startsWith(PROTOCOL.slice(0, text.length))) this.#fail(brokenAnswer());
      else if (text.length >= LONGEST_HEAD) this.#fail(overflow());
      return true;
    }
    const headEnd = end + HEAD_END.length;
    const answer = readAnswerHead(text.slice(0, headEnd), this.#client.method);
    if (this.#connection) this.#connection.remember(answer, this.#client.method);
    this.#head = '';
    return this.#take(answer, text, headEnd, bytes, from + headEnd - before, to);
  }

  /** @param text what came, as far as it was read; behind `headEnd` stands what lies in `bytes` between `from` and `to` */
  #take(
    answer: AnswerLines | null,
    text: string,
    headEnd: number,
    bytes: Buffer,
    from: number,
    to: number,
  ): boolean {
    // Whoever refused the rest of an upload has answered already.
    if (this.#isOver || this.#client.saidStatus > 0) return true;
    if (!answer) return this.#fail(brokenAnswer());
    if (answer.status === 101) return this.#fail(switchedProtocol());
    if (answer.status < 200) return this.#inform(answer, bytes, from, to);
    if (!this.#destination.isWanted(answer.status)) return this.#fail(new UnwantedAnswer(answer.status));
    const endConnection = this.#client.wantsToEnd;
    const head = this.#headOf(answer, endConnection);
    if (head instanceof Error) return this.#fail(head);
    this.#client.beginAnswer(endConnection);
    this.#hasBegun = true;
    if (isWhole(answer.framing, to - from) && text.length - headEnd === to - from) {
      this.#exchange.wholeAnswer = new SmallAnswer(answer, text, headEnd);
      this.#client.say(head + text.slice(headEnd));
      this.#answerEnded(true);
      return true;
    }
    this.#relay = new BodyRelay(answer.framing);
    return this.#pass(this.#relay, head, bytes, from, to);
  }

  /** Whether a body may come is between this proxy and each of its ends; all else that is said meanwhile goes on. */
  #inform(answer: AnswerLines, bytes: Buffer, from: number, to: number): boolean {
    if (answer.status !== 100) this.#client.say(interimHead(answer));
    return from === to || this.#readHead(bytes, from, to);
  }

  /** An error where a header of our own cannot be written; thrown from here, it would end the process. */
  #headOf(answer: AnswerLines, endConnection: boolean): string | Error {
    const { keepAliveMs } = this.#parts.edge.settings.clients;
    try {
      const words = answer.needsWork ? this.#client.wordsFor(this.#destination.address) : null;
      return incomingHead(answer, { more: this.#begin(answer), words, endConnection, keepAliveMs });
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #begin(answer: AnswerLines): readonly HeaderPair[] {
    const { status, lines } = answer;
    const exchange = this.#exchange;
    this.#answer = answer;
    this.#quietSince = 0;
    this.#firstByteMs = timeNow() - this.#startedAt;
    this.#failed = status >= 500;
    if (answer.isEventStream) this.#idleMs = this.#limits.streamIdleMs;
    exchange.answerBytes = answer.length;
    if (exchange.beforeAnswer.length === 0) return exchange.answerHeaders;
    return completed(exchange, { status, header: (name) => lines.get(name) });
  }

  #pass(relay: BodyRelay, head: string, bytes: Buffer, from: number, to: number): boolean {
    const { prefix, used, suffix, isDone, surplus, isBroken } = relay.take(bytes, from, to);
    if (isBroken) return this.#fail(brokenAnswer());
    const body = from === 0 || used === 0 ? bytes : bytes.subarray(from, from + used);
    const flows = this.#client.send(head + prefix, body, used, suffix);
    if (this.#client.isBehind) this.#connection?.giveBufferAway();
    if (!isDone) return flows;
    this.#answerEnded(surplus === 0);
    return true;
  }

  /** The upstream has answered whole: its connection is free before the client has taken everything. */
  #answerEnded(isClean: boolean): void {
    const connection = this.#connection;
    this.#connection = null;
    this.#hearNoMore();
    this.#destination.upstreamDone();
    if (connection) this.#letGo(connection, isClean);
    this.#client.endAnswer();
  }

  #letGo(connection: UpstreamConnection, isClean: boolean): void {
    const { address, onNewConnection } = this.#destination;
    if (isClean && this.#isSent && !onNewConnection)
      this.#parts.kept.giveBack(address, connection, this.#answer?.keptForMs ?? null);
    else connection.destroy();
  }

  #hearNoMore(): void {
    this.#stopHearing?.();
    this.#stopHearing = null;
  }

  /** In the middle of an answer nothing can be said any more: a broken one is better than one that looks whole. */
  #fail(error: Error): true {
    if (this.#isOver || (this.#hasBegun && !this.#connection)) return true;
    if (this.#hasBegun) {
      // When the client left first, the side did nothing wrong.
      if (!this.#client.isGone) this.#failed = true;
      this.#client.breakOff();
      this.#end(null);
    } else if (this.#client.saidStatus === 0) this.#end(error);
    return true;
  }

  #end(error: Error | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#hearNoMore();
    this.#connection?.destroy();
    this.#connection = null;
    if (!error) this.#destination.upstreamDone();
    this.#client.tryEnded(this);
    this.#destination.ended({
      status: error ? 0 : (this.#answer?.status ?? this.#client.saidStatus),
      failed: this.#failed || error !== null,
      firstByteMs: this.#firstByteMs,
      error,
      isOver: !error,
      noByteCame: this.#noByteCame,
      onUsedConnection: this.#onUsedConnection,
    });
  }
}

class SmallAnswer implements WholeAnswer {
  readonly text: string;
  readonly bodyAt: number;
  readonly #head: AnswerLines;

  constructor(head: AnswerLines, text: string, bodyAt: number) {
    this.#head = head;
    this.text = text;
    this.bodyAt = bodyAt;
  }

  get status(): number {
    return this.#head.status;
  }

  header(name: string): string | undefined {
    return this.#head.lines.joined(name);
  }
}

/** So many bytes behind its head are all of its body. */
function isWhole(framing: Framing, bytes: number): boolean {
  return framing.kind === 'length' ? framing.bytes === bytes : framing.kind === 'none' && bytes === 0;
}
