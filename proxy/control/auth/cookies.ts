import type { CookieOptions, Request, Response } from 'express';

const SESSION = 'strangler_session';

/** What a cookie of the request holds; null when it has none of this name. */
export function readCookie(request: Request, name: string = SESSION): string | null {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return null;
}

/** The page's own cookie: no script reads it, and no other site's page sends it. */
export function setSessionCookie(response: Response, id: string, expiresAt: string, secure: boolean): void {
  response.cookie(SESSION, id, { ...options(secure), expires: new Date(expiresAt) });
}

export function clearSessionCookie(response: Response, secure: boolean): void {
  response.clearCookie(SESSION, options(secure));
}

const options = (secure: boolean): CookieOptions => ({
  httpOnly: true,
  sameSite: 'strict',
  path: '/',
  secure,
});
