import type pg from 'pg';
import type { SideState } from '../database.ts';
import { FenceTimeoutError, NotInstalledError, StaleEpochError } from '../errors.ts';
import { onClient, query, sqlState, transaction } from './connect.ts';
import { tableIdent } from './identifiers.ts';
import { treesOf } from './partitions.ts';
import { fenceSql } from './triggers.ts';

/** Nobody but an applier or a vacuum can hold a lock that the lowering waits for. */
const LOWER_LOCK_MS = 5000;
const LOCK_NOT_AVAILABLE = '55P03';
const DEADLOCK = '40P01';
/** `statement_timeout`, or somebody who looked for what stands in the way. */
const CANCELED = '57014';
const UNDEFINED_TABLE = '42P01';
const INSUFFICIENT_PRIVILEGE = '42501';

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
    await inTime(pool, label, lockTimeoutMs, async (client) => {
      const { rowCount } = await client.query(
        `UPDATE strangler.side SET role = 'fenced', attempt = $2
         WHERE migration = $1 AND role = 'owner' AND attempt < $2`,
        [migration, attempt],
      );
      if (rowCount !== 1) await refuseStale(client, label, migration, `owner before attempt ${attempt}`);
      await switchFences(client, migration, tables, true, deadline - performance.now());
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
  await inTime(pool, label, LOWER_LOCK_MS, async (client) => {
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
    await switchFences(client, migration, tables, false, LOWER_LOCK_MS);
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
  await onClient(pool, label, async (client) => {
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

/** Locks the tables, for which it waits so long at most, and switches their fences. */
async function switchFences(
  client: pg.PoolClient,
  migration: string,
  tables: readonly string[],
  raised: boolean,
  lockMs: number,
): Promise<void> {
  const trees = await treesOf(client, tables, migration, `${limitSql(lockMs)}; ${lockSql(tables)};`);
  if (trees.length > 0) await client.query(trees.map((tree) => fenceSql(migration, tree, raised)).join('\n'));
}

function lockSql(tables: readonly string[]): string {
  // In one fixed order, so that two moves cannot wait for each other.
  const names = [...tables].sort().map(tableIdent).join(', ');
  return `LOCK TABLE ${names} IN SHARE ROW EXCLUSIVE MODE`;
}

/**
 * Limits each statement from here on: `lock_timeout` is for each lock, and one statement takes several, of tables and
 * of their partitions.
 */
const limitSql = (ms: number): string => `SET LOCAL statement_timeout = ${Math.max(1, Math.ceil(ms))}`;

/** Pools whose user may not say how soon a deadlock is looked for. */
const unprivileged = new WeakSet<pg.Pool>();

/**
 * Runs `work` in a transaction each of whose statements is limited. An autovacuum in the way is cancelled only after
 * `deadlock_timeout`; the default of a second is our whole time, so it is shortened where that is allowed.
 */
async function inTime(
  pool: pg.Pool,
  label: string,
  ms: number,
  work: (client: pg.PoolClient) => Promise<void>,
): Promise<void> {
  const begin = `BEGIN; ${limitSql(ms)}`;
  let hasBegun = false;
  const working = (client: pg.PoolClient): Promise<void> => {
    hasBegun = true;
    return work(client);
  };
  if (unprivileged.has(pool)) return transaction(pool, label, begin, working);
  try {
    await transaction(pool, label, `${begin}; SET LOCAL deadlock_timeout = '20ms'`, working);
  } catch (error) {
    if (hasBegun || sqlState(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    unprivileged.add(pool);
    await transaction(pool, label, begin, working);
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
