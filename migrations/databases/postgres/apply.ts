import type pg from 'pg';
import type {
  Applier,
  BackfillCursor,
  Change,
  ParkedChange,
  Row,
  TargetRow,
  TargetTable,
} from '../database.ts';
import { NotInstalledError, StaleEpochError } from '../errors.ts';
import { query, sqlState, transaction } from './connect.ts';
import { toChange } from './changes.ts';
import { discardSql, fillSql, mendSql, removeSql, upsertSql } from './apply-sql.ts';

/** @see Database.applying */
export async function applying<T>(
  pool: pg.Pool,
  label: string,
  migration: string,
  epoch: bigint,
  work: (applier: Applier) => Promise<T>,
): Promise<T> {
  return transaction(pool, label, 'BEGIN', async (client) => {
    await setOrigin(client, migration);
    const position = await lockSide(client, label, migration, epoch);
    return work(new PostgresApplier(client, migration, epoch, position));
  });
}

class Rehearsed extends Error {}

/** @see Database.rehearse */
export async function rehearse(
  pool: pg.Pool,
  label: string,
  migration: string,
  work: (applier: Applier) => Promise<void>,
): Promise<void> {
  try {
    await transaction(pool, label, 'BEGIN', async (client) => {
      await client.query(`SET LOCAL lock_timeout = '500ms'`);
      await setOrigin(client, migration);
      await work(new PostgresApplier(client, migration, 0n, ''));
      // Deferred constraints speak at the commit, which never comes.
      await client.query('SET CONSTRAINTS ALL IMMEDIATE');
      throw new Rehearsed();
    });
  } catch (error) {
    if (!(error instanceof Rehearsed)) throw error;
  }
}

async function setOrigin(client: pg.PoolClient, migration: string): Promise<void> {
  await client.query(`SELECT set_config('strangler.origin', $1, true)`, [migration]);
}

/** The row lock makes appliers of one migration take turns; the epoch refuses those that are late. */
async function lockSide(
  client: pg.PoolClient,
  label: string,
  migration: string,
  epoch: bigint,
): Promise<string> {
  const { rows } = await client.query<Record<'role' | 'epoch' | 'position', string>>(
    'SELECT role, epoch, position FROM strangler.side WHERE migration = $1 FOR UPDATE',
    [migration],
  );
  const [side] = rows;
  if (!side) throw new NotInstalledError(label, migration);
  if (side.role !== 'follower' || BigInt(side.epoch) !== epoch) {
    throw new StaleEpochError(
      label,
      migration,
      `follower at epoch ${epoch}`,
      `${side.role} at epoch ${side.epoch}`,
    );
  }
  return side.position;
}

type ParkedRow = Parameters<typeof toChange>[0] & Record<'reason' | 'parked_at', string>;

const PARKED = `SELECT id, source, op, key, row, reason, parked_at FROM strangler.parked WHERE migration = $1 ORDER BY id`;

const toParked = (row: ParkedRow): ParkedChange => ({
  ...toChange(row),
  reason: row.reason,
  parkedAt: row.parked_at,
});

/** @see Database.parkedChanges */
export async function parkedChanges(
  pool: pg.Pool,
  label: string,
  migration: string,
  limit: number,
): Promise<ParkedChange[]> {
  return (await query<ParkedRow>(pool, label, `${PARKED} LIMIT $2`, [migration, limit])).map(toParked);
}

/** A change of some columns of a row that is not there (yet): it waits, parked, until the row is. */
class PartWithoutRowError extends Error {
  constructor(target: TargetTable) {
    super(`the row of ${target.name} that this change of ${target.entry} belongs to is not there`);
  }
}

class PostgresApplier implements Applier {
  readonly position: string;
  private readonly client: pg.PoolClient;
  private readonly migration: string;
  private readonly epoch: bigint;

  constructor(client: pg.PoolClient, migration: string, epoch: bigint, position: string) {
    this.client = client;
    this.migration = migration;
    this.epoch = epoch;
    this.position = position;
  }

  async savePosition(position: string): Promise<void> {
    await this.client.query('UPDATE strangler.side SET position = $2 WHERE migration = $1', [
      this.migration,
      position,
    ]);
  }

  upsert(target: TargetTable, rows: readonly TargetRow[]): Promise<void> {
    return this.run(upsertSql(target), target, rows);
  }

  delete(target: TargetTable, rows: readonly TargetRow[]): Promise<void> {
    return this.run(removeSql(target), target, rows);
  }

  fill(target: TargetTable, rows: readonly TargetRow[]): Promise<void> {
    return this.run(fillSql(target), target, rows);
  }

  mend(target: TargetTable, rows: readonly TargetRow[]): Promise<void> {
    return this.run(mendSql(target), target, rows);
  }

  async discard(target: TargetTable, rows: readonly TargetRow[]): Promise<void> {
    await this.client.query(discardSql(target), [inputOf(target, rows)]);
  }

  async saveCursor(source: string, cursor: BackfillCursor): Promise<void> {
    await this.client.query(
      `INSERT INTO strangler.backfill (migration, source, after, rows, done, seconds) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (migration, source) DO UPDATE
       SET after = excluded.after, rows = excluded.rows, done = excluded.done, seconds = excluded.seconds
       WHERE NOT backfill.done`,
      [this.migration, source, JSON.stringify(cursor.after), cursor.rows, cursor.done, cursor.seconds],
    );
  }

  async attempt(work: () => Promise<void>): Promise<Error | null> {
    await this.client.query('SAVEPOINT attempt');
    try {
      await work();
      await this.client.query('RELEASE SAVEPOINT attempt');
      return null;
    } catch (error) {
      if (!isFaultOfTheData(error)) throw error;
      await this.client.query('ROLLBACK TO SAVEPOINT attempt');
      return error;
    }
  }

  async park(change: Change, reason: string): Promise<void> {
    await this.client.query(
      `INSERT INTO strangler.parked (migration, source, key, id, op, row, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (migration, source, key, id) DO UPDATE SET reason = excluded.reason`,
      [
        this.migration,
        change.table,
        change.key,
        change.id,
        change.op === 'delete' ? 'd' : 'u',
        JSON.stringify(change.row),
        reason,
      ],
    );
  }

  async parked(): Promise<ParkedChange[]> {
    const { rows } = await this.client.query<ParkedRow>(PARKED, [this.migration]);
    return rows.map(toParked);
  }

  async unpark(change: Change): Promise<void> {
    await this.client.query(
      'DELETE FROM strangler.parked WHERE migration = $1 AND source = $2 AND key = $3 AND id = $4',
      [this.migration, change.table, change.key, change.id],
    );
  }

  private async run(sql: string, target: TargetTable, rows: readonly TargetRow[]): Promise<void> {
    if (rows.length === 0) return;
    const { rows: counts } = await this.client.query<{ fresh: string; hit: string }>(sql, [
      inputOf(target, rows),
      this.migration,
      target.entry,
      this.epoch,
    ]);
    const [count] = counts;
    if (target.part && count?.hit !== undefined && count.hit !== count.fresh)
      throw new PartWithoutRowError(target);
  }
}

function inputOf(target: TargetTable, rows: readonly TargetRow[]): string {
  return JSON.stringify(rows.map((row) => numbered(target, row)));
}

function numbered(target: TargetTable, row: TargetRow): Row {
  const values = target.columns.map((column, i) => [`c${i}`, row.values[column.name] ?? null]);
  return { k: row.sourceKey, v: row.version, ...(Object.fromEntries(values) as Row) };
}

/** Of what passes by itself: connections, locks, resources, shutdown, defects of the server. The rest is the data's. */
const PASSES = /^(08|25|40|53|55P03|57|58|XX)/;

function isFaultOfTheData(error: unknown): error is Error {
  if (error instanceof PartWithoutRowError) return true;
  const state = sqlState(error);
  return state !== null && !PASSES.test(state);
}
