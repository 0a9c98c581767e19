import type pg from 'pg';
import type {
  Applier,
  BackfillCursor,
  Change,
  ChangedKey,
  LineChunk,
  ParkedChange,
  SourceRow,
  TargetRow,
  TargetTable,
} from '../database.ts';
import { ForeignRowError, PartWithoutRowError, NotInstalledError, StaleEpochError } from '../errors.ts';
import { sqlState, transaction } from './connect.ts';
import { literal } from './identifiers.ts';
import { copyLines, copyUntouched } from './fill.ts';
import { discardSql, fillSql, inputOf, MARK_TRUNCATED, mendSql, removeSql, upsertSql } from './apply-sql.ts';
import { vacate } from './vacate.ts';
import { Parking, PASS_MARK } from './parking.ts';
import { clearSql } from './parts-sql.ts';

/** @see Database.applying */
export async function applying<T>(
  pool: pg.Pool,
  label: string,
  migration: string,
  epoch: bigint,
  work: (applier: Applier) => Promise<T>,
): Promise<T> {
  // What can wait for the end of an attempt does: nothing else knows which rows belong together.
  const begin = `BEGIN; ${originSql(migration)}; SET CONSTRAINTS ALL DEFERRED`;
  return transaction(pool, label, begin, async (client) => {
    const position = await lockSide(client, label, migration, epoch);
    await signInLog(client, migration);
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
    const begin = `BEGIN; SET LOCAL lock_timeout = '500ms'; ${originSql(migration)}`;
    await transaction(pool, label, begin, async (client) => {
      await work(new PostgresApplier(client, migration, 0n, ''));
      // Deferred constraints speak at the commit, which never comes.
      await client.query('SET CONSTRAINTS ALL IMMEDIATE');
      throw new Rehearsed();
    });
  } catch (error) {
    if (!(error instanceof Rehearsed)) throw error;
  }
}

const originSql = (migration: string): string =>
  `SELECT set_config('strangler.origin', ${literal(migration)}, true)`;

/**
 * Whoever reads the log knows the applier's transactions by their first write. `pgoutput` of PostgreSQL 13 has no
 * messages, and one origin of replication can be only one session's.
 */
async function signInLog(client: pg.PoolClient, migration: string): Promise<void> {
  await client.query(
    `UPDATE strangler.side SET position = position
     WHERE migration = $1 AND EXISTS (SELECT FROM strangler.slot WHERE migration = $1)`,
    [migration],
  );
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

class PostgresApplier implements Applier {
  readonly position: string;
  private readonly client: pg.PoolClient;
  private readonly migration: string;
  private readonly epoch: bigint;
  private readonly parking: Parking;

  constructor(client: pg.PoolClient, migration: string, epoch: bigint, position: string) {
    this.client = client;
    this.migration = migration;
    this.epoch = epoch;
    this.position = position;
    this.parking = new Parking(client, migration);
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

  async clear(target: TargetTable, version: string): Promise<void> {
    const values = [this.migration, target.entry, this.epoch, version];
    const { rowCount } = await this.client.query(MARK_TRUNCATED, values);
    const sql = clearSql(target);
    if (rowCount === 1 && sql !== null) await this.client.query(sql);
  }

  async fill(target: TargetTable, rows: readonly TargetRow[]): Promise<void> {
    const rest = await copyUntouched(this.client, this.migration, target, rows);
    await this.run(fillSql(target), target, rest);
  }

  fillLines(target: TargetTable, chunk: LineChunk): Promise<SourceRow[]> {
    return copyLines(this.client, this.migration, target, chunk);
  }

  mend(target: TargetTable, rows: readonly TargetRow[]): Promise<void> {
    return this.run(mendSql(target), target, rows);
  }

  async discard(target: TargetTable, rows: readonly TargetRow[]): Promise<void> {
    const sql = discardSql(target);
    if (sql !== null) await this.client.query(sql, inputOf(target, rows));
  }

  vacate(target: TargetTable, rows: readonly TargetRow[]): Promise<number> {
    return vacate(this.client, target, rows);
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
      await this.client.query(
        'SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; RELEASE SAVEPOINT attempt',
      );
      return null;
    } catch (error) {
      if (!isFaultOfTheData(error)) throw error;
      await this.client.query('ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt');
      return isOfNul(error) ? new NulError(error) : withDetail(error);
    }
  }

  park(change: Change, reason: string): Promise<void> {
    return this.parking.park([change], reason);
  }

  queue(changes: readonly Change[]): Promise<void> {
    return this.parking.park(changes);
  }

  parkedAmong(keys: readonly ChangedKey[]): Promise<ChangedKey[]> {
    return this.parking.among(keys);
  }

  dueParked(limit: number): Promise<ParkedChange[]> {
    return this.parking.due(limit);
  }

  newestParked(keys: readonly ChangedKey[]): Promise<ParkedChange[]> {
    return this.parking.newest(keys);
  }

  postpone(change: Change, reason: string): Promise<void> {
    return this.parking.postpone(change, reason);
  }

  unpark(change: Change): Promise<number> {
    return this.parking.unpark(change);
  }

  async pass(target: TargetTable, { key, id }: Change): Promise<void> {
    await this.client.query(PASS_MARK, [this.migration, target.entry, key, this.epoch, id]);
  }

  private async run(sql: string, target: TargetTable, rows: readonly TargetRow[]): Promise<void> {
    if (rows.length === 0) return;
    const [keys, ...rest] = inputOf(target, rows);
    const { rows: counts } = await this.client.query<{ fresh: string; hit: string }>(sql, [
      keys,
      this.migration,
      target.entry,
      this.epoch,
      ...rest,
    ]);
    const [count] = counts;
    if (count?.hit === undefined || count.hit === count.fresh) return;
    throw target.part ? new PartWithoutRowError(target) : new ForeignRowError(target);
  }
}

/** The message alone names the constraint; which key and which value broke it is the detail. */
function withDetail(error: Error): Error {
  const { detail } = error as { detail?: string };
  return detail ? new Error(`${error.message}: ${detail}`, { cause: error }) : error;
}

/** MySQL's texts may have it; the server's own words name neither the character nor the database. */
class NulError extends Error {
  constructor(cause: Error) {
    super('a text has a NUL character (0x00), which PostgreSQL cannot hold; take it out at the owner', {
      cause,
    });
  }
}

function isOfNul(error: Error): boolean {
  const { detail = '' } = error as { detail?: string };
  const isOfCharacters = ['22P05', '22021'].includes(sqlState(error) ?? '');
  return isOfCharacters && (detail.includes('\\u0000') || error.message.endsWith(': 0x00'));
}

/** Of what passes by itself: connections, locks, resources, shutdown, defects of the server. The rest is the data's. */
const PASSES = /^(08|25|40|53|55P03|57|58|XX)/;

function isFaultOfTheData(error: unknown): error is Error {
  if (error instanceof PartWithoutRowError || error instanceof ForeignRowError) return true;
  const state = sqlState(error);
  return state !== null && !PASSES.test(state);
}
