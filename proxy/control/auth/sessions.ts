import { createHash, randomBytes } from 'node:crypto';
import type { Caller, CallerSession, Role } from './caller.ts';
import { fingerprintOf, type Token } from './tokens.ts';

/** What is kept of a page's session. What the cookie holds is not: who reads the store cannot use it. */
export interface KeptSession {
  /** Digest of what the cookie holds. */
  digest: string;
  name: string | null;
  role: Role;
  /** The token that it came from, as `fingerprintOf` writes it; null when an OIDC provider vouched for it. */
  token: string | null;
  csrfToken: string;
  /** ISO time. */
  expiresAt: string;
}

/** Where sessions are kept, so that they outlive a restart and hold at every control process. */
export interface SessionStore {
  keep(session: KeptSession): Promise<void>;
  /** One that has not expired. */
  find(digest: string): Promise<KeptSession | null>;
  forget(digest: string): Promise<void>;
}

const LIFETIME_MS = 12 * 60 * 60 * 1000;

/** The sessions of pages. */
export class Sessions {
  readonly #store: SessionStore;
  readonly #tokens: readonly Token[];
  readonly #takesOidc: boolean;

  constructor(store: SessionStore, tokens: readonly Token[], takesOidc: boolean) {
    this.#store = store;
    this.#tokens = tokens;
    this.#takesOidc = takesOidc;
  }

  /** Begins a session for who has shown a token, or whom an OIDC provider vouched for. */
  async begin(who: { name: string | null; role: Role }, token: Token | null): Promise<Caller> {
    const session: CallerSession = {
      id: randomBytes(32).toString('base64url'),
      csrfToken: randomBytes(32).toString('base64url'),
      expiresAt: new Date(Date.now() + LIFETIME_MS).toISOString(),
    };
    const { csrfToken, expiresAt } = session;
    await this.#store.keep({
      ...{ digest: digestOf(session.id), name: who.name, role: who.role },
      ...{ token: token && fingerprintOf(token), csrfToken, expiresAt },
    });
    return { name: who.name, role: who.role, by: 'session', session };
  }

  /** Whose session this is; null when it is over. A token that is not taken any more ends its sessions. */
  async find(id: string): Promise<Caller | null> {
    const kept = await this.#store.find(digestOf(id));
    if (!kept) return null;
    const { name, role, csrfToken, expiresAt } = kept;
    const session = { id, csrfToken, expiresAt };
    if (kept.token === null) return this.#takesOidc ? { name, role, by: 'session', session } : null;
    const token = this.#tokens.find((one) => fingerprintOf(one) === kept.token);
    return token ? { name: token.name, role: token.role, by: 'session', session } : null;
  }

  end(id: string): Promise<void> {
    return this.#store.forget(digestOf(id));
  }
}

/** Sessions of one process, for where nothing needs to outlive it. */
export class MemorySessions implements SessionStore {
  readonly #kept = new Map<string, KeptSession>();

  async keep(session: KeptSession): Promise<void> {
    this.#kept.set(session.digest, session);
  }

  async find(digest: string): Promise<KeptSession | null> {
    const found = this.#kept.get(digest);
    return found && Date.parse(found.expiresAt) > Date.now() ? found : null;
  }

  async forget(digest: string): Promise<void> {
    this.#kept.delete(digest);
  }
}

function digestOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}
