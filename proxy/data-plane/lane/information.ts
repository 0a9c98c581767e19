import type { InformationEvent, ServerResponse } from 'node:http';
import { endToEndAnswer } from './hop-by-hop.ts';

/** What the proxy itself answers for: whether a body may come, and who speaks what from now on. */
const OWN = new Set([100, 101]);

/**
 * Passes an interim answer on (102, 103 and whatever will be invented). It is written to the connection directly:
 * node's `writeEarlyHints` throws at a Link header that is not to its liking, two hints in one line for example.
 */
export function passInformation(info: InformationEvent, res: ServerResponse): void {
  // A response that waits for its turn has no connection yet; HTTP/1.0 knows no interim answers.
  if (OWN.has(info.statusCode) || res.headersSent || !res.socket || res.req.httpVersionMinor === 0) return;
  const headers = endToEndAnswer(info.rawHeaders, info.headers.connection);
  const lines: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}\r\n`);
  res.socket.write(`HTTP/1.1 ${info.statusCode} ${info.statusMessage}\r\n${lines.join('')}\r\n`, 'latin1');
}
