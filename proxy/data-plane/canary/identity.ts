import { randomBytes } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { Exchange } from '../exchange.ts';
import { readCookie, setCookie } from './cookies.ts';
import type { CanarySettings } from './schema.ts';
import type { Signer } from './signer.ts';

const LONGEST = 256;
const LONGEST_KNOWN = 512;
const MOST_KNOWN = 10_000;

/** Knows who a client is, by what it says or by the cookie that it was given. */
export class Identities {
  readonly #signer: Signer;
  #settings: CanarySettings;
  /** Whose cookies they were: most clients send the same again and again. */
  readonly #known = new Map<string, string | null>();

  constructor(signer: Signer, settings: CanarySettings) {
    this.#signer = signer;
    this.#settings = settings;
  }

  configure(settings: CanarySettings): void {
    this.#settings = settings;
    this.#known.clear();
  }

  /** The id of the client. One without any gets one with its answer, and keeps it while the exchange runs. */
  of(exchange: Exchange): string {
    return (exchange.clientId ??= this.said(exchange) ?? this.given(exchange) ?? this.#give(exchange));
  }

  /** What the client says by the header or claim that the configuration names; null for nothing. */
  said(exchange: Exchange): string | null {
    const { by } = this.#settings;
    if (by === 'cookie') return null;
    const value = 'header' in by ? exchange.request.header(by.header) : claimOf(exchange, by.jwt);
    return value === undefined || value === '' || value.length > LONGEST ? null : value;
  }

  /** The id that a proxy once gave to this client; null for none and for anything that none can have given. */
  given({ request }: Exchange): string | null {
    const header = request.header('cookie');
    if (header === undefined) return null;
    const known = this.#known.get(header);
    return known === undefined ? this.#read(header) : known;
  }

  #read(header: string): string | null {
    const signed = readCookie(header, this.#settings.cookie);
    const id = signed === null ? null : this.#signer.verify(signed);
    if (header.length > LONGEST_KNOWN) return id;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(header, id);
    return id;
  }

  #give({ request, answerHeaders }: Exchange): string {
    const { cookie, maxAgeSeconds } = this.#settings;
    const id = freshId();
    const value = setCookie(cookie, this.#signer.sign(id), maxAgeSeconds, request.isSecure);
    answerHeaders.push(['Set-Cookie', value]);
    return id;
  }
}

/** A random id that tells nothing about the client. */
export function freshId(): string {
  return randomBytes(12).toString('base64url');
}

/**
 * A claim of the client's token. Where nobody has verified the token, it is taken at its word: it only chooses an
 * arm, and whoever forges one to choose is refused by the application.
 */
function claimOf({ claims, request }: Exchange, name: string): string | undefined {
  const value = (claims ?? unverifiedClaims(request.header('authorization')))[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function unverifiedClaims(authorization: string | undefined): Readonly<Record<string, unknown>> {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return {};
  try {
    return decodeJwt(token);
  } catch {
    return {};
  }
}
