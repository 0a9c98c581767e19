import type pg from 'pg';
import { query } from './connect.ts';
import { ident, literal } from './identifiers.ts';

/**
 * What counts the writes that the fence of a migration refused. A refused transaction leaves no row anywhere; a
 * sequence keeps its place all the same. `refuse_write` knows it by this name.
 */
const sequenceOf = (migration: string): string => `refused ${migration}`;

/** Creates the count, or keeps the one that is there. */
export const createCountSql = (migration: string): string =>
  `CREATE SEQUENCE IF NOT EXISTS strangler.${ident(sequenceOf(migration))}`;

/** Removes the count. */
export const dropCountSql = (migration: string): string =>
  `DROP SEQUENCE IF EXISTS strangler.${ident(sequenceOf(migration))}`;

/** How many statements the fence has refused since the sync began; null when nobody counts. */
export async function refusedWrites(pool: pg.Pool, label: string, migration: string): Promise<number | null> {
  const [row] = await query<{ count: string }>(
    pool,
    label,
    `SELECT coalesce(last_value, 0)::text AS count FROM pg_sequences
     WHERE schemaname = 'strangler' AND sequencename = ${literal(sequenceOf(migration))}`,
  );
  return row ? Number(row.count) : null;
}
