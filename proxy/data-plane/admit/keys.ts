import { createLocalJWKSet, createRemoteJWKSet, errors, jwksCache } from 'jose';
import type { ExportedJWKSCache, JSONWebKeySet, JWKSCacheInput, JWTVerifyGetKey, RemoteJWKSet } from 'jose';
import type { ProxyLogger } from '../observe/observers.ts';
import { FileBacked } from '../tls/file-backed.ts';
import type { JwtSettings } from './schema.ts';

/** Where the keys come from that tokens are verified by. */
export interface KeySource {
  /** Finds the key that a token names. A `KeysUnavailable` is not the token's fault; any other error is. */
  find: JWTVerifyGetKey;
  close(): void;
}

/** Nobody can say now whether a token is good. */
export class KeysUnavailable extends Error {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number, options?: ErrorOptions) {
    super('The keys of the token issuer are not available.', options);
    this.name = 'KeysUnavailable';
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Opens the keys at a URL or in a file; throws when the file is of no use. */
export function openKeys(settings: JwtSettings, logger: ProxyLogger): KeySource {
  return /^https?:\/\//.test(settings.jwks)
    ? new RemoteKeys(settings, logger)
    : keysInFile(settings.jwks, logger);
}

function keysInFile(file: string, logger: ProxyLogger): KeySource {
  const keys = new FileBacked({
    files: [file],
    make: ([content]) => createLocalJWKSet(publicKeys(String(content))),
    changed: () => logger.info({ file }, 'tokens are verified by the new keys'),
    refused: (error) => logger.warn({ file, error }, 'the new keys are of no use; those before stay'),
  });
  return { find: (header, token) => keys.current(header, token), close: () => keys.close() };
}

/** The proxy only verifies: whoever reads a private key out of it could issue tokens. */
function publicKeys(text: string): JSONWebKeySet {
  const { keys } = JSON.parse(text) as Partial<JSONWebKeySet>;
  if (!Array.isArray(keys) || keys.length === 0)
    throw new Error('A JSON Web Key Set has a list "keys" with keys in it.');
  const isPrivate = keys.some((key) => 'd' in key || 'k' in key);
  if (isPrivate)
    throw new Error('The JSON Web Key Set holds private or symmetric keys; give it the public ones only.');
  return { keys };
}

// A fetch that failed is not tried again by every request that comes meanwhile.
const REST_SECONDS = 5;

/** Keys at a URL. jose fetches and keeps them; here stands what happens when that takes long or fails. */
class RemoteKeys implements KeySource {
  readonly #settings: JwtSettings;
  readonly #logger: ProxyLogger;
  /** Filled in by the library with each fetch. */
  readonly #cache: Partial<ExportedJWKSCache> = {};
  readonly #remote: RemoteJWKSet;
  #known: { jwks: JSONWebKeySet; find: JWTVerifyGetKey } | null = null;
  #failedAt = 0;

  constructor(settings: JwtSettings, logger: ProxyLogger) {
    this.#settings = settings;
    this.#logger = logger;
    this.#remote = createRemoteJWKSet(new URL(settings.jwks), {
      cacheMaxAge: settings.cacheSeconds * 1000,
      cooldownDuration: settings.cooldownSeconds * 1000,
      timeoutDuration: settings.timeoutMs,
      [jwksCache]: this.#cache as JWKSCacheInput,
    });
  }

  find: JWTVerifyGetKey = async (header, token) => {
    // Old keys are fetched again beside the request, not before it.
    const known = this.#remote.fresh ? null : await this.#findAmongKnown(header, token);
    if (known) {
      this.#refresh();
      return known;
    }
    try {
      if (!this.#isResting()) return await this.#remote(header, token);
    } catch (error) {
      if (isOfToken(error)) throw error;
      this.#failed(error);
    }
    const key = await this.#findAmongKnown(header, token);
    if (!key) throw new KeysUnavailable(REST_SECONDS);
    return key;
  };

  close(): void {
    // The library keeps neither timers nor connections.
  }

  #refresh(): void {
    if (!this.#isResting() && !this.#remote.reloading)
      this.#remote.reload().catch((error) => this.#failed(error));
  }

  #isResting(): boolean {
    const rest = Math.min(REST_SECONDS, this.#settings.cooldownSeconds) * 1000;
    return Date.now() < this.#failedAt + rest;
  }

  #failed(error: unknown): void {
    if (this.#failedAt <= (this.#cache.uat ?? 0)) {
      this.#logger.warn(
        { error },
        'the keys of the token issuer cannot be fetched; known ones serve for a while',
      );
    }
    this.#failedAt = Date.now();
  }

  /** The key, if it is among those fetched last and they are not too old to be believed. */
  async #findAmongKnown(...[header, token]: Parameters<JWTVerifyGetKey>): Promise<FoundKey | null> {
    const { jwks, uat = 0 } = this.#cache;
    const { cacheSeconds, staleSeconds } = this.#settings;
    if (!jwks || Date.now() >= uat + (cacheSeconds + staleSeconds) * 1000) return null;
    if (this.#known?.jwks !== jwks) this.#known = { jwks, find: createLocalJWKSet(jwks) };
    try {
      return await this.#known.find(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return null;
      throw error;
    }
  }
}

type FoundKey = Awaited<ReturnType<JWTVerifyGetKey>>;

/** The keys were there, and the token does not fit them. */
function isOfToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}
