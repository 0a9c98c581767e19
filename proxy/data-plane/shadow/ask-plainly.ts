import type { AnswerHead } from '../exchange.ts';
import { readAnswerHead, type AnswerLines } from '../fast/answer-head.ts';
import { KeptConnections } from '../fast/kept-connections.ts';
import { linesOf } from '../fast/outgoing-head.ts';
import type { ConnectionUser, UpstreamConnection } from '../fast/upstream-connection.ts';
import { basePathOf } from '../lane/rewrite.ts';
import type { UpstreamTls } from '../tls/upstream.ts';
import { answered, whenKnown, type Asked, type Question } from './ask.ts';

const LONGEST_HEAD = 16 * 1024;
const HEAD_END = '\r\n\r\n';
const VISIBLE = /^[!-~]+$/;
const SWEEP_MS = 1000;

/** Asks on bare sockets, at a fraction of the CPU time, what has a plain answer: strictly read, and with its length. */
export class PlainAsker {
  readonly #kept: KeptConnections;
  /** Addresses that once gave an answer of another kind: they are asked the general way from then on. */
  readonly #notPlain = new WeakSet<URL>();
  #sweeping: NodeJS.Timeout | undefined;

  constructor(tls: UpstreamTls) {
    this.#kept = new KeptConnections(tls);
  }

  /** Calls back once; with null for what is not plain, which has to be asked the general way. */
  ask(question: Question, told: (asked: Asked | null) => void): void {
    const head = this.#notPlain.has(question.url) ? null : headOf(question);
    if (head === null || this.#kept.isClosed) return told(null);
    new PlainAsk(question, head, this.#kept, (heard) => this.#heard(heard, question, told)).start();
  }

  #heard(heard: Heard, question: Question, told: (asked: Asked | null) => void): void {
    // Not before: the sweep ends where nothing is kept.
    if (!this.#kept.isClosed) this.#sweeping ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
    if (heard.kind === 'whole') return whenKnown(answered(heard, heard.body, question), told);
    if (heard.kind !== 'not plain') return told(heard);
    this.#notPlain.add(question.url);
    told(null);
  }

  close(): void {
    clearInterval(this.#sweeping);
    this.#kept.close();
  }

  #sweep(): void {
    if (this.#kept.sweep(performance.now())) return;
    clearInterval(this.#sweeping);
    this.#sweeping = undefined;
  }
}

/** Null where it cannot be written as it is. */
function headOf({ url, target, headers }: Question): string | null {
  const path = basePathOf(url) + target;
  let lines = linesByHeaders.get(headers);
  if (lines === undefined) linesByHeaders.set(headers, (lines = linesFrom(headers)));
  if (lines === null || !VISIBLE.test(path)) return null;
  const host = headers.host === undefined ? `host: ${url.host}\r\n` : '';
  return `GET ${path} HTTP/1.1\r\n${host}${lines}connection: keep-alive${HEAD_END}`;
}

/** Many questions have the headers of one client, as one object. */
const linesByHeaders = new WeakMap<object, string | null>();

/** Null where one would break its line. */
function linesFrom(headers: Question['headers']): string | null {
  // The host first, as a server expects it that looks for it.
  const all = Object.entries({ host: undefined, ...headers }).flatMap(([name, value]) =>
    [value].flat().map((each) => [name, each === undefined ? null : String(each)] as const),
  );
  try {
    return linesOf(all);
  } catch {
    return null;
  }
}

type Heard = HeardWhole | { kind: 'not plain' } | Exclude<Asked, { kind: 'answer' }>;

class HeardWhole implements AnswerHead {
  readonly kind = 'whole';
  /** A character for each byte. */
  readonly body: string;
  readonly #head: AnswerLines;

  constructor(head: AnswerLines, body: string) {
    this.#head = head;
    this.body = body;
  }

  get status(): number {
    return this.#head.status;
  }

  header(name: string): string | undefined {
    return this.#head.lines.joined(name);
  }
}

class PlainAsk implements ConnectionUser {
  readonly #question: Question;
  readonly #request: string;
  readonly #kept: KeptConnections;
  readonly #settle: (heard: Heard) => void;
  readonly #timer: NodeJS.Timeout;
  #connection: UpstreamConnection | null = null;
  #wasUsed = false;
  #noByteCame = true;
  /** What came, without the head once that is known. */
  #text = '';
  #head: AnswerLines | null = null;
  #length = 0;

  constructor(question: Question, request: string, kept: KeptConnections, settle: (heard: Heard) => void) {
    this.#question = question;
    this.#request = request;
    this.#kept = kept;
    this.#settle = settle;
    const { timeoutMs } = question;
    this.#timer = setTimeout(() => this.#fail(`no answer within ${timeoutMs} ms`), timeoutMs);
  }

  start(isNewWanted = false): void {
    try {
      const connection = this.#kept.take(this.#question.url, isNewWanted);
      this.#connection = connection;
      this.#wasUsed = connection.wasUsed;
      connection.user = this;
      connection.socket.write(this.#request, 'latin1');
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  connected(): void {}

  drained(): void {}

  stalled(): void {}

  received(bytes: Buffer, length: number): boolean {
    this.#noByteCame = false;
    const text = this.#text + bytes.toString('latin1', 0, length);
    if (this.#head) this.#take(this.#head, text);
    else this.#readHead(text);
    return true;
  }

  ended(): void {
    this.#hungUp('the upstream hung up');
  }

  closed(error: Error | null): void {
    this.#connection = null;
    this.#hungUp(error?.message ?? 'the upstream hung up');
  }

  #readHead(text: string): void {
    const known = this.#connection?.answerBefore;
    const isKnown = known && text.startsWith(known.text);
    const end = isKnown ? known.text.length : text.indexOf(HEAD_END) + HEAD_END.length;
    if (end < HEAD_END.length) {
      this.#text = text;
      if (text.length > LONGEST_HEAD) this.#end({ kind: 'not plain' });
      return;
    }
    const head = isKnown ? known : readAnswerHead(text.slice(0, end), 'GET');
    const bodyBytes = head && bodyBytesOf(head);
    if (!head || bodyBytes === null) return this.#end({ kind: 'not plain' });
    if (bodyBytes > this.#question.maxBodyBytes) return this.#end({ kind: 'too big' });
    this.#connection?.remember(head, 'GET');
    this.#head = head;
    this.#length = bodyBytes;
    this.#take(head, text.slice(end));
  }

  #take(head: AnswerLines, body: string): void {
    const connection = this.#connection;
    if (!connection) return;
    this.#text = body;
    if (body.length < this.#length) return;
    // With more than was announced, nobody knows what the rest is.
    if (body.length > this.#length) return this.#end({ kind: 'not plain' });
    this.#connection = null;
    this.#kept.giveBack(this.#question.url, connection, head.keptForMs);
    this.#end(new HeardWhole(head, body));
  }

  /** A connection that was kept may have been closed by the other end before it heard of the question. */
  #hungUp(reason: string): void {
    const isAskedAgain = this.#noByteCame && this.#wasUsed && !this.#kept.isClosed;
    this.#connection?.destroy();
    if (isAskedAgain) this.start(true);
    else this.#fail(reason);
  }

  #fail(reason: string): void {
    this.#end({ kind: 'no answer', reason });
  }

  #end(heard: Heard): void {
    clearTimeout(this.#timer);
    this.#connection?.destroy();
    this.#connection = null;
    this.#settle(heard);
  }
}

/** Null for an answer that is interim, or whose end is not known from its head. */
function bodyBytesOf({ status, framing }: AnswerLines): number | null {
  if (status < 200) return null;
  if (framing.kind === 'none') return 0;
  return framing.kind === 'length' ? framing.bytes : null;
}
