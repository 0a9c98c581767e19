import type { ControlStore } from './store.ts';

/** Who has signed in on the page. What their cookie holds is not in it, only its digest. */
export const SESSION_SCHEMA = `
CREATE TABLE IF NOT EXISTS strangler_control.session (
  digest text PRIMARY KEY, name text, role text NOT NULL, token text, csrf_token text NOT NULL,
  expires_at timestamptz NOT NULL);`;

export interface SessionRow<Role extends string> {
  digest: string;
  name: string | null;
  role: Role;
  token: string | null;
  csrfToken: string;
  /** ISO time. */
  expiresAt: string;
}

/** Sessions of pages in the control store: they outlive a restart, and hold at every control process. */
export class SessionTable<Role extends string> {
  readonly #store: ControlStore;

  constructor(store: ControlStore) {
    this.#store = store;
  }

  async keep({ digest, name, role, token, csrfToken, expiresAt }: SessionRow<Role>): Promise<void> {
    await this.#store.query('DELETE FROM strangler_control.session WHERE expires_at < clock_timestamp()');
    await this.#store.query('INSERT INTO strangler_control.session VALUES ($1, $2, $3, $4, $5, $6)', [
      ...[digest, name, role, token, csrfToken, expiresAt],
    ]);
  }

  /** One that has not expired. */
  async find(digest: string): Promise<SessionRow<Role> | null> {
    const [row] = await this.#store.query<Omit<SessionRow<Role>, 'csrfToken' | 'expiresAt'> & Row>(
      `SELECT digest, name, role, token, csrf_token, expires_at FROM strangler_control.session
       WHERE digest = $1 AND expires_at > clock_timestamp()`,
      [digest],
    );
    if (!row) return null;
    const { csrf_token: csrfToken, expires_at: expiresAt, ...rest } = row;
    return { ...rest, csrfToken, expiresAt: expiresAt.toISOString() };
  }

  async forget(digest: string): Promise<void> {
    await this.#store.query('DELETE FROM strangler_control.session WHERE digest = $1', [digest]);
  }
}

interface Row {
  csrf_token: string;
  expires_at: Date;
}
