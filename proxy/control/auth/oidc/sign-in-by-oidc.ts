import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { ControlError } from '../../lifecycle.ts';
import { readCookie } from '../cookies.ts';
import type { Sessions } from '../sessions.ts';
import type { SignIn } from '../sign-in.ts';
import type { Oidc } from './oidc.ts';

const COOKIE = 'strangler_sign_in';
const PATH = '/v1/session/oidc';
const MINUTES = 10;

/** Signing in on the page by an OIDC provider: two redirects, and a cookie that ties them together. */
export class SignInByOidc {
  readonly #oidc: Oidc | null;
  readonly #sessions: Sessions;
  readonly #signIn: SignIn;
  readonly #secure: boolean;
  readonly #logger: Logger;

  constructor(
    oidc: Oidc | null,
    {
      sessions,
      signIn,
      secure,
      logger,
    }: { sessions: Sessions; signIn: SignIn; secure: boolean; logger: Logger },
  ) {
    this.#oidc = oidc;
    this.#sessions = sessions;
    this.#signIn = signIn;
    this.#secure = secure;
    this.#logger = logger;
  }

  /** Ends on the page when the provider is away: a person is looking at it. */
  async begin(response: Response): Promise<void> {
    const begun = await this.#provider()
      .begin()
      .catch((error: unknown) => {
        this.#logger.warn({ err: error }, 'a sign-in by the OIDC provider could not begin');
        return null;
      });
    if (!begun) return response.redirect(302, '/?sign-in=away');
    const { url, secret } = begun;
    // Lax: the browser comes back from another site, and a strict cookie would not come along.
    const options = { httpOnly: true, sameSite: 'lax', secure: this.#secure, path: PATH } as const;
    response.cookie(COOKIE, secret, { ...options, maxAge: MINUTES * 60_000 });
    response.redirect(302, url);
  }

  /** Ends on the page, signed in or not: a person is looking at it. */
  async finish(request: Request, response: Response): Promise<void> {
    const oidc = this.#provider();
    const secret = readCookie(request, COOKIE);
    response.clearCookie(COOKIE, { path: PATH });
    if (secret === null) return response.redirect(302, '/?sign-in=failed');
    const query = request.originalUrl.slice(request.path.length);
    const who = await oidc.finish(query, secret).catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'a sign-in by the OIDC provider failed');
      return 'failed' as const;
    });
    if (who === 'failed') return response.redirect(302, '/?sign-in=failed');
    if (who === null) return response.redirect(302, '/?sign-in=refused');
    await this.#signIn.begin(request, response, await this.#sessions.begin(who, null));
    response.redirect(302, '/');
  }

  #provider(): Oidc {
    if (this.#oidc) return this.#oidc;
    throw new ControlError('unknown-path', 'No OIDC provider is configured; sign in with a token.');
  }
}
