import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HeaderPair } from '../exchange.ts';
import { endToEndAnswer, mayBeTrailer } from './hop-by-hop.ts';
import { putInClientWords, type ClientWords } from './rewrite.ts';

export interface AnswerOptions {
  /** Headers that go with the answer, besides its own. */
  more: readonly HeaderPair[];
  words: ClientWords;
  endConnection: boolean;
}

/** Passes an upstream's answer on as it comes: its head at once, its body unbuffered, its trailers at the end. */
export function passAnswer(answer: IncomingMessage, res: ServerResponse, options: AnswerOptions): void {
  const headers = endToEndAnswer(answer.rawHeaders, answer.headers.connection);
  if (namesAddresses(answer)) putInClientWords(headers, options.words);
  for (const [name, value] of options.more) headers.push(name, value);
  if (options.endConnection) headers.push('Connection', 'close');
  // Trailers come through, so their announcement does too; node frames the body anew, in chunks.
  if (answer.headers.trailer && answer.headers['transfer-encoding'] && takesChunks(res, answer))
    headers.push('Trailer', answer.headers.trailer);
  res.writeHead(answer.statusCode ?? 502, phraseOf(answer), headers);
  sendHeadWithoutBody(answer, res);
  answer.once('end', () => {
    const trailers = pairsOf(answer.rawTrailers).filter(([name]) => mayBeTrailer(name));
    if (trailers.length > 0) res.addTrailers(trailers);
  });
  answer.pipe(res);
}

/** Node throws at an announcement of trailers where it will not send chunks. */
function takesChunks({ req }: ServerResponse, { statusCode }: IncomingMessage): boolean {
  return req.httpVersionMinor > 0 && req.method !== 'HEAD' && statusCode !== 204 && statusCode !== 304;
}

/** Nobody needs the phrase behind the status, and node refuses to write some that it has read. */
function phraseOf({ statusMessage = '' }: IncomingMessage): string {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(statusMessage) ? statusMessage : '';
}

function namesAddresses({ headers }: IncomingMessage): boolean {
  return (
    headers.location !== undefined ||
    headers['set-cookie'] !== undefined ||
    headers['content-location'] !== undefined
  );
}

/** An event stream may be silent for long after its head; together with a first chunk the head costs no packet. */
function sendHeadWithoutBody(answer: IncomingMessage, res: ServerResponse): void {
  let begun = false;
  answer.once('data', () => {
    begun = true;
  });
  setImmediate(() => {
    if (!begun && !res.writableEnded && !res.destroyed) res.flushHeaders();
  });
}

/** Node's flat list of names and values as pairs. */
export function pairsOf(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([flat[at] ?? '', flat[at + 1] ?? '']);
  return pairs;
}
