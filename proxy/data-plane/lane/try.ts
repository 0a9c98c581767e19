import type {
  ClientRequest,
  IncomingMessage,
  InformationEvent,
  OutgoingHttpHeaders,
  ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { AnswerHead, Attempt, Destination, HeaderPair } from '../exchange.ts';
import { timeNow } from '../moment.ts';
import { passInformation } from './information.ts';
import { passAnswer } from './pass-answer.ts';
import { UnwantedAnswer } from './problems.ts';
import type { ClientWords } from './rewrite.ts';
import type { TimeoutSettings } from './schema.ts';

/** One try of a request on its way to an address. */
export interface Trip extends Pick<Destination, 'address' | 'onNewConnection'> {
  isWanted: (status: number) => boolean;
  upstreamDone: () => void;
  /** Path and query that the address is asked for. */
  target: string;
  headers: OutgoingHttpHeaders;
  limits: TimeoutSettings;
  /** How the client names what this address names otherwise. */
  words: ClientWords;
  /** Sends the client's body on and ends the request; a body goes out once only. */
  sendBody: (request: ClientRequest, continueMs: number) => void;
  /** What else goes with the answer; asked once its head is known. */
  answerHeaders: (answer: AnswerHead) => readonly HeaderPair[];
  /** The client or a closing proxy wants this connection to end with the answer. */
  endConnection: () => boolean;
}

/** What is known of one try. Whatever is said of it after its end is said too late. */
export class Try {
  readonly trip: Trip;
  readonly #res: ServerResponse;
  readonly #ended: (attempt: Attempt) => void;
  readonly #startedAt = timeNow();
  #request: ClientRequest | null = null;
  #bytesBefore = 0;
  #answer: IncomingMessage | null = null;
  #firstByteMs: number | null = null;
  #status = 0;
  #failed = false;
  #isOver = false;

  constructor(trip: Trip, res: ServerResponse, ended: (attempt: Attempt) => void) {
    this.trip = trip;
    this.#res = res;
    this.#ended = ended;
    res.once('close', this.#clientClosed);
  }

  /** The request has its connection, which may have received other answers before. */
  connected(request: ClientRequest): void {
    this.#request = request;
    this.#bytesBefore = request.socket?.bytesRead ?? 0;
  }

  /** The client has not taken yet what came for it. */
  clientIsBehind(): boolean {
    return this.#res.writableLength > 0;
  }

  inform(info: InformationEvent): void {
    if (!this.#isOver) passInformation(info, this.#res);
  }

  /** Takes the head of an answer, and the rest of it to the client if it is wanted. */
  answer(answer: IncomingMessage): void {
    const status = answer.statusCode ?? 502;
    // Whoever refused the rest of an upload has answered already.
    if (this.#isOver || this.#res.headersSent) return void answer.destroy();
    if (status < 200) return this.switched(answer.socket);
    if (!this.trip.isWanted(status)) return this.#giveUp(answer, status);
    const headers = this.#begin(answer, status);
    answer.once('end', this.trip.upstreamDone);
    answer.once('close', () => {
      if (!answer.complete) this.#breakOff();
    });
    passAnswer(answer, this.#res, {
      more: headers,
      words: this.trip.words,
      endConnection: this.trip.endConnection(),
    });
  }

  /** Takes the head of an answer that makes the connection another one; gives what else goes with it. */
  upgraded(answer: IncomingMessage): readonly HeaderPair[] {
    const headers = this.#begin(answer, 101);
    // What goes over it from now on is no request that a change of owner could wait for.
    this.trip.upstreamDone();
    return headers;
  }

  /** The upstream speaks another protocol from now on, which nobody asked for. */
  switched(upstream: Socket): void {
    upstream.destroy();
    this.fail(new Error('it switched to another protocol without being asked'));
  }

  /** The upstream failed, or did not answer in time. */
  fail(error: Error): void {
    // An answer that came whole stands, even if the rest of the upload found nobody any more.
    if (this.#isOver || this.#answer?.complete) return;
    if (this.#answer) return this.#breakOff();
    if (!this.#res.headersSent) this.#end(error);
  }

  /** In the middle of an answer nothing can be said any more: a broken one is better than one that looks whole. */
  #breakOff(): void {
    if (this.#isOver) return;
    // When the client left first, its response is destroyed already, and the side did nothing wrong.
    if (!this.#res.destroyed) this.#failed = true;
    this.#res.destroy();
    this.trip.upstreamDone();
  }

  #begin(answer: IncomingMessage, status: number): readonly HeaderPair[] {
    this.#answer = answer;
    this.#status = status;
    this.#firstByteMs = timeNow() - this.#startedAt;
    this.#failed = status >= 500;
    return this.trip.answerHeaders({ status, header: (name) => headerOf(answer, name) });
  }

  /** Its connection is of no more use: reading the rest of an answer that nobody wants could take for ever. */
  #giveUp(answer: IncomingMessage, status: number): void {
    answer.destroy();
    this.#end(new UnwantedAnswer(status));
  }

  readonly #clientClosed = (): void => this.#end(null);

  #end(error: Error | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#res.off('close', this.#clientClosed);
    if (!error) this.trip.upstreamDone();
    this.#ended({
      status: error ? 0 : this.#status || this.#statusSaid(),
      failed: this.#failed || error !== null,
      firstByteMs: this.#firstByteMs,
      error,
      isOver: !error,
      noByteCame: (this.#request?.socket?.bytesRead ?? this.#bytesBefore) === this.#bytesBefore,
      onUsedConnection: this.#request?.reusedSocket ?? false,
    });
  }

  /** What the proxy itself told the client while the try was under way: that it is too slow, for example. */
  #statusSaid(): number {
    return this.#res.headersSent ? this.#res.statusCode : 0;
  }
}

function headerOf(answer: IncomingMessage, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
