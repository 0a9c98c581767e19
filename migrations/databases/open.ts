import type { Database } from './database.ts';
import { DatabaseError } from './errors.ts';
import { openMySql } from './mysql/mysql.ts';
import { openPostgres } from './postgres/postgres.ts';

/** What begins the URL of a database that takes part. */
export const DATABASE_URL = /^(postgres(ql)?|mysql|mariadb):\/\//;

/**
 * Opens a database by its URL. Nothing is connected before it is needed.
 *
 * @param label how messages call it, e.g. `monolith`
 */
export function openDatabase(url: string, label: string): Database {
  if (/^postgres(ql)?:/.test(url)) return openPostgres(url, label);
  if (/^(mysql|mariadb):/.test(url)) return openMySql(url, label);
  throw new DatabaseError(`${label}: no such kind of database as in the URL "${url.split(':')[0]}:…"`);
}
