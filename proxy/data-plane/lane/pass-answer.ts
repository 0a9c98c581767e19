import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HeaderPair } from '../exchange.ts';
import { endToEndAnswer } from './hop-by-hop.ts';

/** Passes an upstream's answer on as it comes: its head at once, its body unbuffered, its trailers at the end. */
export function passAnswer(
  answer: IncomingMessage,
  res: ServerResponse,
  more: readonly HeaderPair[],
  endConnection: boolean,
): void {
  const headers = endToEndAnswer(answer.rawHeaders, answer.headers.connection);
  for (const [name, value] of more) headers.push(name, value);
  if (endConnection) headers.push('Connection', 'close');
  // Trailers come through, so their announcement does too; node frames the body anew, in chunks.
  if (answer.headers.trailer && answer.headers['transfer-encoding'])
    headers.push('Trailer', answer.headers.trailer);
  res.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', headers);
  sendHeadWithoutBody(answer, res);
  answer.once('end', () => {
    if (answer.rawTrailers.length > 0) res.addTrailers(pairsOf(answer.rawTrailers));
  });
  answer.pipe(res);
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
