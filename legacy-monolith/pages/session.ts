import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { readBody } from '../http/input.ts';
import { Refusal } from '../http/refusal.ts';

export interface User {
  userId: number;
  customerId: number;
  name: string;
  cartId: number | null;
}

export interface Session {
  /** Goes with every form, so that no other site can send one in a visitor's name. */
  csrf: string;
  /** Null until somebody signs in. */
  user: User | null;
}

const COOKIE = 'shop_session';
const DAY_MS = 86_400_000;

const FIND = `
  SELECT s.csrf_tok AS csrf, u.usr_id AS "userId", u.cust_id AS "customerId", c.nm AS name, u.cart_id AS "cartId"
    FROM web_sess s LEFT JOIN web_usr u USING (usr_id) LEFT JOIN cust_mst c USING (cust_id)
   WHERE s.sess_dgst = $1 AND s.exp_dt > now()`;
const FORGET_OLD = 'DELETE FROM web_sess WHERE exp_dt < now() OR sess_dgst = $1';
const KEEP = `
  INSERT INTO web_sess (sess_dgst, usr_id, csrf_tok, exp_dt) VALUES ($1, $2, $3, now() + interval '1 day')`;

/** The session that the request's cookie names; null without one, and once it is a day old. */
export async function readSession(database: DataSource, request: Request): Promise<Session | null> {
  const id = idIn(request);
  if (id === null) return null;
  const [row] = await database.query<(User & { csrf: string })[]>(FIND, [digest(id)]);
  if (!row) return null;
  const { csrf, ...user } = row;
  return { csrf, user: user.userId === null ? null : user };
}

/**
 * Begins a session and gives the browser its cookie; what there was before ends. Signing in always begins a new one: nobody
 * can have known its id before.
 */
export async function beginSession(
  database: DataSource,
  request: Request,
  response: Response,
  userId: number | null,
): Promise<Session> {
  const [id, csrf] = [randomBytes(32).toString('base64url'), randomBytes(24).toString('base64url')];
  await database.query(FORGET_OLD, [digest(idIn(request) ?? '')]);
  await database.query(KEEP, [digest(id), userId, csrf]);
  response.cookie(COOKIE, id, { ...cookieOf(request), maxAge: DAY_MS });
  return { csrf, user: null };
}

/** Ends the session, in the database and in the browser. */
export async function endSession(database: DataSource, request: Request, response: Response): Promise<void> {
  await database.query(FORGET_OLD, [digest(idIn(request) ?? '')]);
  response.clearCookie(COOKIE, cookieOf(request));
}

/**
 * Gives the session back that the form was made for.
 *
 * @throws Refusal 403 when it was made for another one, or by another site
 */
export function requireOwnForm<Own extends Session>(request: Request, session: Own | null): Own {
  const { csrf } = readBody(request, z.object({ csrf: z.string().max(200).default('') }));
  // Digests are of one length, whatever was sent.
  if (!session || !timingSafeEqual(Buffer.from(digest(csrf)), Buffer.from(digest(session.csrf)))) {
    throw new Refusal(
      403,
      'foreign_form',
      'This form is too old. Go back, load the page anew, and try again.',
    );
  }
  return session;
}

const cookieOf = (request: Request) =>
  ({ httpOnly: true, sameSite: 'lax', path: '/shop', secure: request.secure }) as const;

function idIn(request: Request): string | null {
  const cookies = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return cookies.find(([name]) => name === COOKIE)?.[1] ?? null;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
