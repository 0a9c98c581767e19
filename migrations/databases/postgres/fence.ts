import type pg from 'pg';
import type { SideState } from '../database.ts';
import { FenceTimeoutError, NotInstalledError, StaleEpochError } from '../errors.ts';
import { query, sqlState, transaction } from './connect.ts';
import { tableIdent } from './identifiers.ts';
import { partitionsOf } from './partitions.ts';
import { fenceSql } from './triggers.ts';

/** Nobody but an applier or a vacuum can hold a lock that the lowering waits for. */
const LOWER_LOCK_MS = 5000;
const LOCK_NOT_AVAILABLE = '55P03';
const DEADLOCK = '40P01';
/** `statement_timeout`, or somebody who looked for what stands in the way. */
const CANCELED = '57014';
const UNDEFINED_TABLE = '42P01';

/**
 * Raises the fence. The lock waits for every transaction that has written to the tables; once it is granted
 * nothing more can come from this side, which is why the barrier is read after it and never before.
 */
export async function raiseFence(
  pool: pg.Pool,
  label: string,
  migration: string,
  tables: readonly string[],
  attempt: bigint,
  lockTimeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + lockTimeoutMs;
  try {
    await transaction(pool, label, 'BEGIN', async (client) => {
      await limitWait(client, lockTimeoutMs);
      await breakDeadlocksSoon(client);
      const { rowCount } = await client.query(
        `UPDATE strangler.side SET role = 'fenced', attempt = $2
         WHERE migration = $1 AND role = 'owner' AND attempt < $2`,
        [migration, attempt],
      );
      if (rowCount !== 1) await refuseStale(client, label, migration, `owner before attempt ${attempt}`);
      await limitWait(client, deadline - performance.now());
      await lockTables(client, tables);
      await switchFences(client, migration, tables, true);
    });
  } catch (error) {
    const state = sqlState(error);
    if (state !== null && [LOCK_NOT_AVAILABLE, DEADLOCK, CANCELED].includes(state)) {
      throw new FenceTimeoutError(label, tables, lockTimeoutMs);
    }
    throw error;
  }
}

/** Lowers the fence and makes this side the owner. Repeating it changes nothing. */
export async function becomeOwner(
  pool: pg.Pool,
  label: string,
  migration: string,
  tables: readonly string[],
  epoch: bigint,
  attempt: bigint,
): Promise<void> {
  await transaction(pool, label, 'BEGIN', async (client) => {
    await limitWait(client, LOWER_LOCK_MS);
    await breakDeadlocksSoon(client);
    const { rows } = await client.query<{ role: string }>(
      `SELECT role FROM strangler.side WHERE migration = $1 AND epoch <= $2 AND attempt <= $3 FOR UPDATE`,
      [migration, epoch, attempt],
    );
    const [before] = rows;
    if (!before) {
      return refuseStale(client, label, migration, `an epoch up to ${epoch} and attempt up to ${attempt}`);
    }
    await client.query(
      `UPDATE strangler.side SET role = 'owner', owner = $4, epoch = $2, attempt = greatest(attempt, $3)
       WHERE migration = $1`,
      [migration, epoch, attempt, label],
    );
    // An owner's fence is down: taking back a move must not wait for the very writer that kept it from going up.
    if (before.role === 'owner') return;
    await lockTables(client, tables);
    await switchFences(client, migration, tables, false);
  });
}

/** From now on this side takes changes of `epoch`; every older applier is refused. */
export async function becomeFollower(
  pool: pg.Pool,
  label: string,
  migration: string,
  epoch: bigint,
  owner: string,
): Promise<void> {
  await transaction(pool, label, 'BEGIN', async (client) => {
    const { rowCount } = await client.query(
      `UPDATE strangler.side SET role = 'follower', owner = $3, epoch = $2, attempt = greatest(attempt, $2)
       WHERE migration = $1 AND epoch <= $2 AND role IN ('fenced', 'follower')`,
      [migration, epoch, owner],
    );
    if (rowCount !== 1) await refuseStale(client, label, migration, `a fenced side up to epoch ${epoch}`);
  });
}

/** What this side believes about the migration; null when nothing is installed. */
export async function sideState(pool: pg.Pool, label: string, migration: string): Promise<SideState | null> {
  try {
    const [row] = await query<Record<'role' | 'epoch' | 'attempt' | 'position', string>>(
      pool,
      label,
      'SELECT role, epoch, attempt, position FROM strangler.side WHERE migration = $1',
      [migration],
    );
    return row
      ? {
          role: row.role as SideState['role'],
          epoch: BigInt(row.epoch),
          attempt: BigInt(row.attempt),
          position: row.position,
        }
      : null;
  } catch (error) {
    if (sqlState(error) === UNDEFINED_TABLE) return null;
    throw error;
  }
}

async function switchFences(
  client: pg.PoolClient,
  migration: string,
  tables: readonly string[],
  raised: boolean,
): Promise<void> {
  for (const table of tables) {
    await client.query(fenceSql(migration, await partitionsOf(client, table, migration), raised));
  }
}

async function lockTables(client: pg.PoolClient, tables: readonly string[]): Promise<void> {
  // In one fixed order, so that two moves cannot wait for each other.
  const names = [...tables].sort().map(tableIdent).join(', ');
  if (names) await client.query(`LOCK TABLE ${names} IN SHARE ROW EXCLUSIVE MODE`);
}

/**
 * Limits each statement from here on: `lock_timeout` is for each lock, and one statement takes several, of tables and
 * of their partitions.
 */
async function limitWait(client: pg.PoolClient, ms: number): Promise<void> {
  await client.query(`SET LOCAL statement_timeout = ${Math.max(1, Math.ceil(ms))}`);
}

/** An autovacuum in the way is cancelled only after `deadlock_timeout`; the default of a second is our whole time. */
async function breakDeadlocksSoon(client: pg.PoolClient): Promise<void> {
  await client.query('SAVEPOINT privileged');
  try {
    await client.query(`SET LOCAL deadlock_timeout = '20ms'`);
  } catch {
    await client.query('ROLLBACK TO SAVEPOINT privileged');
  }
}

async function refuseStale(
  client: pg.PoolClient,
  label: string,
  migration: string,
  wanted: string,
): Promise<never> {
  const { rows } = await client.query<Record<'role' | 'epoch' | 'attempt', string>>(
    'SELECT role, epoch, attempt FROM strangler.side WHERE migration = $1',
    [migration],
  );
  const [row] = rows;
  if (!row) throw new NotInstalledError(label, migration);
  throw new StaleEpochError(
    label,
    migration,
    wanted,
    `${row.role} at epoch ${row.epoch}, attempt ${row.attempt}`,
  );
}
