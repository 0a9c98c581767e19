import type pg from 'pg';
import type { Database, Writer } from '../database.ts';
import { query } from './connect.ts';
import { tableIdent } from './identifiers.ts';
import { refusedWrites } from './refused.ts';

/** Locks that only who changes rows, or the whole table, takes. */
const OF_WRITERS = `'RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'`;

/** How to find who writes where no proxy is: before the fence, and at it. */
export const strayLooksOf = (
  pool: pg.Pool,
  label: string,
): Pick<Database, 'writersOf' | 'refusedWrites'> => ({
  writersOf: (tables) => writersOf(pool, label, tables),
  refusedWrites: (migration) => refusedWrites(pool, label, migration),
});

/** Whose transactions hold a lock for writing on one of the tables at this moment; ours have a name of their own. */
function writersOf(pool: pg.Pool, label: string, tables: readonly string[]): Promise<Writer[]> {
  return query<{ user: string; application: string }>(
    pool,
    label,
    `SELECT DISTINCT coalesce(a.usename, '') AS user, coalesce(a.application_name, '') AS application
     FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'relation' AND l.granted AND l.mode IN (${OF_WRITERS})
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND l.relation = ANY (SELECT to_regclass(name) FROM unnest($1::text[]) AS name)
       AND a.backend_type = 'client backend' AND a.application_name <> 'strangler'`,
    [tables.map(tableIdent)],
  );
}
