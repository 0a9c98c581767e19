import type pg from 'pg';
import type { SourceTable, Installation, NewSide } from '../database.ts';
import { StaleEpochError } from '../errors.ts';
import { query, transaction } from './connect.ts';
import { dropCaptureFunctionsSql } from './capture-function.ts';
import { splitTable, tableIdent } from './identifiers.ts';
import { partitionsOf } from './partitions.ts';
import { createCountSql, dropCountSql } from './refused.ts';
import { shapeOf } from './shape.ts';
import { DROP_UNUSED_SCHEMA, SCHEMA_SQL, START_POSITION } from './schema.ts';
import { checkServer } from './slot/check.ts';
import { createSlot, prepareSlot, removeSlot } from './slot/create.ts';
import { dropSlot } from './slot/drop.ts';
import { replicatedTables } from './slot/health.ts';
import { isReplicated } from './slot/slot.ts';
import { CAPTURE, dropTriggersSql, FENCE, ofSlice, triggersSql } from './triggers.ts';

/** Creates bookkeeping, capture and (disabled) fence, and starts this side afresh. */
export async function install(
  pool: pg.Pool,
  label: string,
  migration: string,
  tables: readonly SourceTable[],
  side: NewSide,
): Promise<void> {
  const replicated = tables.filter(isReplicated);
  if (replicated.length > 0) await checkServer(pool, label, replicated);
  await transaction(pool, label, 'BEGIN', async (client) => {
    // Two installers at once would trip over each other's CREATE … IF NOT EXISTS.
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('strangler.install'))`);
    await client.query(SCHEMA_SQL);
    await client.query(createCountSql(migration));
    // Each start has an epoch of its own: one that is there already was made by somebody else.
    await refuseLate(client, label, migration, side.epoch - 1n);
    for (const name of ['change', 'mark', 'parked', 'backfill', 'side']) {
      await client.query(`DELETE FROM strangler.${name} WHERE migration = $1`, [migration]);
    }
    await client.query(
      `INSERT INTO strangler.side (migration, role, owner, epoch, attempt, position) VALUES ($1, $2, $3, $4, $4, $5)`,
      [migration, side.role, side.owner, side.epoch, START_POSITION],
    );
    for (const table of tables) {
      await dropTriggers(client, table.name, migration);
      const tree = await partitionsOf(client, table.name, migration);
      const shape = await shapeOf(client, table);
      await client.query(triggersSql(migration, table, shape, tree, side.role === 'follower'));
    }
    await prepareSlot(client, label, migration, replicated);
  });
  if (replicated.length > 0) await createSlot(pool, label, migration);
  else await dropSlot(pool, label, migration);
}

/** Removes triggers, functions and rows of this migration; the schema goes when nothing is left in it. */
export async function remove(
  pool: pg.Pool,
  label: string,
  migration: string,
  tables: readonly string[],
  epoch: bigint,
): Promise<void> {
  const [schema] = await query(pool, label, `SELECT FROM pg_namespace WHERE nspname = 'strangler'`);
  // A slot fills the disk when nobody knows of it any more: it goes before all that tells of it.
  if (!schema) return dropSlot(pool, label, migration);
  await transaction(pool, label, 'BEGIN', async (client) => {
    await refuseLate(client, label, migration, epoch);
    await removeSlot(client, migration);
    await dropSlot(pool, label, migration);
    for (const table of tables) {
      await dropTriggers(client, table, migration);
      // A partition that was detached meanwhile has its triggers still.
      await client.query(dropCaptureFunctionsSql(table, migration));
    }
    for (const name of ['change', 'mark', 'parked', 'backfill', 'side']) {
      await client.query(`DELETE FROM strangler.${name} WHERE migration = $1`, [migration]);
    }
    await client.query(dropCountSql(migration));
    // Translated keys stay: a key that somebody has seen means the same row for ever.
    await client.query(DROP_UNUSED_SCHEMA);
  });
}

async function dropTriggers(client: pg.ClientBase, table: string, migration: string): Promise<void> {
  const { partitions } = await partitionsOf(client, table, migration);
  for (const on of [tableIdent(table), ...partitions.map((partition) => partition.on)]) {
    await client.query(dropTriggersSql(on, migration));
  }
}

/** Whoever slept through a later start of the migration must not undo it. */
async function refuseLate(
  client: pg.PoolClient,
  label: string,
  migration: string,
  epoch: bigint,
): Promise<void> {
  const { rows } = await client.query<{ epoch: string }>(
    'SELECT epoch FROM strangler.side WHERE migration = $1 AND epoch > $2 FOR UPDATE',
    [migration, epoch],
  );
  const [later] = rows;
  if (later) throw new StaleEpochError(label, migration, `an epoch up to ${epoch}`, `epoch ${later.epoch}`);
}

/** Tells which of the tables are captured, could be fenced, and are fenced now. */
export async function inspect(
  pool: pg.Pool,
  label: string,
  migration: string,
  tables: readonly string[],
): Promise<Installation> {
  const rows = await query<{ schema: string; table: string; trigger: string; enabled: string }>(
    pool,
    label,
    `SELECT n.nspname AS schema, c.relname AS table, t.tgname AS trigger, t.tgenabled AS enabled
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE t.tgname = ANY ($1)`,
    [[CAPTURE, FENCE].flatMap((trigger) => [trigger, ofSlice(trigger, migration)])],
  );
  const having = (trigger: string, enabledOnly: boolean): string[] =>
    tables.filter((table) => {
      const { schema, name } = splitTable(table);
      const own = [trigger, ofSlice(trigger, migration)];
      const found = rows.find((r) => r.schema === schema && r.table === name && own.includes(r.trigger));
      return found !== undefined && (!enabledOnly || found.enabled !== 'D');
    });
  const byLog = await transaction(pool, label, 'BEGIN READ ONLY', (client) =>
    replicatedTables(client, migration),
  );
  const fenced = having(FENCE, true);
  // Behind a fence the capture rests.
  const resting = having(CAPTURE, false).filter((table) => fenced.includes(table));
  const captured = new Set([...having(CAPTURE, true), ...resting, ...byLog]);
  return {
    captured: tables.filter((table) => captured.has(table)),
    fenceable: having(FENCE, false),
    fenced,
  };
}
