import pg from 'pg';
import { UnreachableDatabaseError } from '../errors.ts';
import { isBrokenConnection } from './broken.ts';
import { underLimit } from '../within.ts';

/**
 * Every value arrives as the text that PostgreSQL wrote: parsing to JavaScript would round timestamps and big
 * numbers. The settings make that text the same on every server and in every session.
 */
export const TEXT_SETTINGS: ReadonlyMap<string, string> = new Map([
  ['DateStyle', 'ISO, YMD'],
  ['TimeZone', 'UTC'],
  ['IntervalStyle', 'postgres'],
  ['extra_float_digits', '1'],
  ['bytea_output', 'hex'],
  ['lc_monetary', 'C'],
]);

/** A process that was stopped in the middle of a transaction must not keep a move, or its own successor, waiting. */
const IDLE_IN_TRANSACTION_MS = 5000;

const asText = { getTypeParser: () => (text: string | Buffer) => text };

/** A pool whose sessions speak text by `TEXT_SETTINGS`. Connections are made when first needed. */
export function openPool(url: string, label: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 30_000,
    application_name: 'strangler',
    types: asText,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    options: [...TEXT_SETTINGS].map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '')}`).join(' '),
  });
  // An idle connection that breaks is replaced at the next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  // So would one that breaks while it is in use; whoever uses it is told by the statement that fails.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return Object.assign(pool, { stranglerLabel: label });
}

/** @throws UnreachableDatabaseError naming host and database, never the password */
async function connect(pool: pg.Pool, label: string): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (cause) {
    throw new UnreachableDatabaseError(label, whereOf(pool), cause);
  }
}

/** Says in words, and by a type that callers know, that the connection broke; any other error is what it is. */
const explained = (pool: pg.Pool, label: string, error: unknown): unknown =>
  isBrokenConnection(error)
    ? new UnreachableDatabaseError(label, whereOf(pool), error, 'a connection')
    : error;

/**
 * Runs one statement on a connection of the pool.
 * @throws UnreachableDatabaseError
 */
export async function query<T extends pg.QueryResultRow>(
  pool: pg.Pool,
  label: string,
  text: string,
  values: unknown[] = [],
): Promise<T[]> {
  return onClient(pool, label, async (client) => (await client.query<T>(text, values)).rows);
}

/** As `query`, for many rows: values by position instead of by name take half the time. */
export async function queryArrays(
  pool: pg.Pool,
  label: string,
  text: string,
  values: unknown[],
): Promise<(string | null)[][]> {
  const wanted = { text, values, rowMode: 'array' as const };
  return onClient(pool, label, async (client) => (await client.query<(string | null)[]>(wanted)).rows);
}

/**
 * Runs `work` on a connection of the pool.
 * @throws UnreachableDatabaseError also when the connection breaks meanwhile
 */
export async function onClient<T>(
  pool: pg.Pool,
  label: string,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await connect(pool, label);
  const free = endableUnderLimit(client, label);
  try {
    const result = await work(client);
    client.release();
    return result;
  } catch (error) {
    client.release(sqlState(error) === null || isBrokenConnection(error));
    throw explained(pool, label, error);
  } finally {
    free();
  }
}

/**
 * Runs `work` in a transaction, commits, or rolls back and rethrows.
 * @throws UnreachableDatabaseError also when the connection breaks meanwhile: of a commit nobody knows then
 */
export async function transaction<T>(
  pool: pg.Pool,
  label: string,
  begin: string,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await connect(pool, label);
  const free = endableUnderLimit(client, label);
  const letSleep = keepAwake(client);
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    const broken = await client.query('ROLLBACK').then(
      () => false,
      () => true,
    );
    client.release(broken);
    throw explained(pool, label, error);
  } finally {
    letSleep();
    free();
  }
}

/** With a statement under way, `end` breaks the connection; the statement fails. */
const endableUnderLimit = (client: pg.PoolClient, label: string): (() => void) =>
  underLimit(label, () => void (client as unknown as pg.Client).end().catch(() => undefined));

/**
 * A transaction waits while the other database works: a batch may take its time there. It is not idle as long as somebody
 * says so; a process that was stopped does not.
 *
 * @returns the way to end it
 */
function keepAwake(client: pg.PoolClient): () => void {
  let isAsking = false;
  const timer = setInterval(() => {
    if (isAsking) return;
    isAsking = true;
    const answered = (): void => void (isAsking = false);
    client.query('SELECT').then(answered, answered);
  }, IDLE_IN_TRANSACTION_MS / 3);
  return () => clearInterval(timer);
}

export function sqlState(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.code ?? null) : null;
}

function whereOf({ options }: pg.Pool): string {
  const url = options.connectionString ?? '';
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname}:${port || '5432'}${pathname}`;
  } catch {
    return 'an address that is not a URL';
  }
}
