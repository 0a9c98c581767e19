import type {
  Applier,
  BackfillCursor,
  Change,
  ChangedKey,
  ParkedChange,
  TargetRow,
  TargetTable,
} from '../database.ts';
import { DatabaseError, NotInstalledError, StaleEpochError, UnreachableDatabaseError } from '../errors.ts';
import { errorNumber, transaction, using } from './connect.ts';
import type { Server, Session } from './connect.ts';
import { literal } from './identifiers.ts';
import { Marks } from './marks.ts';
import { Parking } from './parking.ts';
import { vacate } from './vacate.ts';
import { deleteRows, writeRows } from './write-rows.ts';
import { clearSql } from './parts-sql.ts';

/** @see Database.applying */
export async function applying<T>(
  server: Server,
  migration: string,
  epoch: bigint,
  work: (applier: Applier) => Promise<T>,
): Promise<T> {
  return asOrigin(server, migration, (session) =>
    transaction(session, async () => {
      const position = await lockSide(server, session, migration, epoch);
      return work(new MySqlApplier(server, session, migration, epoch, position));
    }),
  );
}

class Rehearsed extends Error {}

/** @see Database.rehearse */
export async function rehearse(
  server: Server,
  migration: string,
  work: (applier: Applier) => Promise<void>,
): Promise<void> {
  await asOrigin(server, migration, async (session) => {
    await session.run('SET SESSION innodb_lock_wait_timeout = 1');
    try {
      await transaction(session, async () => {
        await work(new MySqlApplier(server, session, migration, 0n, ''));
        throw new Rehearsed();
      });
    } catch (error) {
      if (!(error instanceof Rehearsed)) throw error;
    } finally {
      await session.run('SET SESSION innodb_lock_wait_timeout = DEFAULT');
    }
  });
}

/**
 * The variable outlives the transaction, and whatever writes with it is not captured: a connection that may still have
 * it is not used again.
 */
async function asOrigin<T>(
  server: Server,
  migration: string,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return using(server, async (session) => {
    try {
      await session.run(`SET @strangler_origin = ${literal(migration)}`);
      return await work(session);
    } finally {
      await session.run('SET @strangler_origin = NULL').catch(() => session.connection.destroy());
    }
  });
}

/** The row lock makes appliers of one migration take turns; the epoch refuses those that are late. */
async function lockSide(server: Server, session: Session, migration: string, epoch: bigint): Promise<string> {
  const [side] = await session.rows(
    `SELECT role, epoch, position FROM strangler_side WHERE migration = ${literal(migration)} FOR UPDATE`,
  );
  if (!side) throw new NotInstalledError(server.label, migration);
  const [role, found, position] = side;
  if (role !== 'follower' || found !== String(epoch)) {
    throw new StaleEpochError(
      server.label,
      migration,
      `follower at epoch ${epoch}`,
      `${role} at epoch ${found}`,
    );
  }
  return position ?? '';
}

class MySqlApplier implements Applier {
  readonly position: string;
  private readonly server: Server;
  private readonly session: Session;
  private readonly migration: string;
  private readonly marks: Marks;
  private readonly parking: Parking;

  constructor(server: Server, session: Session, migration: string, epoch: bigint, position: string) {
    this.server = server;
    this.session = session;
    this.migration = literal(migration);
    this.position = position;
    this.marks = new Marks(session, migration, epoch);
    this.parking = new Parking(session, migration);
  }

  async savePosition(position: string): Promise<void> {
    await this.session.run(
      `UPDATE strangler_side SET position = ${literal(position)} WHERE migration = ${this.migration}`,
    );
  }

  async upsert(target: TargetTable, rows: readonly TargetRow[]): Promise<void> {
    const fresh = await this.marks.newerThanMarked(target.entry, rows);
    await this.marks.set(target.entry, fresh, false);
    await writeRows(this.session, target, fresh);
  }

  async delete(target: TargetTable, rows: readonly TargetRow[]): Promise<void> {
    const fresh = await this.marks.newerThanMarked(target.entry, rows);
    await this.marks.set(target.entry, fresh, true);
    await deleteRows(this.session, target, fresh);
  }

  async clear(target: TargetTable, version: string): Promise<void> {
    const isNew = await this.marks.truncate(target.entry, version);
    const sql = clearSql(target);
    if (isNew && sql !== null) await this.session.run(sql);
  }

  /** No mark means version 0, so only rows that a change has touched cost one. */
  async fill(target: TargetTable, rows: readonly TargetRow[]): Promise<void> {
    const fresh = await this.marks.newerThanMarked(target.entry, rows);
    const touched = fresh.filter((row) => row.version !== '0');
    await this.marks.set(target.entry, touched, false);
    await writeRows(this.session, target, fresh);
  }

  async mend(target: TargetTable, rows: readonly TargetRow[]): Promise<void> {
    await this.marks.set(target.entry, await this.marks.newerThanMarked(target.entry, rows), false);
    await writeRows(this.session, target, rows);
  }

  vacate(target: TargetTable, rows: readonly TargetRow[]): Promise<number> {
    return vacate(this.server, this.session, target, rows);
  }

  discard(target: TargetTable, rows: readonly TargetRow[]): Promise<void> {
    return deleteRows(this.session, target, rows);
  }

  async saveCursor(source: string, cursor: BackfillCursor): Promise<void> {
    const after = literal(JSON.stringify(cursor.after));
    // `done` last: it is set by the time the others ask for it.
    await this.session.run(
      `INSERT INTO strangler_backfill (migration, source, after, copied, done, seconds)
       VALUES (${this.migration}, ${literal(source)}, ${after}, ${cursor.rows}, ${cursor.done}, ${cursor.seconds})
       ON DUPLICATE KEY UPDATE after = IF(done, after, VALUES(after)), copied = IF(done, copied, VALUES(copied)),
         seconds = IF(done, seconds, VALUES(seconds)), done = done OR VALUES(done)`,
    );
  }

  async attempt(work: () => Promise<void>): Promise<Error | null> {
    await this.session.run('SAVEPOINT attempt');
    try {
      await work();
      await this.session.run('RELEASE SAVEPOINT attempt');
      return null;
    } catch (error) {
      if (!isFaultOfTheData(error)) throw error;
      await this.session.run('ROLLBACK TO SAVEPOINT attempt');
      return error;
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

  async pass(target: TargetTable, change: Change): Promise<void> {
    const rows = [{ sourceKey: change.key, version: change.id, values: {} }];
    await this.marks.set(target.entry, await this.marks.newerThanMarked(target.entry, rows), false);
  }
}

/**
 * What passes by itself: too many connections, out of memory, disk full, locks, shutdown, interrupted, read-only for a
 * while, changed under way. Deadlocks undo the whole transaction, so they cannot be gone on from. The rest is the data's.
 */
const PASSES: ReadonlySet<number> = new Set([
  1020, 1021, 1030, 1037, 1038, 1040, 1041, 1047, 1053, 1114, 1158, 1159, 1160, 1161, 1180, 1205, 1206, 1213,
  1290, 1317, 1412, 1615, 1637, 1692, 1792, 1836, 1927, 1969, 3024, 3572,
]);

function isFaultOfTheData(error: unknown): error is Error {
  // Of what is ours, only what the rows are refused for is thrown under an attempt, or that the server is away.
  if (error instanceof DatabaseError) return !(error instanceof UnreachableDatabaseError);
  const number = errorNumber(error);
  return number !== null && !PASSES.has(number);
}
