import type { Request } from 'express';
import type { DataSource } from 'typeorm';
import { readSession, type Session, type User } from './session.ts';

/** Only who is signed in may see this page. */
export class SignInFirst extends Error {}

/** @throws SignInFirst when nobody is signed in */
export async function requireUser(database: DataSource, request: Request): Promise<Session & { user: User }> {
  const session = await readSession(database, request);
  if (!session?.user) throw new SignInFirst();
  return { ...session, user: session.user };
}
