import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import type { SourceTable } from '../../database.ts';
import { CaptureUnavailableError } from '../../errors.ts';
import { query, sqlState, transaction } from '../connect.ts';
import { ident, tableIdent } from '../identifiers.ts';
import { dropSlot } from './drop.ts';
import { slotName } from './slot.ts';

/** How long a slot waits for transactions that were open before it. */
const PATIENCE_MS = 60_000;
const POLL_MS = 20;

const QUERY_CANCELED = '57014';
const NO_PRIVILEGE = '42501';
const LIMIT_REACHED = '53400';

/** The part of the removal that is a transaction's. Waits for whoever is reading the log. */
export async function removeSlot(client: pg.PoolClient, migration: string): Promise<void> {
  await client.query(`DROP PUBLICATION IF EXISTS ${ident(await slotName(client, migration))}`);
  await client.query('DELETE FROM strangler.emptied WHERE migration = $1', [migration]);
  await client.query('DELETE FROM strangler.slot WHERE migration = $1', [migration]);
}

/**
 * The part of the installation that is a transaction's: what is read, and the publication. A publication that is
 * younger than the slot could not be read from it. `strangler.side` is in it because every applier touches it first:
 * that is how its transactions are known.
 */
export async function prepareSlot(
  client: pg.PoolClient,
  label: string,
  migration: string,
  tables: readonly SourceTable[],
): Promise<void> {
  await removeSlot(client, migration);
  if (tables.length === 0) return;
  const slot = await slotName(client, migration);
  try {
    await client.query(
      `CREATE PUBLICATION ${ident(slot)} FOR TABLE strangler.side, strangler.emptied, ${tables.map((t) => tableIdent(t.name)).join(', ')}
       WITH (publish = 'insert, update, delete, truncate', publish_via_partition_root = true)`,
    );
  } catch (error) {
    if (sqlState(error) !== NO_PRIVILEGE) throw error;
    const advice = 'let the user own the tables, with CREATE on the database';
    throw new CaptureUnavailableError(label, (error as Error).message, advice);
  }
  const oids = await client.query<{ oid: string }>(
    `SELECT to_regclass(name)::oid AS oid FROM unnest($1::text[]) WITH ORDINALITY AS t(name, ord) ORDER BY ord`,
    [tables.map((table) => tableIdent(table.name))],
  );
  const kept = tables.map((table, i) => ({ ...table, oid: Number(oids.rows[i]?.oid) }));
  await client.query('INSERT INTO strangler.slot (migration, tables, lsn) VALUES ($1, $2, NULL)', [
    migration,
    JSON.stringify(kept),
  ]);
}

/**
 * Makes the slot, after the transaction of the rest. Nothing slips between: the slot hands over every transaction that
 * ends after its beginning, and when this returns every older one is visible to whoever copies the tables.
 *
 * @throws CaptureUnavailableError
 */
export async function createSlot(pool: pg.Pool, label: string, migration: string): Promise<void> {
  await dropSlot(pool, label, migration);
  try {
    // Not in the transaction of the rest: a slot cannot be made where something was written.
    const lsn = await transaction(pool, label, 'BEGIN', async (client) => {
      await client.query(`SET LOCAL statement_timeout = ${PATIENCE_MS}`);
      const { rows } = await client.query<{ lsn: string }>(
        `SELECT lsn FROM pg_create_logical_replication_slot($1, 'pgoutput')`,
        [await slotName(client, migration)],
      );
      return rows[0]?.lsn;
    });
    await seeWhatIsOlder(pool, label);
    await query(pool, label, 'UPDATE strangler.slot SET lsn = $2 WHERE migration = $1', [migration, lsn]);
  } catch (error) {
    throw await unavailable(pool, label, error);
  }
}

/**
 * With synchronous replication a transaction can stand in the log, before the slot's beginning, and not be visible yet:
 * it would be neither copied nor handed over.
 */
async function seeWhatIsOlder(pool: pg.Pool, label: string): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  const [now] = await query<{ next: string }>(
    pool,
    label,
    'SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next',
  );
  for (;;) {
    const [row] = await query<{ seen: string }>(
      pool,
      label,
      'SELECT (pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8)::text AS seen',
      [now?.next],
    );
    if (row?.seen === 'true') return;
    if (performance.now() > giveUpAt) throw new StillOpenError();
    await pause(POLL_MS);
  }
}

class StillOpenError extends Error {}

async function unavailable(pool: pg.Pool, label: string, error: unknown): Promise<unknown> {
  const state = sqlState(error);
  if (error instanceof StillOpenError || state === QUERY_CANCELED) {
    const [oldest] = await query<Record<'pid' | 'since', string>>(
      pool,
      label,
      `SELECT pid, xact_start AS since FROM pg_stat_activity
       WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid() ORDER BY xact_start LIMIT 1`,
    );
    return new CaptureUnavailableError(
      label,
      `a transaction of this server does not end (process ${oldest?.pid ?? 'unknown'}, since ${oldest?.since ?? 'unknown'}; prepared ones are in pg_prepared_xacts)`,
      'end it and try again',
    );
  }
  const advice = state === LIMIT_REACHED ? 'raise max_replication_slots' : 'check the rights of the user';
  if (state === LIMIT_REACHED || state === NO_PRIVILEGE) {
    return new CaptureUnavailableError(label, (error as Error).message, advice);
  }
  return error;
}
