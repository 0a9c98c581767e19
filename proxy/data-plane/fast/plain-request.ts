import type { NormalPath } from '../../routes/path.ts';
import type {
  Carrier,
  Destination,
  Exchange,
  HeaderPair,
  Outcome,
  Problem,
  RequestHead,
} from '../exchange.ts';
import { clientAddress, clientProtocol } from '../lane/forwarded.ts';
import { rewritesHost } from '../lane/outgoing.ts';
import { problemAsText } from '../lane/problems.ts';
import type { ClientWords } from '../lane/rewrite.ts';
import { ClientBody } from './client-body.ts';
import type { ClientConnection } from './client-connection.ts';
import type { FastParts } from './fast-lane.ts';
import { pairsIn } from './header-lines.ts';
import { linesOf, outgoingHead } from './outgoing-head.ts';
import type { PlainHead } from './plain-head.ts';
import { PlainTry } from './plain-try.ts';

/** One plain request of a client: what the stages know of it, and what they ask the lane to do for it. */
export class PlainRequest implements RequestHead, Carrier {
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
  /** Null for none, and for one that came with the head. */
  #body: ClientBody | null = null;
  /** The body, if it came together with the head. */
  #whole = '';
  #try: PlainTry | null = null;
  /** Called once an answer of the proxy's own has left the process. */
  #flushed: (() => void) | null = null;
  #hasBegunAnswer = false;
  #endsConnection = false;
  #onGone: Set<() => void> | null = null;

  constructor(plain: PlainHead, target: NormalPath, connection: ClientConnection, parts: FastParts) {
    const { claims } = plain;
    this.method = plain.method;
    this.target = target;
    this.bodyBytes = plain.bodyBytes;
    this.peer = connection.peer;
    this.client = claims ? clientNamed(claims, connection, parts) : connection.address;
    this.isSecure = connection.isEncrypted || (claims !== null && isNamedSecure(claims, connection, parts));
    this.#plain = plain;
    this.#connection = connection;
    this.#parts = parts;
  }

  header(name: string): string | undefined {
    return this.#plain.lines.get(name);
  }

  /** Its body came with the head. */
  takeWhole(body: string): void {
    this.#whole = body;
  }

  /** Its body is still to come, most of it at least. */
  awaitBody(): void {
    this.#body = new ClientBody(this.bodyBytes);
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

  forward(exchange: Exchange, destination: Destination): void {
    const head = this.#headFor(exchange, destination);
    this.#try = new PlainTry(this, exchange, destination, this.#parts);
    this.#try.start(head);
  }

  /** A try has ended. */
  tryEnded(ended: PlainTry): void {
    if (this.#try === ended) this.#try = null;
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
  answer(problem: Problem, headers: readonly HeaderPair[], flushed: (() => void) | null = null): void {
    if (this.#hasBegunAnswer) return this.breakOff();
    this.#endsConnection = this.isUploading || this.#plain.wantsToEnd;
    this.#hasBegunAnswer = true;
    this.saidStatus = problem.status;
    // As it stands, so that nothing of it can break its line.
    linesOf(headers);
    const more = [...headers, ...this.#connection.aboutItself(this.#endsConnection)];
    this.#flushed = flushed;
    this.#connection.say(problemAsText(problem, more, this.method !== 'HEAD'));
    this.#try?.abandon();
    this.endAnswer();
  }

  sentHeaders(): Readonly<Record<string, string | undefined>> {
    const forwarded = this.#connection.forwardedFor(this.#plain);
    const { kept } = this.#plain;
    // The same object for a client that says the same again: what is made of it need not be made again either.
    if (forwarded.sent?.kept !== kept) forwarded.sent = { kept, headers: sentWith(kept, forwarded.headers) };
    return forwarded.sent.headers;
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

  get wholeBody(): string {
    return this.#whole;
  }

  takeKeptBody(): Buffer | null {
    return this.#body?.takeKept() ?? null;
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

  say(text: string): boolean {
    return this.#connection.say(text);
  }

  endAnswer(): void {
    this.#connection.whenFlushed(this);
  }

  /** The whole answer has left the process. */
  answerFlushed(): void {
    const flushed = this.#flushed;
    this.#flushed = null;
    flushed?.();
    this.#try?.answerFlushed();
    this.#tellGone();
    this.#connection.answered(this, this.#endsConnection);
  }

  wordsFor(address: URL): ClientWords {
    return { address, sent: this.#connection.forwardedFor(this.#plain).headers };
  }

  /** Client or closing proxy want the connection to end with the answer. */
  get wantsToEnd(): boolean {
    return this.isUploading || this.#plain.wantsToEnd || this.#parts.edge.isClosing();
  }

  breakOff(): void {
    this.#connection.destroy();
  }

  /** Nobody waits for an answer any more. */
  #tellGone(): void {
    const flushed = this.#flushed;
    this.#flushed = null;
    flushed?.();
    if (!this.#onGone) return;
    for (const left of this.#onGone) left();
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

  #headFor(exchange: Exchange, { address, side, onNewConnection }: Destination): string {
    const { edge, basePathOf } = this.#parts;
    const isRewritten = rewritesHost(exchange.match, side, edge.settings.upstreamHosts);
    return outgoingHead(this.#plain, exchange, {
      basePath: basePathOf(address),
      host: isRewritten ? address.host : null,
      forwarded: this.#connection.forwardedFor(this.#plain),
      isSingle: onNewConnection,
    });
  }
}

function sentWith(kept: string, forwarded: Readonly<Record<string, unknown>>): Record<string, string> {
  const sent: Record<string, string> = {};
  for (const [name, value] of pairsIn(kept)) sent[name.toLowerCase()] = value;
  return Object.assign(sent, forwarded);
}

type Claims = NonNullable<PlainHead['claims']>;

function clientNamed(claims: Claims, { peer }: ClientConnection, { edge }: FastParts): string {
  return clientAddress(peer, claims['x-forwarded-for'], edge.trusted);
}

function isNamedSecure(claims: Claims, { peer }: ClientConnection, { edge }: FastParts): boolean {
  return clientProtocol(claims['x-forwarded-proto'], edge.trusted.includes(peer)) === 'https';
}
