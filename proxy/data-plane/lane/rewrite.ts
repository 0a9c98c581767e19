import type { OutgoingHttpHeaders } from 'node:http';

/** Two names for one thing: that of the upstream, and that of the client. */
export interface ClientWords {
  address: URL;
  /** As they went to the upstream: they say how the client named it. */
  sent: OutgoingHttpHeaders;
}

const ABSOLUTE = /^((?:https?:)?)\/\/([^/?#]*)(.*)$/is;

/** The path that an upstream's url puts in front, without a slash at its end; empty for none. */
export function basePathOf(address: URL): string {
  return address.pathname.replace(/\/+$/, '');
}

/**
 * Puts the headers of an answer that lead back to the upstream into the words of the client, in place: its own
 * origin becomes the one that the client uses, and the base path of its url goes.
 */
export function putInClientWords(headers: string[], words: ClientWords): void {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]?.toLowerCase();
    const value = headers[at + 1] ?? '';
    if (name === 'location' || name === 'content-location') headers[at + 1] = locationFor(value, words);
    else if (name === 'set-cookie') headers[at + 1] = cookieFor(value, words);
  }
}

/** A Location as the client can follow it. One that leads elsewhere stays as it is. */
export function locationFor(value: string, { address, sent }: ClientWords): string {
  const base = basePathOf(address);
  const absolute = ABSOLUTE.exec(value);
  if (!absolute) return withoutBase(value, base) ?? value;
  const [, scheme = '', authority = '', path = ''] = absolute;
  const inside = withoutBase(path, base);
  if (inside === null) return value;
  const host = hostOf(scheme || address.protocol, authority);
  if (host === address.host) return originOf(sent) + inside;
  const isClients = host === hostOf(scheme || 'http:', firstOf(sent['x-forwarded-host']));
  return isClients ? `${scheme}//${authority}${inside}` : value;
}

/** A cookie as the client's browser will send it back. */
export function cookieFor(value: string, { address, sent }: ClientWords): string {
  const base = basePathOf(address);
  const host = hostNameOf(firstOf(sent['x-forwarded-host']));
  return value
    .replace(
      /(;\s*path=)([^;]*)/i,
      (_, name: string, path: string) => name + (withoutBase(path, base) ?? path),
    )
    .replace(/;\s*domain=\.?([^;]*)/i, (whole, named: string) => {
      const domain = named.trim().toLowerCase();
      if (!covers(domain, address.hostname) || covers(domain, host)) return whole;
      // A browser takes a domain without a dot, or an address, for no domain at all.
      return /[a-z].*\./i.test(host) ? `; Domain=${host}` : '';
    });
}

/** A path without the base in front; null when it lies outside of it. */
function withoutBase(path: string, base: string): string | null {
  if (!path.startsWith(base)) return null;
  const rest = path.slice(base.length);
  if (base === '' || rest.startsWith('/')) return rest;
  return /^($|[?#])/.test(rest) ? `/${rest}` : null;
}

function covers(domain: string, host: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

function originOf(sent: OutgoingHttpHeaders): string {
  const scheme = firstOf(sent['x-forwarded-proto']).toLowerCase() === 'https' ? 'https' : 'http';
  return `${scheme}://${firstOf(sent['x-forwarded-host'])}`;
}

/** What the proxy that is nearest to the client said. */
function firstOf(value: OutgoingHttpHeaders[string]): string {
  return (
    String(value ?? '')
      .split(',', 1)[0]
      ?.trim() ?? ''
  );
}

/** A host with its port unless that is the scheme's own; empty for what is none. */
function hostOf(scheme: string, authority: string): string {
  return URL.canParse(`${scheme}//${authority}`) ? new URL(`${scheme}//${authority}`).host : '';
}

function hostNameOf(authority: string): string {
  return authority.replace(/:\d*$/, '').toLowerCase();
}
