import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Exchange } from '../exchange.ts';
import type { RateLimitSettings } from './schema.ts';

// What a client chooses must not decide how much is remembered of it.
const LONGEST_KEY = 64;

/** Who a request is counted for. A name in a header or claim can never be taken for an address. */
export function clientKey(exchange: Exchange, by: RateLimitSettings['by']): string {
  const name = by === 'address' ? undefined : nameIn(exchange, by);
  if (name === undefined) return networkOf(exchange.request.client);
  return `=${name.length > LONGEST_KEY ? createHash('sha256').update(name).digest('base64') : name}`;
}

function nameIn({ request, claims }: Exchange, by: { header: string } | { jwt: string }): string | undefined {
  if ('header' in by) return request.header(by.header.toLowerCase());
  const claim = claims?.[by.jwt];
  return typeof claim === 'string' || typeof claim === 'number' ? String(claim) : undefined;
}

/** An IPv4 address; or the network of an IPv6 one, within which a client takes a new address whenever it likes. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [before = '', after] = address.split('::');
  const groups = before === '' ? [] : before.split(':');
  if (after !== undefined) {
    const rest = after === '' ? [] : after.split(':');
    while (groups.length + rest.length < 8) groups.push('0');
  }
  return `${[0, 1, 2, 3].map((at) => parseInt(groups[at] ?? '0', 16).toString(16)).join(':')}::/64`;
}
