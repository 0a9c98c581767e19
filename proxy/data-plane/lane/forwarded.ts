import { BlockList, isIP, isIPv6 } from 'node:net';

/** Where a request came from, as this proxy sees it. */
export interface Origin {
  /** Address of the peer. */
  peer: string;
  /** Value of the Host header. */
  host: string;
  protocol: 'http' | 'https';
}

type Headers = Record<string, string | string[] | undefined>;

/** The peers whose word about the client is believed. */
export class TrustedProxies {
  readonly #list = new BlockList();
  readonly #none: boolean;

  constructor(cidrs: readonly string[]) {
    this.#none = cidrs.length === 0;
    for (const cidr of cidrs) {
      const [network = '', prefix = ''] = cidr.split('/');
      this.#list.addSubnet(network, Number(prefix), family(network));
    }
  }

  includes(peer: string): boolean {
    if (this.#none) return false;
    const address = plainAddress(peer);
    return this.#list.check(address, family(address));
  }
}

/**
 * Puts the forwarding headers of a request in order, in place. What an untrusted peer claims is dropped, every
 * `X-Forwarded-…` of it; what a trusted one claims is kept and this hop is added to it.
 */
export function setForwarded(headers: Headers, origin: Origin, trusted: boolean): void {
  if (!trusted) dropClaims(headers);
  const peer = plainAddress(origin.peer);
  headers['x-forwarded-for'] = appended(headers['x-forwarded-for'], peer);
  headers['x-forwarded-proto'] ??= origin.protocol;
  headers['x-forwarded-host'] ??= origin.host;
  headers['x-forwarded-port'] ??= portOf(origin);
  headers['forwarded'] = appended(headers['forwarded'], forwardedElement(peer, origin));
}

/** An IPv4 address that a dual-stack socket shows as IPv6, as IPv4. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** The scheme that the client used, as far as it can be believed. */
export function clientProtocol(header: string | undefined, trusted: boolean): 'http' | 'https' {
  return trusted && header?.split(',', 1)[0]?.trim().toLowerCase() === 'https' ? 'https' : 'http';
}

/**
 * The client's address, as far as it can be believed: from the right, the first one in X-Forwarded-For that is no
 * trusted proxy itself.
 */
export function clientAddress(peer: string, header: string | undefined, trusted: TrustedProxies): string {
  let address = plainAddress(peer);
  if (header === undefined || !trusted.includes(address)) return address;
  for (const named of header.split(',').reverse()) {
    const next = named.trim();
    if (isIP(next) === 0) return address;
    address = plainAddress(next);
    if (!trusted.includes(address)) return address;
  }
  return address;
}

/** Says where a request came from. CGI and its heirs (WSGI, Rack, PHP) read `X_Forwarded_For` as `X-Forwarded-For`. */
export function isClaim(name: string): boolean {
  return /^(forwarded|x[-_]real[-_]ip|x[-_]forwarded[-_].*)$/.test(name);
}

function dropClaims(headers: Headers): void {
  for (const name in headers) {
    // A key that holds undefined would be sent as the text "undefined".
    if (isClaim(name)) delete headers[name];
  }
}

function appended(before: string | string[] | undefined, value: string): string {
  const list = Array.isArray(before) ? before.join(', ') : before;
  return list === undefined || list.trim() === '' ? value : `${list}, ${value}`;
}

function forwardedElement(peer: string, origin: Origin): string {
  const node = isIPv6(peer) ? `"[${peer}]"` : peer;
  return `for=${node};host="${origin.host.replace(/["\\]/g, '')}";proto=${origin.protocol}`;
}

function portOf(origin: Origin): string {
  return /:(\d{1,5})$/.exec(origin.host)?.[1] ?? (origin.protocol === 'https' ? '443' : '80');
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
