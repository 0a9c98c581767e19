import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import * as client from 'openid-client';
import type { Logger } from 'pino';
import { ControlError } from '../../lifecycle.ts';
import { isLoopback } from '../../listen.ts';
import type { Caller, Role } from '../caller.ts';
import { callerOfClaims, type ClaimRules } from './role-of-claims.ts';

export interface OidcSettings extends ClaimRules {
  issuer: string;
  clientId: string;
  /** Null for a public client, which PKCE protects alone. */
  clientSecret: string | null;
  scopes: string;
  /** Of the JWTs that machines bring. */
  audience: string;
  /** Where the provider sends browsers back to. */
  redirectUrl: string;
}

/** What signing in by an OIDC provider needs of it. */
export interface Oidc {
  /** Where to send the browser, and what it has to bring back in a cookie. */
  begin(): Promise<{ url: string; secret: string }>;
  /** Who came back; null for one with no role here. Throws when the provider does not vouch for anybody. */
  finish(query: string, secret: string): Promise<{ name: string; role: Role } | null>;
  /** Who brings a JWT; null when it is none of the provider's. */
  verify(token: string): Promise<Caller | null>;
}

/** Symmetric ones are not among them: the key would be known to who has to check it. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

interface Found {
  configuration: client.Configuration;
  keys: JWTVerifyGetKey;
}

/** Authorization code with PKCE for the page, and JWTs for machines. The provider is looked up when it is first needed. */
export class OidcProvider implements Oidc {
  readonly #settings: OidcSettings;
  readonly #logger: Logger;
  #found: Promise<Found> | null = null;

  constructor(settings: OidcSettings, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
  }

  async begin(): Promise<{ url: string; secret: string }> {
    const { configuration } = await this.#provider();
    const [verifier, state, nonce] = [
      client.randomPKCECodeVerifier(),
      client.randomState(),
      client.randomNonce(),
    ];
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: this.#settings.redirectUrl,
      scope: this.#settings.scopes,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    return { url: url.href, secret: [state, nonce, verifier].join('.') };
  }

  async finish(query: string, secret: string): Promise<{ name: string; role: Role } | null> {
    const { configuration } = await this.#provider();
    const [expectedState = '', expectedNonce = '', pkceCodeVerifier = ''] = secret.split('.');
    const tokens = await client.authorizationCodeGrant(
      configuration,
      new URL(`${this.#settings.redirectUrl}${query}`),
      { expectedState, expectedNonce, pkceCodeVerifier, idTokenExpected: true },
    );
    const claims = tokens.claims();
    return claims ? callerOfClaims(claims, this.#settings) : null;
  }

  async verify(token: string): Promise<Caller | null> {
    if (token.split('.').length !== 3) return null;
    const { keys } = await this.#provider();
    const { issuer, audience } = this.#settings;
    try {
      const { payload } = await jwtVerify(token, keys, {
        ...{ issuer: [issuer, issuer.replace(/\/$/, '')], audience, algorithms: ALGORITHMS },
        requiredClaims: ['exp'],
      });
      const caller = callerOfClaims(payload, this.#settings);
      if (!caller)
        throw new ControlError('not-permitted', 'The JWT is right, and its claims give no role here.');
      return { ...caller, by: 'token', session: null };
    } catch (error) {
      if (error instanceof ControlError) throw error;
      // Old ones are no guesses.
      if (error instanceof errors.JWTExpired)
        throw new ControlError('unauthorized', 'The JWT has expired; get a new one.');
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError))
        throw this.#away(error);
      return null;
    }
  }

  #provider(): Promise<Found> {
    this.#found ??= this.#discover().catch((error: unknown) => {
      this.#found = null;
      throw this.#away(error);
    });
    return this.#found;
  }

  async #discover(): Promise<Found> {
    const { issuer, clientId, clientSecret } = this.#settings;
    const url = new URL(issuer);
    const authentication = clientSecret === null ? client.None() : client.ClientSecretBasic(clientSecret);
    const configuration = await client.discovery(url, clientId, undefined, authentication, {
      ...(isLoopback(url.hostname) ? { execute: [client.allowInsecureRequests] } : {}),
      timeout: 10,
    });
    const { jwks_uri: keys } = configuration.serverMetadata();
    if (keys === undefined) throw new Error(`the provider at ${issuer} shows no keys (jwks_uri)`);
    return { configuration, keys: createRemoteJWKSet(new URL(keys)) };
  }

  #away(error: unknown): ControlError {
    this.#logger.warn({ err: error, issuer: this.#settings.issuer }, 'the OIDC provider cannot be asked');
    return new ControlError(
      'unreachable',
      `The OIDC provider at ${this.#settings.issuer} cannot be asked now; the control API's log says why.`,
    );
  }
}
