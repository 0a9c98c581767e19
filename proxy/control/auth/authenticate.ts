import type { Request, RequestHandler } from 'express';
import { timingSafeEqual } from 'node:crypto';
import { ControlError } from '../lifecycle.ts';
import { callerOf, LOOPBACK, mayDo, noteCaller, type Caller, type Role } from './caller.ts';
import { readCookie } from './cookies.ts';
import type { AttemptLimit } from './limit-attempts.ts';
import type { Oidc } from './oidc/oidc.ts';
import type { Sessions } from './sessions.ts';
import { findToken, type Token } from './tokens.ts';

export interface Doors {
  tokens: readonly Token[];
  sessions: Sessions;
  attempts: AttemptLimit;
  /** Null where none is configured. */
  oidc: Oidc | null;
}

/** Whether anybody who reaches the port may do everything. */
export const isOpen = ({ tokens, oidc }: Doors): boolean => tokens.length === 0 && oidc === null;

/**
 * Finds out who asks: by the token that the request carries, else by the page's session. Whoever carries a wrong token
 * is refused here; who carries nothing, later and only where somebody has to be known.
 */
export function authenticate(doors: Doors): RequestHandler {
  return async (request, _response, next) => {
    const caller = isOpen(doors) ? LOOPBACK : await identify(request, doors);
    if (caller) noteCaller(request, caller);
    next();
  };
}

/** What changes something needs who may, and a page's session its own page. */
export function permit(request: Request, needed: Role): void {
  const caller = callerOf(request);
  if (!caller)
    throw new ControlError(
      'unauthorized',
      'Set STRANGLER_TOKEN, or send `authorization: Bearer <token>`; on the page, sign in.',
    );
  if (!mayDo(caller.role, needed))
    throw new ControlError(
      'not-permitted',
      `${caller.name ?? 'This token'} may look, and not change anything.`,
    );
  refuseWithoutCsrfToken(request, caller);
}

/** Whether who was let in before still is: a session may have ended while a stream went on. */
export async function isStillWelcome({ sessions }: Doors, request: Request): Promise<boolean> {
  const session = callerOf(request)?.session ?? null;
  return session === null || (await sessions.find(session.id)) !== null;
}

async function identify(request: Request, doors: Doors): Promise<Caller | null> {
  const header = request.get('authorization');
  if (header === undefined) {
    const id = readCookie(request);
    return id === null ? null : doors.sessions.find(id);
  }
  await doors.attempts.refuseTooMany(request);
  const secret = /^bearer +(.*)$/i.exec(header)?.[1] ?? '';
  const caller = await callerWith(secret, doors);
  if (caller) return caller;
  await doors.attempts.countWrong(request);
  throw new ControlError(
    'unauthorized',
    'The token is not the right one; send `authorization: Bearer <token>`.',
  );
}

async function callerWith(secret: string, { tokens, oidc }: Doors): Promise<Caller | null> {
  const token = findToken(tokens, secret);
  if (token) return { name: token.name, role: token.role, by: 'token', session: null };
  return oidc ? oidc.verify(secret) : null;
}

/** A browser adds the cookie to whatever is sent; only our page knows this token. */
function refuseWithoutCsrfToken(request: Request, { session }: Caller): void {
  if (!session || request.method === 'GET' || request.method === 'HEAD') return;
  const given = Buffer.from(request.get('x-strangler-csrf') ?? '');
  const wanted = Buffer.from(session.csrfToken);
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  throw new ControlError(
    'forbidden',
    'A page has to send the `csrfToken` of its session as `x-strangler-csrf`; reload the page.',
  );
}
