import type pg from 'pg';
import type { CapturedTable, Installation, NewSide } from '../database.ts';
import { query, TEXT_SETTINGS, transaction } from './connect.ts';
import { ident, keyExpression, literal, splitTable, tableIdent } from './identifiers.ts';
import { SCHEMA_SQL, START_POSITION } from './schema.ts';

/** Sorts before every name an application would choose: a trigger of its own that writes the row again comes after. */
const CAPTURE = '!strangler_capture';
const FENCE = 'strangler_fence';
const TRUNCATE = 'strangler_truncate';
/**
 * The applier of the migration says so for its transaction; a setting that was set once reads '' afterwards, not
 * NULL. What it does to the tables of another migration (by a cascade, say) is a write like any other there.
 */
const notOurs = (migration: string): string =>
  `coalesce(current_setting('strangler.origin', true), '') <> ${literal(migration)}`;

/** Creates bookkeeping, capture and (disabled) fence, and starts this side afresh. */
export async function install(
  pool: pg.Pool,
  label: string,
  migration: string,
  tables: readonly CapturedTable[],
  side: NewSide,
): Promise<void> {
  await transaction(pool, label, 'BEGIN', async (client) => {
    // Two installers at once would trip over each other's CREATE … IF NOT EXISTS.
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('strangler.install'))`);
    await client.query(SCHEMA_SQL);
    for (const name of ['change', 'mark', 'parked', 'backfill', 'side']) {
      await client.query(`DELETE FROM strangler.${name} WHERE migration = $1`, [migration]);
    }
    await client.query(
      `INSERT INTO strangler.side (migration, role, owner, epoch, attempt, position) VALUES ($1, $2, $3, $4, $4, $5)`,
      [migration, side.role, side.owner, side.epoch, START_POSITION],
    );
    for (const table of tables) await client.query(triggersSql(migration, table, side.role === 'follower'));
  });
}

/** Removes triggers, functions and rows of this migration; the schema goes with the last migration. */
export async function remove(
  pool: pg.Pool,
  label: string,
  migration: string,
  tables: readonly string[],
): Promise<void> {
  const [schema] = await query(pool, label, `SELECT FROM pg_namespace WHERE nspname = 'strangler'`);
  if (!schema) return;
  await transaction(pool, label, 'BEGIN', async (client) => {
    for (const table of tables) {
      for (const trigger of [CAPTURE, FENCE, TRUNCATE]) {
        await client.query(`DROP TRIGGER IF EXISTS ${ident(trigger)} ON ${tableIdent(table)}`);
      }
      await client.query(`DROP FUNCTION IF EXISTS ${functionName(table)}()`);
    }
    for (const name of ['change', 'mark', 'parked', 'backfill', 'side']) {
      await client.query(`DELETE FROM strangler.${name} WHERE migration = $1`, [migration]);
    }
    const { rowCount } = await client.query('SELECT FROM strangler.side LIMIT 1');
    if (rowCount === 0) await client.query('DROP SCHEMA strangler CASCADE');
  });
}

/** Tells which of the tables are captured, could be fenced, and are fenced now. */
export async function inspect(
  pool: pg.Pool,
  label: string,
  tables: readonly string[],
): Promise<Installation> {
  const rows = await query<{ schema: string; table: string; trigger: string; enabled: string }>(
    pool,
    label,
    `SELECT n.nspname AS schema, c.relname AS table, t.tgname AS trigger, t.tgenabled AS enabled
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE t.tgname IN ('${CAPTURE}', '${FENCE}')`,
  );
  const having = (trigger: string, enabledOnly: boolean): string[] =>
    tables.filter((table) => {
      const { schema, name } = splitTable(table);
      const found = rows.find((r) => r.schema === schema && r.table === name && r.trigger === trigger);
      return found !== undefined && (!enabledOnly || found.enabled !== 'D');
    });
  return { captured: having(CAPTURE, true), fenceable: having(FENCE, false), fenced: having(FENCE, true) };
}

/** Switches the fences of all tables; the caller's transaction holds the locks. */
export function fenceSql(tables: readonly string[], raised: boolean): string {
  const how = raised ? 'ENABLE ALWAYS' : 'DISABLE';
  return tables.map((table) => `ALTER TABLE ${tableIdent(table)} ${how} TRIGGER ${FENCE};`).join('\n');
}

function functionName(table: string): string {
  return `strangler.${ident(`capture ${table}`)}`;
}

/** ALWAYS: sessions that replay somebody else's replication (`session_replication_role`) are writers too. */
function triggersSql(migration: string, table: CapturedTable, fenced: boolean): string {
  const on = tableIdent(table.name);
  const name = literal(migration);
  return `
${captureFunctionSql(migration, table)}
DROP TRIGGER IF EXISTS ${ident(CAPTURE)} ON ${on};
CREATE TRIGGER ${ident(CAPTURE)} AFTER INSERT OR UPDATE OR DELETE ON ${on}
  FOR EACH ROW WHEN (${notOurs(migration)}) EXECUTE FUNCTION ${functionName(table.name)}();
ALTER TABLE ${on} ENABLE ALWAYS TRIGGER ${ident(CAPTURE)};
DROP TRIGGER IF EXISTS ${FENCE} ON ${on};
CREATE TRIGGER ${FENCE} BEFORE INSERT OR UPDATE OR DELETE ON ${on}
  FOR EACH ROW WHEN (${notOurs(migration)}) EXECUTE FUNCTION strangler.refuse_write(${name});
DROP TRIGGER IF EXISTS ${TRUNCATE} ON ${on};
CREATE TRIGGER ${TRUNCATE} BEFORE TRUNCATE ON ${on}
  FOR EACH STATEMENT EXECUTE FUNCTION strangler.refuse_truncate(${name});
${fenceSql([table.name], fenced)}`;
}

/** A changed key is a delete of the old one and an upsert of the new one. */
function captureFunctionSql(migration: string, table: CapturedTable): string {
  const settings = [...TEXT_SETTINGS].map(([name, value]) => `SET ${name} = ${literal(value)}`).join(' ');
  const row = (from: string, columns: readonly string[]): string =>
    `json_build_object(${columns.map((c) => `${literal(c)}, ${from}.${ident(c)}::text`).join(', ')})`;
  const insert = (op: string, from: string, columns: readonly string[]): string =>
    `INSERT INTO strangler.change (migration, source, op, key, row) VALUES (${literal(migration)}, ` +
    `${literal(table.name)}, '${op}', ${keyExpression(table.key, from)}, ${row(from, columns)});`;
  const keyOf = (from: string): string => `(${table.key.map((c) => `${from}.${ident(c)}`).join(', ')})`;
  return `
CREATE OR REPLACE FUNCTION ${functionName(table.name)}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp ${settings} AS $capture$
BEGIN
  IF TG_OP = 'DELETE' THEN
    ${insert('d', 'OLD', table.key)}
    RETURN NULL;
  END IF;
  IF TG_OP = 'UPDATE' AND ${keyOf('OLD')} IS DISTINCT FROM ${keyOf('NEW')} THEN
    ${insert('d', 'OLD', table.key)}
  END IF;
  ${insert('u', 'NEW', table.columns)}
  RETURN NULL;
END $capture$;`;
}
