import type { Request } from 'express';

/** A viewer looks; an operator moves, too. */
export type Role = 'viewer' | 'operator';

export const ROLES = ['viewer', 'operator'] as const satisfies Role[];

/** Who asks the control API. */
export interface Caller {
  /** Null for who has no name of their own: everybody on loopback, and who shares one token without a name. */
  name: string | null;
  role: Role;
  by: 'loopback' | 'token' | 'session';
  /** Of a page's session; null for everybody else. */
  session: CallerSession | null;
}

export interface CallerSession {
  /** What the cookie holds. */
  id: string;
  csrfToken: string;
  /** ISO time. */
  expiresAt: string;
}

/** Everybody who reaches a port of this machine alone, where no token is asked for. */
export const LOOPBACK: Caller = { name: null, role: 'operator', by: 'loopback', session: null };

const callers = new WeakMap<Request, Caller>();

/** Remembers who asks, for whoever handles the request later. */
export function noteCaller(request: Request, caller: Caller): void {
  callers.set(request, caller);
}

/** Who asks; null when nobody said so. */
export function callerOf(request: Request): Caller | null {
  return callers.get(request) ?? null;
}

export function mayDo(role: Role, needed: Role): boolean {
  return role === 'operator' || needed === 'viewer';
}

/** Whether a name may stand in the journal, for ever: nothing that could garble a terminal gets in. */
export function isName(name: string): boolean {
  return /^[\x20-\x7e]{1,100}$/.test(name);
}
