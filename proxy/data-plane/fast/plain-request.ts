import type { NormalPath } from '../../routes/path.ts';
import type {
  Attempt,
  Carrier,
  Destination,
  Exchange,
  HeaderPair,
  Outcome,
  Problem,
  RequestHead,
} from '../exchange.ts';
import { clientAddress, clientProtocol } from '../lane/forwarded.ts';
import { completed, limitsOf, rewritesHost } from '../lane/outgoing.ts';
import { problemAsText } from '../lane/problems.ts';
import { ClientBody } from './client-body.ts';
import type { ClientConnection } from './client-connection.ts';
import type { FastParts } from './fast-lane.ts';
import { pairsIn } from './header-lines.ts';
import { linesOf, outgoingHead } from './outgoing-head.ts';
import type { PlainHead } from './plain-head.ts';
import { PlainTry, type PlainTrip, type TryClient } from './plain-try.ts';
import { NO_BYTES } from './write.ts';

/** One plain request of a client: what the stages know of it, and what they ask the lane to do for it. */
export class PlainRequest implements RequestHead, Carrier, TryClient {
  readonly method: string;
  readonly target: NormalPath;
  readonly peer: string;
  readonly client: string;
  readonly isSecure: boolean;
  readonly bodyBytes: number;
  saidStatus = 0;
  readonly #plain: PlainHead;
  readonly #connection: ClientConnection;
  readonly #parts: FastParts;
  readonly #body: ClientBody | null;
  #try: PlainTry | null = null;
  #hasBegunAnswer = false;
  #endsConnection = false;
  #onGone: Set<() => void> | null = null;

  constructor(plain: PlainHead, target: NormalPath, connection: ClientConnection, parts: FastParts) {
    const { claims } = plain;
    const { trusted } = parts.edge;
    this.method = plain.method;
    this.target = target;
    this.bodyBytes = plain.bodyBytes;
    this.peer = connection.peer;
    this.client = clientAddress(connection.peer, claims?.['x-forwarded-for'], trusted);
    this.isSecure =
      connection.isEncrypted ||
      clientProtocol(claims?.['x-forwarded-proto'], trusted.includes(connection.peer)) === 'https';
    this.#plain = plain;
    this.#connection = connection;
    this.#parts = parts;
    this.#body = plain.bodyBytes > 0 ? new ClientBody(plain.bodyBytes) : null;
  }

  header(name: string): string | undefined {
    return this.#plain.lines.get(name);
  }

  /** Takes what belongs to its body and gives the rest; null when nothing is left. */
  take(bytes: Buffer): Buffer | null {
    const share = this.#body?.share(bytes) ?? 0;
    if (share > 0) this.#takeBody(share === bytes.length ? bytes : bytes.subarray(0, share));
    return share === bytes.length ? null : bytes.subarray(share);
  }

  /** Some of its body is still to come. */
  get isUploading(): boolean {
    return this.#body?.isComing ?? false;
  }

  forward(exchange: Exchange, destination: Destination): Promise<Attempt> {
    return new Promise((resolve) => {
      const own = new PlainTry(this.#tripOf(exchange, destination), this, this.#parts.kept, (attempt) => {
        if (this.#try === own) this.#try = null;
        resolve(attempt);
      });
      this.#try = own;
      own.start();
    });
  }

  refuse(problem: Problem, headers: readonly HeaderPair[]): Promise<Outcome> {
    if (this.isGone) return Promise.resolve({ status: 0, failed: false, firstByteMs: null });
    return new Promise((resolve) => {
      this.answer(problem, headers, () =>
        resolve({ status: problem.status, failed: true, firstByteMs: null }),
      );
    });
  }

  /** Answers with a problem, whatever of the request is still to come, or breaks off an answer that has begun. */
  answer(problem: Problem, headers: readonly HeaderPair[], flushed: () => void = () => undefined): void {
    if (this.#hasBegunAnswer) return this.breakOff();
    this.#endsConnection = this.isUploading || this.#plain.wantsToEnd;
    this.#hasBegunAnswer = true;
    this.saidStatus = problem.status;
    // As it stands, so that nothing of it can break its line.
    linesOf(headers);
    const more = [...headers, ...this.#connection.aboutItself(this.#endsConnection)];
    this.#onGone = (this.#onGone ?? new Set()).add(flushed);
    this.#connection.send(problemAsText(problem, more, this.method !== 'HEAD'), NO_BYTES, 0, '');
    this.#try?.abandon();
    this.endAnswer(flushed);
  }

  sentHeaders(): Record<string, string | undefined> {
    const sent: Record<string, string> = {};
    for (const [name, value] of pairsIn(this.#plain.kept)) sent[name.toLowerCase()] = value;
    return Object.assign(sent, this.#connection.forwardedFor(this.#plain).headers);
  }

  onClientGone(left: () => void): () => void {
    if (this.isGone) {
      left();
      return () => undefined;
    }
    const onGone = (this.#onGone ??= new Set());
    onGone.add(left);
    return () => onGone.delete(left);
  }

  /** Its connection has closed. */
  clientLeft(): void {
    this.#try?.abandon();
    this.#tellGone();
  }

  /** The client has taken what was written for it. */
  drained(): void {
    this.#try?.clientDrained();
  }

  /** Looks whether a limit has passed. */
  look(now: number, exchange: Exchange): void {
    const problem = this.#hasBegunAnswer
      ? null
      : this.#body?.problemAt(now, this.#parts.edge.settings.clients);
    if (problem) this.answer(problem, exchange.answerHeaders);
    else this.#try?.look(now);
  }

  get isGone(): boolean {
    return this.#connection.isGone;
  }

  get isBehind(): boolean {
    return this.#connection.isBehind;
  }

  takeBody(): { bytes: Buffer | null; isWhole: boolean } {
    return { bytes: this.#body?.takeKept() ?? null, isWhole: !this.isUploading };
  }

  flowBody(isWanted: boolean): void {
    if (!this.isUploading) return;
    this.#body?.await(isWanted);
    this.#connection.flow(isWanted);
  }

  beginAnswer(endConnection: boolean): void {
    this.#hasBegunAnswer = true;
    this.#endsConnection = endConnection;
  }

  send(prefix: string, bytes: Buffer, used: number, suffix: string): boolean {
    return this.#connection.send(prefix, bytes, used, suffix);
  }

  endAnswer(ended: () => void): void {
    this.#connection.whenFlushed(() => {
      ended();
      this.#tellGone();
      this.#connection.answered(this, this.#endsConnection);
    });
  }

  breakOff(): void {
    this.#connection.destroy();
  }

  /** Nobody waits for an answer any more. */
  #tellGone(): void {
    for (const left of this.#onGone ?? []) left();
    this.#onGone = null;
  }

  #takeBody(bytes: Buffer): void {
    const body = this.#body;
    if (!body) return;
    body.count(bytes);
    if (this.#try) {
      if (!this.#try.sendBody(bytes, !body.isComing)) this.flowBody(false);
    } else if (!this.#hasBegunAnswer) {
      body.keep(bytes);
      if (body.isFull) this.#connection.flow(false);
    }
  }

  #tripOf(exchange: Exchange, destination: Destination): PlainTrip {
    const { edge, basePathOf } = this.#parts;
    const { settings } = edge;
    const { address, side, onNewConnection } = destination;
    const forwarded = this.#connection.forwardedFor(this.#plain);
    const isRewritten = rewritesHost(exchange.match, side, settings.upstreamHosts);
    return {
      ...destination,
      method: this.method,
      head: outgoingHead(this.#plain, exchange, {
        basePath: basePathOf(address),
        host: isRewritten ? address.host : null,
        forwarded: forwarded.lines,
        isSingle: onNewConnection,
      }),
      limits: limitsOf(exchange, settings.timeouts),
      words: () => ({ address, sent: forwarded.headers }),
      answerHeaders: (answer) => completed(exchange, answer),
      endConnection: () => this.isUploading || this.#plain.wantsToEnd || edge.isClosing(),
      keepAliveMs: settings.clients.keepAliveMs,
    };
  }
}
