import type pg from 'pg';
import type { Database } from '../database.ts';
import { query, transaction } from './connect.ts';
import { literal, tableIdent } from './identifiers.ts';

const GUARD = 'strangler_retired';

/**
 * What is left on a retired table when somebody wants it: no write gets in by accident. What the sync still carries
 * until it is told to end passes.
 */
const triggerSql = (table: string, words: string): string => `
DROP TRIGGER IF EXISTS ${GUARD} ON ${tableIdent(table)};
CREATE TRIGGER ${GUARD} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${tableIdent(table)}
  FOR EACH STATEMENT WHEN (coalesce(current_setting('strangler.origin', true), '') = '')
  EXECUTE FUNCTION strangler_guard.refuse(${literal(words)});
ALTER TABLE ${tableIdent(table)} ENABLE ALWAYS TRIGGER ${GUARD};`;

/** What a retired table may be left with. */
export const guardsOf = (
  pool: pg.Pool,
  label: string,
): Pick<Database, 'guard' | 'dropGuard' | 'guarded'> => ({
  guard: (tables, words) => guard(pool, label, tables, words),
  dropGuard: (tables) => dropGuard(pool, label, tables),
  guarded: (tables) => guarded(pool, label, tables),
});

/** Refuses writes to these tables, in a schema of its own that outlives all the rest. Repeating it changes nothing. */
async function guard(pool: pg.Pool, label: string, tables: readonly string[], words: string): Promise<void> {
  await transaction(pool, label, 'BEGIN', async (client) => {
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('strangler.install'))`);
    await client.query(`CREATE SCHEMA IF NOT EXISTS strangler_guard;
      CREATE OR REPLACE FUNCTION strangler_guard.refuse() RETURNS trigger
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        RAISE EXCEPTION 'table %.% is retired: %', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'STF02';
      END $$`);
    for (const table of tables) await client.query(triggerSql(table, words));
  });
}

/** Removes the guard from these tables; its schema goes with the last one. Tables that are gone have none. */
async function dropGuard(pool: pg.Pool, label: string, tables: readonly string[]): Promise<void> {
  await transaction(pool, label, 'BEGIN', async (client) => {
    for (const table of tables) {
      const { rows } = await client.query<{ there: string | null }>('SELECT to_regclass($1)::text AS there', [
        tableIdent(table),
      ]);
      if (rows[0]?.there) await client.query(`DROP TRIGGER IF EXISTS ${GUARD} ON ${tableIdent(table)}`);
    }
    const { rowCount } = await client.query(`SELECT FROM pg_trigger WHERE tgname = '${GUARD}' LIMIT 1`);
    if (rowCount === 0) await client.query('DROP SCHEMA IF EXISTS strangler_guard CASCADE');
  });
}

/** Which of these tables have a guard. */
async function guarded(pool: pg.Pool, label: string, tables: readonly string[]): Promise<readonly string[]> {
  const found = await query<{ on: string }>(
    pool,
    label,
    `SELECT t.tgrelid::text AS on FROM pg_trigger t WHERE t.tgname = '${GUARD}'`,
  );
  const ids = await Promise.all(
    tables.map((table) =>
      query<{ id: string | null }>(pool, label, 'SELECT to_regclass($1)::oid::text AS id', [
        tableIdent(table),
      ]),
    ),
  );
  return tables.filter((_, i) => found.some(({ on }) => on === ids[i]?.[0]?.id));
}
