import type { IncomingMessage } from 'node:http';
import { normalisePath, type NormalPath } from '../../routes/path.ts';
import type { Problem, RequestHead } from '../exchange.ts';
import { clientAddress, clientProtocol, type TrustedProxies } from './forwarded.ts';
import { announcedBytes } from './linger.ts';
import { problemOfRequest } from './problems.ts';
import type { ClientSettings } from './schema.ts';

/** A name, an IPv4 address or an IPv6 one in brackets, with or without a port: no user, no path, no blank. */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i;

/** The target of a request that everybody reads in the same way, or what is told to the client of any other. */
export function readTarget(req: IncomingMessage, bounds: ClientSettings): NormalPath | Problem {
  const { url = '', rawHeaders } = req;
  if (url.length > bounds.maxTargetBytes)
    return tooMuch(414, 'target', bounds.maxTargetBytes, 'maxTargetBytes');
  if (rawHeaders.length / 2 > bounds.maxHeaders)
    return tooMuch(431, 'number of header lines', bounds.maxHeaders, 'maxHeaders');
  if (bounds.maxBodyBytes > 0 && (announcedBytes(req) ?? 0) > bounds.maxBodyBytes)
    return bodyTooLong(bounds.maxBodyBytes);
  const ambiguity = ambiguityOf(req);
  if (ambiguity) return problemOfRequest(ambiguity);
  const target = normalisePath(url);
  return target.kind === 'refusal' ? problemOfRequest(target.reason) : target;
}

/** What the stages know of a request. */
export function headOf(req: IncomingMessage, target: NormalPath, trusted: TrustedProxies): RequestHead {
  const { headers } = req;
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
  const peer = req.socket.remoteAddress ?? '';
  const isTrusted = trusted.includes(peer);
  const protocol = isEncrypted(req) ? 'https' : clientProtocol(header('x-forwarded-proto'), isTrusted);
  return {
    method: req.method ?? 'GET',
    target,
    header,
    peer,
    client: clientAddress(peer, header('x-forwarded-for'), trusted),
    isSecure: protocol === 'https',
    bodyBytes: announcedBytes(req),
  };
}

/** The client speaks TLS with this proxy. */
export function isEncrypted({ socket }: IncomingMessage): boolean {
  return 'encrypted' in socket;
}

/** What a client is told whose body has no end in sight. */
export function bodyTooLong(maxBodyBytes: number): Problem {
  return tooMuch(413, 'body', maxBodyBytes, 'maxBodyBytes');
}

function tooMuch(status: number, what: string, limit: number, setting: keyof ClientSettings): Problem {
  return {
    status,
    title: 'The request is too large',
    detail: `Its ${what} is above the limit of ${limit}. If that is too strict, raise proxy.clients.${setting}.`,
  };
}

/** Why two servers could read a request differently; null when they cannot. */
function ambiguityOf(req: IncomingMessage): string | null {
  if (req.httpVersion !== '1.1' && req.httpVersion !== '1.0') return 'it is neither HTTP/1.1 nor HTTP/1.0';
  const hosts = countOfHosts(req.rawHeaders);
  if (hosts === 0 && req.httpVersionMinor === 1) return 'it is HTTP/1.1 and carries no Host header';
  if (hosts > 1) return 'it carries more than one Host header';
  if (hosts === 1 && !HOST.test(req.headers.host ?? ''))
    return 'its Host header is not a host name or address with an optional port';
  const coding = req.headers['transfer-encoding'];
  // Another coding would be forgotten with the header of this hop, and its bytes sent on as if they were plain.
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked')
    return 'its Transfer-Encoding is not "chunked"';
  if (coding !== undefined && req.httpVersionMinor === 0) return 'HTTP/1.0 knows no Transfer-Encoding';
  return null;
}

/** Node keeps the first of several and says nothing. */
function countOfHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count;
}
