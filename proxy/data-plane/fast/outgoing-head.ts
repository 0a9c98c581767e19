import type { Exchange } from '../exchange.ts';
import { withoutLinesThat } from './header-lines.ts';
import type { PlainHead } from './plain-head.ts';

/** What of a head depends on where it goes. */
export interface OutgoingWords {
  /** The path that stands in front of the target. */
  basePath: string;
  /** The host that the upstream is told in the place of the client's; null keeps that. */
  host: string | null;
  /** Lines that say where the request comes from, and what they were joined with last. */
  forwarded: { readonly lines: string; joined: { kept: string; lines: string } | null };
  /** The connection is for this request only. */
  isSingle: boolean;
}

/** The head of a plain request as it goes to an upstream: what came, spliced. */
export function outgoingHead(plain: PlainHead, exchange: Exchange, words: OutgoingWords): string {
  const lines = joined(plain.kept, words.forwarded);
  const isAsItIs = words.host === null && exchange.upstreamHeaders.length === 0;
  const sent = isAsItIs ? lines : changed(lines, exchange, words.host);
  const connection = words.isSingle ? 'close' : 'keep-alive';
  return `${plain.method} ${words.basePath}${plain.target} HTTP/1.1\r\n${sent}connection: ${connection}\r\n\r\n`;
}

function joined(kept: string, forwarded: OutgoingWords['forwarded']): string {
  if (forwarded.joined?.kept !== kept) forwarded.joined = { kept, lines: flat(kept + forwarded.lines) };
  return forwarded.joined.lines;
}

/** The same text in one piece: to join what is in pieces takes longer each time. */
export function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** With what the stages found out for the upstream in the place of what stood there. */
function changed(lines: string, { upstreamHeaders }: Exchange, host: string | null): string {
  const own = new Map<string, string | null>();
  if (host !== null) own.set('host', host);
  // Of one name the last word counts.
  for (const [name, value] of upstreamHeaders) own.set(name.toLowerCase(), value);
  return withoutLinesThat(lines, (name) => own.has(name)) + linesOf(own);
}

/** Names and values as header lines; null is none. */
export function linesOf(headers: Iterable<readonly [name: string, value: string | null]>): string {
  let lines = '';
  for (const [name, value] of headers) {
    if (value === null) continue;
    if (BREAKS_A_LINE.test(name) || BREAKS_A_LINE.test(value))
      throw new Error(
        `The header ${JSON.stringify(name)} cannot be written: its value would break its line.`,
      );
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

/** Nothing of it could stand in a line of its own, or be another character in latin1. */
const BREAKS_A_LINE = /[^\t\x20-\x7e\x80-\xff]/;
