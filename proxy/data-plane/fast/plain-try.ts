import type { AnswerHead, Attempt, Destination, HeaderPair } from '../exchange.ts';
import { hearLastWords } from '../lane/last-words.ts';
import { UnwantedAnswer, UpstreamTimeout } from '../lane/problems.ts';
import type { TimeoutSettings } from '../lane/schema.ts';
import type { ClientWords } from '../lane/rewrite.ts';
import { readAnswerHead, type AnswerLines } from './answer-head.ts';
import { BodyRelay, LAST_CHUNK } from './body-relay.ts';
import { incomingHead, interimHead } from './incoming-head.ts';
import type { KeptConnections } from './kept-connections.ts';
import type { ConnectionUser, UpstreamConnection } from './upstream-connection.ts';
import { brokenAnswer, hangUp, overflow, switchedProtocol } from './upstream-errors.ts';
import { NO_BYTES, write } from './write.ts';

/** One try of a plain request at one address. */
export interface PlainTrip extends Destination {
  method: string;
  /** The whole head, as it goes there. */
  head: string;
  limits: TimeoutSettings;
  words: () => ClientWords;
  answerHeaders: (answer: AnswerHead) => readonly HeaderPair[];
  endConnection: () => boolean;
  keepAliveMs: number;
}

/** What a try needs of the request's own connection. */
export interface TryClient {
  readonly isGone: boolean;
  /** It has not taken yet what was written for it. */
  readonly isBehind: boolean;
  /** Status of an answer of the proxy's own; 0 while there is none. */
  readonly saidStatus: number;
  /** Bytes of the body that came already, and whether more are to come. */
  takeBody(): { bytes: Buffer | null; isWhole: boolean };
  /** More of the body may come. */
  flowBody(isWanted: boolean): void;
  /** From here on the answer is the upstream's. */
  beginAnswer(endConnection: boolean): void;
  /** False asks to wait for `clientDrained`. */
  send(prefix: string, bytes: Buffer, used: number, suffix: string): boolean;
  /** All of the answer was written: calls back once it has left the process. */
  endAnswer(ended: () => void): void;
  breakOff(): void;
}

/** The same as in the general lane. */
const LONGEST_HEAD = 16 * 1024;
const HEAD_END = '\r\n\r\n';
const PROTOCOL = 'HTTP/1.';

/** Carries one request to one address, and what comes back to the client. Its end is told once. */
export class PlainTry implements ConnectionUser {
  readonly #trip: PlainTrip;
  readonly #client: TryClient;
  readonly #kept: KeptConnections;
  readonly #ended: (attempt: Attempt) => void;
  readonly #startedAt = performance.now();
  #connection: UpstreamConnection | null = null;
  #onUsedConnection = false;
  #isConnecting = false;
  /** When the last byte of the request had left; 0 before. */
  #sentAt = 0;
  #readAt = 0;
  #noByteCame = true;
  #head = '';
  #answer: AnswerLines | null = null;
  #relay: BodyRelay | null = null;
  #idleMs: number;
  #firstByteMs: number | null = null;
  #status = 0;
  #failed = false;
  #isOver = false;
  #stopHearing: () => void = () => undefined;

  constructor(trip: PlainTrip, client: TryClient, kept: KeptConnections, ended: (attempt: Attempt) => void) {
    this.#trip = trip;
    this.#client = client;
    this.#kept = kept;
    this.#ended = ended;
    this.#idleMs = trip.limits.idleMs;
  }

  start(): void {
    if (this.#client.isGone) return this.#end(null);
    const connection = this.#kept.take(this.#trip.address, this.#trip.onNewConnection);
    this.#connection = connection;
    connection.user = this;
    this.#onUsedConnection = connection.wasUsed;
    this.#isConnecting = !connection.wasUsed;
    const { bytes, isWhole } = this.#client.takeBody();
    write(connection.socket, this.#trip.head, bytes ?? NO_BYTES, bytes?.length ?? 0, '');
    if (isWhole) return this.#requestWritten();
    this.#stopHearing = hearLastWords(connection.socket);
    connection.limitStall(this.#trip.limits.idleMs);
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

  /** The client has taken what was written. */
  clientDrained(): void {
    this.#readAt = performance.now();
    this.#connection?.socket.resume();
  }

  /** Looks whether a limit has passed. */
  look(now: number): void {
    if (this.#isOver || !this.#connection) return;
    const { connectMs, firstByteMs } = this.#trip.limits;
    if (this.#isConnecting) {
      if (now - this.#startedAt > connectMs) this.#fail(new UpstreamTimeout('connect', connectMs));
    } else if (this.#sentAt === 0) return;
    else if (!this.#answer) {
      if (now - this.#sentAt > firstByteMs) this.#fail(new UpstreamTimeout('first byte', firstByteMs));
    } else if (this.#client.isBehind) this.#readAt = now;
    else if (now - this.#readAt > this.#idleMs) this.#fail(new UpstreamTimeout('idle', this.#idleMs));
  }

  connected(): void {
    this.#isConnecting = false;
  }

  drained(): void {
    if (this.#sentAt === 0) this.#client.flowBody(true);
  }

  stalled(): void {
    if (!this.#isConnecting) this.#fail(new UpstreamTimeout('idle', this.#idleMs));
  }

  received(bytes: Buffer, length: number): boolean {
    this.#noByteCame = false;
    this.#readAt = performance.now();
    return this.#relay ? this.#pass(this.#relay, '', bytes, 0, length) : this.#readHead(bytes, 0, length);
  }

  ended(): void {
    if (this.#relay?.endsWithConnection) {
      this.#client.send('', NO_BYTES, 0, LAST_CHUNK);
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
      this.#sentAt = performance.now();
    };
    if (!socket || socket.writableLength === 0) written();
    else socket.write('', written);
  }

  #readHead(bytes: Buffer, from: number, to: number): boolean {
    const before = this.#head.length;
    const came = bytes.toString('latin1', from, Math.min(to, from + LONGEST_HEAD));
    const text = before === 0 ? came : this.#head + came;
    const end = text.indexOf(HEAD_END, Math.max(0, before - HEAD_END.length));
    if (end === -1) {
      this.#head = text;
      if (!text.startsWith(PROTOCOL.slice(0, text.length))) this.#fail(brokenAnswer());
      else if (text.length >= LONGEST_HEAD) this.#fail(overflow());
      return true;
    }
    const headEnd = end + HEAD_END.length;
    const answer = readAnswerHead(text.slice(0, headEnd), this.#trip.method);
    this.#head = '';
    return this.#take(answer, bytes, from + headEnd - before, to);
  }

  #take(answer: AnswerLines | null, bytes: Buffer, from: number, to: number): boolean {
    // Whoever refused the rest of an upload has answered already.
    if (this.#isOver || this.#client.saidStatus > 0) return true;
    if (!answer) return this.#fail(brokenAnswer());
    if (answer.status === 101) return this.#fail(switchedProtocol());
    if (answer.status < 200) return this.#inform(answer, bytes, from, to);
    if (!this.#trip.isWanted(answer.status)) return this.#fail(new UnwantedAnswer(answer.status));
    const endConnection = this.#trip.endConnection();
    const head = this.#headOf(answer, endConnection);
    if (head instanceof Error) return this.#fail(head);
    this.#client.beginAnswer(endConnection);
    this.#relay = new BodyRelay(answer.framing);
    return this.#pass(this.#relay, head, bytes, from, to);
  }

  /** Whether a body may come is between this proxy and each of its ends; all else that is said meanwhile goes on. */
  #inform(answer: AnswerLines, bytes: Buffer, from: number, to: number): boolean {
    if (answer.status !== 100) this.#client.send(interimHead(answer), NO_BYTES, 0, '');
    return from === to || this.#readHead(bytes, from, to);
  }

  /** An error where a header of our own cannot be written; thrown from here, it would end the process. */
  #headOf(answer: AnswerLines, endConnection: boolean): string | Error {
    const { words, keepAliveMs } = this.#trip;
    try {
      return incomingHead(answer, { more: this.#begin(answer), words, endConnection, keepAliveMs });
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #begin(answer: AnswerLines): readonly HeaderPair[] {
    const { status, lines } = answer;
    this.#answer = answer;
    this.#status = status;
    this.#firstByteMs = performance.now() - this.#startedAt;
    this.#failed = status >= 500;
    if (answer.isEventStream) this.#idleMs = this.#trip.limits.streamIdleMs;
    return this.#trip.answerHeaders({ status, header: (name) => lines.get(name) });
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
    this.#stopHearing();
    this.#trip.upstreamDone();
    if (connection) this.#letGo(connection, isClean);
    this.#client.endAnswer(() => this.#end(null));
  }

  #letGo(connection: UpstreamConnection, isClean: boolean): void {
    const isReusable = isClean && this.#sentAt > 0 && !this.#trip.onNewConnection;
    if (isReusable) this.#kept.giveBack(this.#trip.address, connection, this.#answer?.keptForMs ?? null);
    else this.#kept.drop(connection);
  }

  /** In the middle of an answer nothing can be said any more: a broken one is better than one that looks whole. */
  #fail(error: Error): true {
    if (this.#isOver || (this.#relay && !this.#connection)) return true;
    if (this.#relay) {
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
    this.#stopHearing();
    if (this.#connection) this.#kept.drop(this.#connection);
    this.#connection = null;
    if (!error) this.#trip.upstreamDone();
    this.#ended({
      status: error ? 0 : this.#status || this.#client.saidStatus,
      failed: this.#failed || error !== null,
      firstByteMs: this.#firstByteMs,
      error,
      isOver: !error,
      noByteCame: this.#noByteCame,
      onUsedConnection: this.#onUsedConnection,
    });
  }
}
