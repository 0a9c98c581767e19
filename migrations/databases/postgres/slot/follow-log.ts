import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import type { CaptureHealth } from '../../database.ts';
import { DatabaseError } from '../../errors.ts';
import { query, sqlState, transaction } from '../connect.ts';
import type { Round } from './collect.ts';
import { collectRound, parseLsn } from './collect.ts';
import { captureHealth } from './health.ts';

/**
 * The log is read from where the oldest open transaction began, again each time: the server must not do that all the
 * time. After a reading there is a rest of its length, but not a longer one than this.
 */
const LONGEST_REST_MS = 100;
/** Somebody else may be reading for a moment: a round that was cut off, a person. */
const BUSY_MS = 5000;
const POLL_MS = 20;

/** A commit can be read from the log a moment before it is to be seen; with synchronous replication, a longer one. */
const HIDDEN_MS = 5000;

const OBJECT_IN_USE = '55006';
const UNDEFINED_TABLE = '42P01';

/** On the disk of this server. Standbys have no slot, and what they did not confirm is not visible, so not read. */
const BEGIN_ON_DISK = 'BEGIN; SET LOCAL synchronous_commit = local';

/**
 * Everything that is read and written in a round has the spelling of the capture trigger. A commit that the server may
 * forget must not move the slot; and a row that a policy hides must not pass for one that is gone.
 */
const BEGIN_ROUND = `${BEGIN_ON_DISK}; SET LOCAL row_security = off;
  SET LOCAL search_path = pg_catalog, pg_temp`;

class HiddenCommitError extends DatabaseError {
  override name = 'HiddenCommitError';
  constructor(label: string, migration: string) {
    super(
      `${label}: migration "${migration}" waits for a commit that is in the log and not visible yet: ` +
        'a synchronous standby does not answer (pg_stat_activity shows SyncRep)',
    );
  }
}

/** Brings the changes of a database's migrations from its log into `strangler.change`. */
export interface LogFollower {
  /**
   * Brings everything that is committed now, and lets go of the log before it. Does nothing for a migration without a slot.
   *
   * @throws CaptureLostError
   */
  collect: (migration: string) => Promise<void>;
  health: (migration: string) => Promise<CaptureHealth | null>;
}

export function followLog(pool: pg.Pool, label: string): LogFollower {
  /** Where the log ended when everything before it had been read, by migration. */
  const read = new Map<string, string>();
  let restUntil = 0;

  const round = async (migration: string): Promise<Round['ended']> => {
    const giveUpAt = performance.now() + BUSY_MS;
    for (;;) {
      try {
        const result = await transaction(pool, label, BEGIN_ROUND, (client) =>
          collectRound(client, label, migration),
        );
        return result?.ended ?? 'end';
      } catch (error) {
        if (sqlState(error) !== OBJECT_IN_USE || performance.now() > giveUpAt) throw error;
        await pause(POLL_MS);
      }
    }
  };

  const catchUp = async (migration: string): Promise<void> => {
    const end = await endOfLog(pool, label, migration);
    if (end === null || read.get(migration) === end) return;
    await pause(Math.max(0, restUntil - performance.now()));
    const started = performance.now();
    for (let hiddenSince: number | null = null; ;) {
      const ended = await round(migration);
      if (ended === 'end') break;
      if (ended === 'more') continue;
      hiddenSince ??= performance.now();
      if (performance.now() - hiddenSince > HIDDEN_MS) throw new HiddenCommitError(label, migration);
      await pause(1);
    }
    restUntil = performance.now() + Math.min(LONGEST_REST_MS, performance.now() - started);
    read.set(migration, end);
  };

  /** Who comes while the log is being read needs what comes next, and shares that with all who wait for it. */
  const running = new Map<string, Promise<void>>();
  const waiting = new Map<string, Promise<void>>();
  const begin = (migration: string): Promise<void> => {
    const done = catchUp(migration).finally(() => running.delete(migration));
    running.set(migration, done);
    return done;
  };
  const join = (migration: string): Promise<void> => {
    const before = running.get(migration);
    if (!before) return begin(migration);
    const next =
      waiting.get(migration) ??
      before
        .catch(() => undefined)
        .then(() => {
          waiting.delete(migration);
          return begin(migration);
        });
    waiting.set(migration, next);
    return next;
  };

  return {
    collect: join,
    health: (migration) =>
      transaction(pool, label, 'BEGIN READ ONLY', (client) => captureHealth(client, migration)),
  };
}

/**
 * Where the log ends; everything that is committed stands before it, and is on disk: only that can be read. With
 * `synchronous_commit = off` commits come to the disk later than to everybody's eyes, so they are pushed there by a
 * commit of our own. Null when the migration has no slot here.
 */
async function endOfLog(pool: pg.Pool, label: string, migration: string): Promise<string | null> {
  const place = async (): Promise<Record<'inserted' | 'flushed', string> | undefined> => {
    const [row] = await query<Record<'inserted' | 'flushed', string>>(
      pool,
      label,
      `SELECT pg_current_wal_insert_lsn() AS inserted, pg_current_wal_flush_lsn() AS flushed
       FROM strangler.slot WHERE migration = $1`,
      [migration],
    );
    return row;
  };
  try {
    const now = await place();
    if (!now) return null;
    if (parseLsn(now.inserted) <= parseLsn(now.flushed)) return now.inserted;
    await transaction(pool, label, BEGIN_ON_DISK, (client) =>
      client.query(`SELECT pg_logical_emit_message(true, 'strangler', '')`),
    );
    return (await place())?.flushed ?? null;
  } catch (error) {
    if (sqlState(error) === UNDEFINED_TABLE) return null;
    throw error;
  }
}
