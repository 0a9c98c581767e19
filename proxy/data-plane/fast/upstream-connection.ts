import { connect, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectSecurely, type ConnectionOptions } from 'node:tls';
import { peerOf } from '../lane/connections.ts';
import { beginMoment, endMoment } from '../moment.ts';
import type { AnswerLines } from './answer-head.ts';

/** The request that a connection is used for at the moment. */
export interface ConnectionUser {
  connected(): void;
  /** The first `length` bytes came; they are gone when this returns. False lets the connection stand still. */
  received(bytes: Buffer, length: number): boolean;
  /** What was written has left the process, after it did not at once. */
  drained(): void;
  /** Nothing of what was written has been taken for as long as was asked for. */
  stalled(): void;
  /** The upstream ended its half, as it does behind an answer without length. */
  ended(): void;
  /** @param error null for one that was closed in peace */
  closed(error: Error | null): void;
}

const FIRST_BUFFER = 16 * 1024;
/** What a client that falls behind may hold. */
const LARGE_BUFFER = 64 * 1024;
/** For a client that keeps up: each read and each write wakes somebody, which costs more than to copy. */
const LARGEST_BUFFER = 256 * 1024;
/** Longest head that is kept to be known again. */
const MOST_REMEMBERED = 2048;

/** One connection to an upstream, for one request after the other. */
export class UpstreamConnection {
  readonly socket: Socket;
  /** Null while it lies in the pool. */
  user: ConnectionUser | null = null;
  /** It has carried a request before. */
  wasUsed = false;
  /** How it was connected to an https address; null for a plain one. */
  readonly madeWith: ConnectionOptions | null;
  /** How long it may lie in the pool. */
  keptMs = 0;
  /** When it was first seen lying there, by `performance.now()`; 0 before. */
  keptSince = 0;
  /** The last answer's head, to be known again. */
  answerBefore: AnswerLines | null = null;
  readonly #left: (self: UpstreamConnection) => void;
  #buffer: Buffer | null = null;
  /** Kept apart, so that an answer that follows soon finds it again. */
  #largest: Buffer | null = null;
  #nextSize = FIRST_BUFFER;
  #error: Error | null = null;
  #hasLimit = false;

  /**
   * @param secure how to connect to an https address; null for a plain one
   * @param left called when it closes
   */
  constructor(address: URL, secure: ConnectionOptions | null, left: (self: UpstreamConnection) => void) {
    this.#left = left;
    this.madeWith = secure;
    this.socket = secure ? this.#openSecure(address, secure) : this.#openPlain(address);
    this.socket.on('drain', () => this.user?.drained());
    this.socket.on('timeout', () => {
      if (this.socket.writableLength > 0) this.user?.stalled();
    });
    this.socket.on('end', () => this.user?.ended());
    this.socket.on('error', (error) => (this.#error = error));
    this.socket.on('close', () => this.#closed());
  }

  /** Bytes that were read wait for a client that is behind, by reference: what comes next has to lie elsewhere. */
  giveBufferAway(): void {
    this.#buffer = null;
    this.#largest = null;
    this.#nextSize = Math.min(this.#nextSize, LARGE_BUFFER);
  }

  /** Lets go of the room that a large answer took, once the connection rests. */
  shrink(): void {
    this.#largest = null;
  }

  /** Watches that what was written is taken. Silence counts only while something waits. */
  limitStall(ms: number): void {
    this.socket.setTimeout(ms);
    this.#hasLimit = true;
  }

  /** Keeps the head of an answer: the next one may well be the same. To HEAD the same head means another end. */
  remember(answer: AnswerLines | null, method: string): void {
    const isShort = answer !== null && answer.text.length <= MOST_REMEMBERED;
    this.answerBefore = isShort && method !== 'HEAD' && answer.status >= 200 ? answer : null;
  }

  /** Lets go of the request, so that the next one finds a connection as it was. */
  rest(keptMs: number): void {
    this.user = null;
    this.wasUsed = true;
    this.#nextSize = Math.min(this.#nextSize, LARGE_BUFFER);
    this.keptMs = keptMs;
    this.keptSince = 0;
    if (this.#hasLimit) this.socket.setTimeout(0);
    this.#hasLimit = false;
  }

  /** Closes it; its user hears nothing more. */
  destroy(): void {
    this.user = null;
    this.socket.destroy();
  }

  #openPlain(address: URL): Socket {
    // A buffer that is used again and again: node would make one of 64 KiB for each read.
    const onread: OnReadOpts = {
      buffer: () => this.#nextBuffer(),
      callback: (bytes, buffer) => this.#received(buffer as Buffer, bytes),
    };
    const { hostname: host, port } = peerOf(address);
    const socket = connect({ host, port: Number(port || 80), noDelay: true, onread });
    socket.once('connect', () => this.user?.connected());
    return socket;
  }

  #openSecure(address: URL, secure: ConnectionOptions): Socket {
    const { hostname: host, port } = peerOf(address);
    const socket = connectSecurely({ ...secure, host, port: Number(port || 443) });
    socket.setNoDelay(true);
    socket.once('secureConnect', () => this.user?.connected());
    socket.on('data', (bytes: Buffer) => {
      if (!this.#take(bytes, bytes.length)) socket.pause();
    });
    return socket;
  }

  #nextBuffer(): Buffer {
    if (this.#nextSize === LARGEST_BUFFER) return (this.#largest ??= Buffer.allocUnsafeSlow(LARGEST_BUFFER));
    if (this.#buffer?.length !== this.#nextSize) this.#buffer = Buffer.allocUnsafeSlow(this.#nextSize);
    return this.#buffer;
  }

  #received(buffer: Buffer, bytes: number): boolean {
    // Whoever fills it has more to say.
    if (bytes === buffer.length) this.#nextSize = Math.min(4 * bytes, LARGEST_BUFFER);
    return this.#take(buffer, bytes);
  }

  #take(bytes: Buffer, length: number): boolean {
    if (!this.user) {
      // Nobody asked for it: whoever came next would take it for its answer.
      this.socket.destroy();
      return false;
    }
    beginMoment();
    try {
      return this.user.received(bytes, length);
    } finally {
      endMoment();
    }
  }

  #closed(): void {
    const { user } = this;
    this.user = null;
    this.#left(this);
    user?.closed(this.#error);
  }
}
