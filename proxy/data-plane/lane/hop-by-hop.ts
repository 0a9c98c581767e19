import type { IncomingHttpHeaders } from 'node:http';
import { isClaim } from './forwarded.ts';

/** Headers that speak of one connection only. `transfer-encoding` is framed anew on each side. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

// Whoever names these in Connection tries to make the proxy forget them on the way.
const NOT_FOR_CONNECTION_TO_NAME = new Set(['host', 'content-length', 'cookie', 'authorization']);

function mayConnectionName(name: string): boolean {
  return name !== '' && !NOT_FOR_CONNECTION_TO_NAME.has(name) && !isClaim(name);
}

/** The names that a Connection header declares to be of this hop only. */
function namedByConnection(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined) return NONE;
  const names = connection.split(',').map((name) => name.trim().toLowerCase());
  return new Set(names.filter(mayConnectionName));
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Whether a field may come behind a body. One that frames, routes, or says who the client is may not: a recipient
 * that adds trailers to the headers would take it for checked.
 */
export function mayBeTrailer(name: string): boolean {
  const lower = name.toLowerCase();
  return !HOP_BY_HOP.has(lower) && !NOT_FOR_CONNECTION_TO_NAME.has(lower) && !isClaim(lower);
}

/** The headers of a request that go on to the upstream: a copy without those of this hop. */
export function endToEndRequest(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = namedByConnection(headers.connection);
  const kept: IncomingHttpHeaders = {};
  for (const name in headers) if (!HOP_BY_HOP.has(name) && !named.has(name)) kept[name] = headers[name];
  return kept;
}

/** The headers of an answer that go on to the client, as node's flat list of names and values. */
export function endToEndAnswer(rawHeaders: readonly string[], connection: string | undefined): string[] {
  const named = namedByConnection(connection);
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const lower = name.toLowerCase();
    if (!HOP_BY_HOP.has(lower) && !named.has(lower)) kept.push(name, rawHeaders[at + 1] ?? '');
  }
  return kept;
}
