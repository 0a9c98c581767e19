import { errors, jwtVerify, type JWTPayload } from 'jose';
import type { Exchange, Problem } from '../exchange.ts';
import type { ProxyLogger } from '../observe/observers.ts';
import type { AuthMode } from './duties-schema.ts';
import { KeysUnavailable, openKeys, type KeySource } from './keys.ts';
import type { JwtSettings } from './schema.ts';

/** What a request has to show. */
export interface Demand {
  auth: AuthMode;
  scopes: readonly string[];
}

/** Checks the token that a client shows. */
export class Tokens {
  readonly settings: JwtSettings;
  readonly #header: string;
  readonly #keys: KeySource;
  /** Headers that carry claims, each with the spellings under which an upstream might read it. */
  readonly #claimHeaders: readonly { claim: string; name: string; spellings: readonly string[] }[];

  /** Throws when the keys lie in a file that is of no use. */
  constructor(settings: JwtSettings, logger: ProxyLogger) {
    this.settings = settings;
    this.#header = settings.header.toLowerCase();
    this.#keys = openKeys(settings, logger);
    this.#claimHeaders = Object.entries(settings.forwardClaims).map(([claim, name]) => ({
      claim,
      name,
      spellings: spellingsOf(name.toLowerCase()),
    }));
  }

  close(): void {
    this.#keys.close();
  }

  /** Fills in `claims`, or `problem` when the client may not ask, and what goes upstream of it. */
  async check(exchange: Exchange, demand: Demand): Promise<void> {
    const token = demand.auth === 'none' ? null : this.#tokenOf(exchange);
    if (token !== null) await this.#verify(exchange, token, demand.scopes);
    else if (demand.auth === 'required' && !isPreflight(exchange)) exchange.problem = missing(demand.scopes);
    if (!exchange.problem) this.#forwardClaims(exchange);
  }

  /** The token; null for none, and for credentials of another kind. */
  #tokenOf({ request }: Exchange): string | null {
    const value = request.header(this.#header)?.trim();
    if (!value) return null;
    // Whoever reads the token behind the proxy may take a tab for a blank.
    const [scheme, token] = value.split(/[ \t]+/, 2);
    if (token === undefined) return this.#header === 'authorization' ? null : value;
    return scheme?.toLowerCase() === 'bearer' ? token : null;
  }

  async #verify(exchange: Exchange, token: string, scopes: readonly string[]): Promise<void> {
    const { issuer, audience, algorithms, clockToleranceSeconds } = this.settings;
    try {
      const { payload } = await jwtVerify(token, this.#keys.find, {
        issuer,
        audience,
        algorithms,
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['exp'],
      });
      exchange.claims = payload;
      const granted = scopesOf(payload);
      if (!scopes.every((scope) => granted.has(scope))) exchange.problem = insufficient(scopes);
    } catch (error) {
      exchange.problem = error instanceof KeysUnavailable ? uncheckable(error) : invalid(error);
    }
  }

  /** What a client sends under these names itself must not arrive, in any spelling that is read as the same. */
  #forwardClaims({ claims, upstreamHeaders }: Exchange): void {
    for (const { claim, name, spellings } of this.#claimHeaders) {
      for (const spelling of spellings) upstreamHeaders.push([spelling, null]);
      const value = headerValue(claims?.[claim]);
      if (value !== null) upstreamHeaders.push([name, value]);
    }
  }
}

/** A browser asks with a preflight, without credentials, whether it may ask. */
function isPreflight({ request }: Exchange): boolean {
  return request.method === 'OPTIONS' && request.header('access-control-request-method') !== undefined;
}

/** CGI and its heirs (WSGI, Rack, PHP) read `X-User_Id` and `X-User-Id` as one. */
function spellingsOf(name: string): string[] {
  return name
    .split('-')
    .reduce<string[]>(
      (starts, part) =>
        starts.length === 0 ? [part] : starts.flatMap((start) => [`${start}-${part}`, `${start}_${part}`]),
      [],
    );
}

/** A claim as a header; null for one that a header would not carry unchanged. */
function headerValue(claim: unknown): string | null {
  const text = typeof claim === 'number' || typeof claim === 'boolean' ? String(claim) : claim;
  return typeof text === 'string' && /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text) ? text : null;
}

/** `scope` by RFC 8693, or `scp` as some issuers write it; a text with blanks, or a list. */
function scopesOf({ scope, scp }: JWTPayload): ReadonlySet<unknown> {
  const granted = scope ?? scp;
  return new Set(typeof granted === 'string' ? granted.split(' ') : Array.isArray(granted) ? granted : []);
}

const NOTHING_SENT = 'Nothing was sent to any side';

function missing(scopes: readonly string[]): Problem {
  return {
    status: 401,
    title: 'A token is needed',
    detail: `${NOTHING_SENT}: this needs a token, and the request carries none.`,
    headers: challenge(scopeOf(scopes)),
  };
}

function invalid(error: unknown): Problem {
  const why = reasonOf(error);
  return {
    status: 401,
    title: 'The token is not valid',
    detail: `${NOTHING_SENT}: ${why}. Ask the issuer for a new token.`,
    headers: challenge({ error: 'invalid_token', error_description: why }),
  };
}

function insufficient(scopes: readonly string[]): Problem {
  return {
    status: 403,
    title: 'The token does not reach this far',
    detail: `${NOTHING_SENT}: the token is good, but this needs the scopes ${scopes.join(', ')}.`,
    headers: challenge({ error: 'insufficient_scope', ...scopeOf(scopes) }),
  };
}

function uncheckable({ retryAfterSeconds }: KeysUnavailable): Problem {
  return {
    status: 503,
    title: 'The token cannot be checked now',
    detail: `${NOTHING_SENT}: the keys of the token's issuer cannot be fetched. Ask again in ${retryAfterSeconds} s.`,
    retryAfterSeconds,
  };
}

/** Says what is wrong with a token, in words that hold nothing of it. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `the claim ${error.claim} of the token does not fit`;
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported)
    return 'the token is signed in a way that is not believed';
  if (error instanceof errors.JWKSNoMatchingKey) return 'the token names a key that its issuer does not have';
  if (error instanceof errors.JWKSMultipleMatchingKeys)
    return 'the token does not say which key of its issuer it means';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature of the token is wrong';
  return 'it is not a token that can be read';
}

const scopeOf = (scopes: readonly string[]): Record<string, string> =>
  scopes.length === 0 ? {} : { scope: scopes.join(' ') };

function challenge(parameters: Record<string, string>): Record<string, string> {
  const said = Object.entries(parameters).map(([name, value]) => ` ${name}="${value}"`);
  return { 'www-authenticate': `Bearer${said.join(',')}` };
}
