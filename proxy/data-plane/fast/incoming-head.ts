import type { HeaderPair } from '../exchange.ts';
import { endToEndAnswer } from '../lane/hop-by-hop.ts';
import { putInClientWords, type ClientWords } from '../lane/rewrite.ts';
import type { AnswerLines } from './answer-head.ts';
import { dateText } from './date.ts';
import { flat, linesOf } from './outgoing-head.ts';

export interface IncomingOptions {
  /** Headers that go with the answer, besides its own. */
  more: readonly HeaderPair[];
  /** Null where nothing of an answer may name an address. */
  words: ClientWords | null;
  endConnection: boolean;
  /** How long the client's connection is kept for its next request. */
  keepAliveMs: number;
}

/** The head of an upstream's answer as it goes to the client: what came, spliced, in the order that node writes. */
export function incomingHead(answer: AnswerLines, options: IncomingOptions): string {
  const { more, words, endConnection, keepAliveMs } = options;
  const { made } = answer;
  const isPlain = more.length === 0 && words === null && answer.hasDate;
  if (!isPlain || !answer.isRepeated) return spliced(answer, options);
  if (made?.endConnection === endConnection && made.keepAliveMs === keepAliveMs) return made.head;
  const head = flat(spliced(answer, options));
  answer.made = { endConnection, keepAliveMs, head };
  return head;
}

function spliced(answer: AnswerLines, options: IncomingOptions): string {
  const { more, words, endConnection, keepAliveMs } = options;
  const { kind } = answer.framing;
  let lines = words ? inClientWords(answer, words) : answer.kept;
  if (more.length > 0) lines += linesOf(more);
  if (endConnection) lines += 'Connection: close\r\n';
  if (answer.trailer !== undefined && kind === 'chunks') lines += `Trailer: ${answer.trailer}\r\n`;
  if (!answer.hasDate) lines += `Date: ${dateText()}\r\n`;
  if (!endConnection) lines += keepAliveLines(keepAliveMs);
  if (kind === 'chunks' || kind === 'end') lines += 'Transfer-Encoding: chunked\r\n';
  return `HTTP/1.1 ${answer.status} ${answer.phrase}\r\n${lines}\r\n`;
}

/** The head of an interim answer. */
export function interimHead({ status, phrase, lines }: AnswerLines): string {
  return `HTTP/1.1 ${status} ${phrase}\r\n${flatLines(endToEnd(lines.pairs()))}\r\n`;
}

let keepAlive = { ms: -1, lines: '' };

function keepAliveLines(ms: number): string {
  if (keepAlive.ms !== ms)
    keepAlive = { ms, lines: `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(ms / 1000)}\r\n` };
  return keepAlive.lines;
}

function inClientWords({ lines }: AnswerLines, words: ClientWords): string {
  const headers = endToEnd(lines.pairs());
  putInClientWords(headers, words);
  return flatLines(headers);
}

function endToEnd(pairs: readonly [string, string][]): string[] {
  const named = pairs.filter(([name]) => name.toLowerCase() === 'connection').map(([, value]) => value);
  return endToEndAnswer(pairs.flat(), named.length > 0 ? named.join(', ') : undefined);
}

function flatLines(headers: readonly string[]): string {
  let lines = '';
  for (let at = 0; at + 1 < headers.length; at += 2) lines += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return lines;
}
