import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { DataSource } from 'typeorm';
import { violates } from '../http/database-refusal.ts';
import { conflict } from '../http/refusal.ts';

const derive = promisify<string, Buffer, number, Buffer>(scrypt);
const KEY_BYTES = 32;
const FIND = 'SELECT usr_id AS "userId", pwd_hsh AS hash FROM web_usr WHERE lower(eml) = lower($1)';

/** Makes a customer who can sign in; gives the user's id. */
export async function signUp(
  database: DataSource,
  { name, email, password }: { name: string; email: string; password: string },
): Promise<number> {
  const hash = await hashOf(password);
  try {
    return await database.transaction(async (manager) => {
      const [customer] = await manager.query<{ id: number }[]>(
        'INSERT INTO cust_mst (nm, eml) VALUES ($1, $2) RETURNING cust_id AS id',
        [name, email],
      );
      const [user] = await manager.query<{ id: number }[]>(
        'INSERT INTO web_usr (cust_id, eml, pwd_hsh) VALUES ($1, $2, $3) RETURNING usr_id AS id',
        [customer!.id, email, hash],
      );
      return user!.id;
    });
  } catch (error) {
    if (violates(error, '23505', 'web_usr_eml'))
      throw conflict(`Somebody has signed up as ${email} already.`);
    throw error;
  }
}

/** The id of the user with this address and password; null when there is none, which takes as long to find out. */
export async function userWith(
  database: DataSource,
  email: string,
  password: string,
): Promise<number | null> {
  const [user] = await database.query<{ userId: number; hash: string }[]>(FIND, [email]);
  const [salt = '', key = ''] = (user?.hash ?? 'AAAA.AAAA').split('.');
  const given = await derive(password, Buffer.from(salt, 'base64url'), KEY_BYTES);
  const kept = Buffer.from(key, 'base64url');
  const isRight = kept.length === given.length && timingSafeEqual(kept, given);
  return user && isRight ? user.userId : null;
}

async function hashOf(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, KEY_BYTES);
  return `${salt.toString('base64url')}.${key.toString('base64url')}`;
}
