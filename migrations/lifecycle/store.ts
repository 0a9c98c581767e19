import { EventEmitter } from 'node:events';
import pg from 'pg';
import { UnreachableDatabaseError } from '../databases/errors.ts';
import { isBrokenConnection } from '../databases/postgres/broken.ts';
import type { EntryRow, ExpectedEntry, NewEntry } from './append.ts';
import { appendAt, toEntry } from './append.ts';
import { SHAPE_SCHEMA } from '../drift/keep.ts';
import { JournalConflictError } from './errors.ts';
import { ANSWER_SCHEMA } from './keep-answers.ts';
import { PROGRESS_SCHEMA } from './keep-progress.ts';
import { SESSION_SCHEMA } from './keep-sessions.ts';
import { USAGE_SCHEMA } from './keep-usage.ts';
import type { JournalEntry } from './journal.ts';
import { PACE_SCHEMA } from './pace.ts';
import { RUN_SCHEMA } from './run-record.ts';
import { SECRET_SCHEMA } from './secret.ts';
import { storable } from './storable.ts';

/** A proxy that holds a lease, and how far in the journal it says it is. */
export interface ProxyLease {
  id: string;
  acked: number;
}

/** A connection to the store, as the store tells it from all others. */
export interface Presence {
  pid: number;
  startedAt: string;
}

/** What a process last reported about itself, e.g. the progress of a backfill. */
export interface Report {
  name: string;
  value: unknown;
  /** ISO time. */
  at: string;
  /** By the store's clock, as the time is: the clock of who reads it may differ. */
  ageMs: number;
}

const SCHEMA = `
CREATE SCHEMA IF NOT EXISTS strangler_control;
CREATE TABLE IF NOT EXISTS strangler_control.journal (
  seq bigint PRIMARY KEY, at text NOT NULL, migration text NOT NULL, kind text NOT NULL, decision jsonb NOT NULL,
  epoch bigint NOT NULL, actor text NOT NULL, reason text, evidence jsonb, previous_hash text NOT NULL,
  hash text NOT NULL);
CREATE TABLE IF NOT EXISTS strangler_control.proxy (
  id text PRIMARY KEY, lease_until timestamptz NOT NULL, acked bigint NOT NULL);
ALTER TABLE strangler_control.proxy ADD COLUMN IF NOT EXISTS session_pid integer,
  ADD COLUMN IF NOT EXISTS session_start text;
CREATE TABLE IF NOT EXISTS strangler_control.report (
  name text PRIMARY KEY, value jsonb NOT NULL, at timestamptz NOT NULL);
CREATE OR REPLACE FUNCTION strangler_control.append_only() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$;
DO $$ BEGIN
  -- PostgreSQL 13 knows no CREATE OR REPLACE TRIGGER.
  IF NOT EXISTS (SELECT FROM pg_trigger
      WHERE tgrelid = 'strangler_control.journal'::regclass AND tgname = 'append_only') THEN
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON strangler_control.journal
      FOR EACH STATEMENT EXECUTE FUNCTION strangler_control.append_only();
  END IF;
END $$;
${PACE_SCHEMA}${RUN_SCHEMA}${SECRET_SCHEMA}${SHAPE_SCHEMA}${ANSWER_SCHEMA}${SESSION_SCHEMA}${USAGE_SCHEMA}${PROGRESS_SCHEMA}`;

const CHANNEL = 'strangler_journal';
/** Where proxies tell that they follow. */
const ACKS = 'strangler_ack';
/** A statement that only tells what is so anyway need not be on the disk when it is answered. */
const SOON_KEPT = "SELECT set_config('synchronous_commit', 'off', true)";

/** Beginning of the names of reports with examples of what differed. */
export const FINDINGS = 'shadow:';
/** And of what a comparison of both sides found, row by row. */
export const FOUND = 'verify-found:';
const QUERY_MS = 5000;
/** Statements that a change of owner has under way at the same time. */
const AT_ONCE = 3;

/** A coordinator that was not heard of for this long is taken for gone: its host may be, and say nothing. */
const LEAD_MS = 10_000;
const BEAT_MS = 2000;
const LOCK_NOT_AVAILABLE = '55P03';

/** The control store: journal, leases and reports, in a PostgreSQL database that belongs to the toolkit alone. */
export class ControlStore {
  private readonly pool: pg.Pool;
  private readonly where: string;

  private constructor(url: string) {
    this.pool = new pg.Pool({
      connectionString: url,
      max: 6,
      connectionTimeoutMillis: 3000,
      // A connection that died without a word would otherwise keep whoever asks waiting for ever.
      query_timeout: QUERY_MS,
    });
    this.pool.on('error', () => undefined);
    // Without a listener of its own, one that breaks while it is in use would end the process, and all its requests.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
    const { hostname, port, pathname } = new URL(url);
    this.where = `${hostname}:${port || '5432'}${pathname}`;
  }

  /** @throws UnreachableDatabaseError */
  static async open(url: string): Promise<ControlStore> {
    const store = new ControlStore(url);
    await store.run(async (client) => {
      await client.query('SELECT pg_advisory_lock(727201)');
      try {
        await client.query(SCHEMA);
      } finally {
        await client.query('SELECT pg_advisory_unlock(727201)');
      }
    });
    return store;
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  /** The whole journal, oldest first, or what came after `seq`. */
  async entries(afterSeq = 0): Promise<JournalEntry[]> {
    const { rows } = await this.run((client) =>
      client.query<EntryRow>('SELECT * FROM strangler_control.journal WHERE seq > $1 ORDER BY seq', [
        afterSeq,
      ]),
    );
    return rows.map(toEntry);
  }

  /**
   * Appends a decision if the migration's newest entry is still `expectedSeq`. Saying the same thing twice is no
   * conflict, so that an append whose answer was lost can be repeated.
   *
   * @throws JournalConflictError when somebody else was faster
   */
  async append(entry: NewEntry, expectedSeq: number): Promise<JournalEntry> {
    const [written] = await this.appendAll([{ entry, expectedSeq }]);
    if (!written) throw new Error('one entry was to be written, and none was');
    return written;
  }

  /**
   * One decision about several migrations: all of its entries are written, or none.
   *
   * @returns them in the order in which they were given
   * @throws JournalConflictError when somebody else was faster with one of them
   */
  async appendAll(all: readonly ExpectedEntry[]): Promise<JournalEntry[]> {
    return this.run((client) => appendAt(client, all, (seq) => `NOTIFY ${CHANNEL}, '${seq}'`));
  }

  /** The time by the clock that leases, reports and the journal share. */
  async now(): Promise<number> {
    const [row] = await this.query<{ now: Date }>('SELECT clock_timestamp() AS now');
    return row?.now.getTime() ?? NaN;
  }

  /** Runs one statement for what is kept beside the journal. */
  async query<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return this.run(async (client) => (await client.query<Row>(sql, values)).rows);
  }

  /**
   * Runs one statement whose loss in a crash of the server harms nobody: it does not wait for the disk.
   *
   * @param sql without the `;` at its end; it sees nothing of what is put before it
   */
  async querySoonKept(sql: string, values: unknown[]): Promise<void> {
    await this.run((client) => client.query(`WITH soon AS MATERIALIZED (${SOON_KEPT}) ${sql}`, values));
  }

  /** Has the connections of the store at hand that a change of owner uses at once; they may have been idle too long. */
  async warmUp(): Promise<void> {
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.now()));
  }

  /** Emits `wake` when a proxy has told that it follows, until `signal`. */
  listenForAcks(signal: AbortSignal): Promise<EventEmitter> {
    return this.listen(signal, ACKS);
  }

  /**
   * Emits `wake` with its payload when something was announced on the channel, by default when something was
   * journaled, and `lost` when it cannot tell any more.
   */
  async listen(signal: AbortSignal, channel = CHANNEL): Promise<EventEmitter> {
    const events = new EventEmitter();
    const client = this.lonelyClient();
    client.on('notification', ({ payload }) => events.emit('wake', payload));
    client.on('error', () => events.emit('lost'));
    client.on('end', () => events.emit('lost'));
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
    } catch (cause) {
      throw new UnreachableDatabaseError('control store', this.where, cause);
    }
    endWith(signal, client);
    return events;
  }

  /**
   * Becomes the one coordinator, as soon as no other process is it. The lock goes with the connection, and the store
   * ends the connection of a coordinator that is silent: without that, a host that lost its power, or a process that
   * was stopped, would keep the lead for hours. Before PostgreSQL 14 it does.
   *
   * @param patienceMs how long to wait for somebody else to go: whoever waits has the lead at the moment it is free
   * @returns whether it still is; null when somebody else is the coordinator
   */
  async lead(signal: AbortSignal, patienceMs = 0): Promise<(() => boolean) | null> {
    const client = new pg.Client({
      connectionString: this.pool.options.connectionString,
      connectionTimeoutMillis: 3000,
      query_timeout: QUERY_MS + patienceMs,
      keepAlive: true,
    });
    let isLeading = false;
    const lose = (): void => void (isLeading = false);
    // The lock lasts as long as the connection. One whose answer came too late would go on, and keep everybody from the
    // lead, this process too.
    const giveUp = (): void => {
      lose();
      void client.end().catch(() => undefined);
    };
    client.on('error', lose);
    client.on('end', lose);
    try {
      await client.connect();
      endWith(signal, client);
      if (await wins(client, patienceMs)) {
        await client.query(
          "SELECT set_config(name, $1, false) FROM pg_settings WHERE name = 'idle_session_timeout'",
          [String(LEAD_MS)],
        );
        isLeading = true;
      }
    } catch (cause) {
      throw new UnreachableDatabaseError('control store', this.where, cause);
    } finally {
      if (!isLeading) await client.end().catch(() => undefined);
    }
    if (!isLeading) return null;
    let isAsking = false;
    const beat = setInterval(() => {
      // The answer to the last one is still to come, and waiting for it is bounded.
      if (isAsking) return;
      isAsking = true;
      client.query('SELECT').then(() => (isAsking = false), giveUp);
    }, BEAT_MS).unref();
    client.once('end', () => clearInterval(beat));
    return () => isLeading;
  }

  /**
   * Takes or renews a lease and says how far this proxy follows the journal.
   *
   * @param presence a connection that ends with the proxy: then nobody waits for the lease to run out
   */
  async renewLease(
    id: string,
    acked: number,
    leaseMs: number,
    presence: Presence | null = null,
  ): Promise<void> {
    await this.run((client) =>
      client.query(
        `INSERT INTO strangler_control.proxy (id, lease_until, acked, session_pid, session_start)
         VALUES ($1, clock_timestamp() + $2 * interval '1 ms', $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until, acked = greatest(proxy.acked, excluded.acked),
           session_pid = excluded.session_pid, session_start = excluded.session_start`,
        [id, leaseMs, acked, presence?.pid ?? null, presence?.startedAt ?? null],
      ),
    );
  }

  /**
   * Says how far this proxy follows the journal; its lease stays as it is. Writes wait for that: who waits is told at once.
   *
   * @returns false when it has no lease
   */
  async acknowledge(id: string, acked: number): Promise<boolean> {
    const rows = await this.query(
      `WITH soon AS MATERIALIZED (${SOON_KEPT}),
         told AS (UPDATE strangler_control.proxy SET acked = greatest(acked, $2::bigint) FROM soon WHERE id = $1 RETURNING id)
       SELECT pg_notify('${ACKS}', id) FROM told`,
      [id, acked],
    );
    return rows.length > 0;
  }

  /**
   * Opens a connection that does nothing but be there until `signal`.
   *
   * @param lost called once when it breaks before
   * @throws UnreachableDatabaseError
   */
  async bePresent(signal: AbortSignal, lost: () => void): Promise<Presence> {
    const client = this.lonelyClient();
    try {
      await client.connect();
      const { rows } = await client.query<Presence>(
        `SELECT pid, extract(epoch FROM backend_start)::text AS "startedAt" FROM pg_stat_activity WHERE pid = pg_backend_pid()`,
      );
      client.once('end', () => !signal.aborted && lost());
      endWith(signal, client);
      const [presence] = rows;
      if (!presence) throw new Error('the store does not show its own connections');
      return presence;
    } catch (cause) {
      await client.end().catch(() => undefined);
      throw new UnreachableDatabaseError('control store', this.where, cause);
    }
  }

  async dropLease(id: string): Promise<void> {
    await this.run((client) => client.query('DELETE FROM strangler_control.proxy WHERE id = $1', [id]));
  }

  /** Proxies that a move waits for: with a lease, and not known to be gone. */
  async liveProxies(): Promise<ProxyLease[]> {
    const { rows } = await this.run((client) =>
      client.query<{ id: string; acked: string }>(
        `SELECT id, acked FROM strangler_control.proxy p WHERE lease_until > clock_timestamp()
           AND (session_pid IS NULL OR EXISTS (SELECT FROM pg_stat_activity a
             WHERE a.pid = p.session_pid AND extract(epoch FROM a.backend_start)::text = p.session_start))`,
      ),
    );
    return rows.map((row) => ({ id: row.id, acked: Number(row.acked) }));
  }

  async report(name: string, value: unknown): Promise<void> {
    await this.run((client) =>
      client.query(
        `INSERT INTO strangler_control.report (name, value, at) VALUES ($1, $2, clock_timestamp())
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at`,
        [name, storable(value)],
      ),
    );
  }

  /** What was reported under names with this beginning; without one all but what is large and seldom wanted. */
  async reports(prefix = ''): Promise<Map<string, Report>> {
    const { rows } = await this.run((client) =>
      client.query<{ name: string; value: unknown; at: Date; age_ms: number }>(
        `SELECT name, value, at, (extract(epoch FROM clock_timestamp() - at) * 1000)::float8 AS age_ms
         FROM strangler_control.report
         WHERE starts_with(name, $1) AND ($1 <> '' OR NOT (starts_with(name, '${FINDINGS}') OR starts_with(name, '${FOUND}')))`,
        [prefix],
      ),
    );
    return new Map(
      rows.map(({ name, value, at, age_ms: ageMs }) => [name, { name, value, at: at.toISOString(), ageMs }]),
    );
  }

  /** Removes these reports if nobody has renewed them for `goneMs`, and all leases that ended so long ago. */
  async forgetGone(reports: readonly string[], goneMs: number): Promise<void> {
    const gone = `clock_timestamp() - $1 * interval '1 ms'`;
    await this.query(`DELETE FROM strangler_control.report WHERE name = ANY ($2) AND at < ${gone}`, [
      goneMs,
      reports,
    ]);
    await this.query(`DELETE FROM strangler_control.proxy WHERE lease_until < ${gone}`, [goneMs]);
  }

  /** Nothing is ever sent on it: only by keep-alive is it found out when the other end is gone. */
  private lonelyClient(): pg.Client {
    const client = new pg.Client({
      connectionString: this.pool.options.connectionString,
      connectionTimeoutMillis: 3000,
      keepAlive: true,
    });
    client.on('error', () => undefined);
    return client;
  }

  private async run<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect().catch((cause: unknown) => {
      throw new UnreachableDatabaseError('control store', this.where, cause);
    });
    try {
      const result = await work(client);
      client.release();
      return result;
    } catch (error) {
      const isBroken = isBrokenConnection(error);
      client.release(
        isBroken || !(error instanceof pg.DatabaseError || error instanceof JournalConflictError),
      );
      throw isBroken
        ? new UnreachableDatabaseError('control store', this.where, error, 'a connection')
        : error;
    }
  }
}

async function wins(client: pg.Client, patienceMs: number): Promise<boolean> {
  const { rows } = await client.query<{ won: boolean }>('SELECT pg_try_advisory_lock(727202) AS won');
  if (rows[0]?.won || patienceMs === 0) return rows[0]?.won ?? false;
  try {
    await client.query(`SET lock_timeout = ${patienceMs}`);
    await client.query('SELECT pg_advisory_lock(727202)');
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
}

function endWith(signal: AbortSignal, client: pg.Client): void {
  const end = (): void => void client.end().catch(() => undefined);
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
}
