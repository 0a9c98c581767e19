import type { AnswerHead, Exchange, HeaderPair } from '../exchange.ts';
import type { DeprecatedSettings } from './duties-schema.ts';

/** The headers that say of a route that its contract goes away: RFC 9745 and RFC 8594. */
export function deprecationHeaders({ since, sunset, link }: DeprecatedSettings): readonly HeaderPair[] {
  const headers: HeaderPair[] = [['Deprecation', `@${Math.floor(Date.parse(since) / 1000)}`]];
  if (sunset !== undefined) headers.push(['Sunset', new Date(sunset).toUTCString()]);
  if (link !== undefined) headers.push(['Link', `<${new URL(link).href}>; rel="deprecation"`]);
  return headers;
}

/** Says it with the answer, whichever side gives it; what a side says of this itself counts more. */
export function announceDeprecation(exchange: Exchange, headers: readonly HeaderPair[]): void {
  exchange.beforeAnswer.push((answer) => {
    for (const header of headers) if (!saysItself(answer, header)) exchange.answerHeaders.push(header);
  });
}

function saysItself(answer: AnswerHead, [name]: HeaderPair): boolean {
  const said = answer.header(name.toLowerCase());
  // Links are a list: those to other things stay beside ours.
  return said !== undefined && (name !== 'Link' || /;\s*rel="?[^",;]*\bdeprecation\b/i.test(said));
}
