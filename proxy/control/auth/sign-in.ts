import type { Request, Response } from 'express';
import type { components } from '../api.gen.ts';
import { ControlError } from '../lifecycle.ts';
import { callerOf, type Caller } from './caller.ts';
import { clearSessionCookie, readCookie, setSessionCookie } from './cookies.ts';
import { isOpen, permit, type Doors } from './authenticate.ts';
import { findToken } from './tokens.ts';

type Session = components['schemas']['Session'];

/** What pages ask about themselves. */
export class SignIn {
  readonly #doors: Doors;
  readonly #secure: boolean;

  /** @param secure whether browsers reach the page by HTTPS alone */
  constructor(doors: Doors, secure: boolean) {
    this.#doors = doors;
    this.#secure = secure;
  }

  /** Who asks, and how one may sign in. */
  session(request: Request): Session {
    return this.#describe(callerOf(request));
  }

  /** Begins a session for who has the right token. */
  async withToken(request: Request, response: Response, secret: string): Promise<Session> {
    const { attempts, tokens } = this.#doors;
    await attempts.refuseTooMany(request);
    const token = findToken(tokens, secret);
    if (!token) {
      await attempts.countWrong(request);
      throw new ControlError('unauthorized', 'The token is not the right one.');
    }
    return this.begin(request, response, await this.#doors.sessions.begin(token, token));
  }

  /** Gives a browser its session, and ends the one that it had. */
  async begin(request: Request, response: Response, caller: Caller): Promise<Session> {
    const before = readCookie(request);
    if (before !== null) await this.#doors.sessions.end(before);
    if (caller.session) {
      const { id, expiresAt } = caller.session;
      setSessionCookie(response, id, expiresAt, this.#secure);
    }
    return this.#describe(caller);
  }

  async end(request: Request, response: Response): Promise<void> {
    if (callerOf(request)) permit(request, 'viewer');
    const id = readCookie(request);
    if (id !== null) await this.#doors.sessions.end(id);
    clearSessionCookie(response, this.#secure);
  }

  #describe(caller: Caller | null): Session {
    const { tokens, oidc } = this.#doors;
    return {
      isSignedIn: caller !== null,
      name: caller?.name ?? null,
      role: caller?.role ?? null,
      by: caller?.by ?? 'nobody',
      csrfToken: caller?.session?.csrfToken ?? null,
      expiresAt: caller?.session?.expiresAt ?? null,
      ways: isOpen(this.#doors)
        ? []
        : [...(tokens.length > 0 ? ['token' as const] : []), ...(oidc ? ['oidc' as const] : [])],
    };
  }
}
