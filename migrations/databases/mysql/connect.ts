import { readFileSync } from 'node:fs';
import { types } from 'node:util';
import { createPool } from 'mysql2/promise';
import type { Pool, PoolConnection, PoolOptions, ResultSetHeader } from 'mysql2/promise';
import { DatabaseError, UnreachableDatabaseError } from '../errors.ts';
import type { Text } from '../database.ts';
import { underLimit } from '../within.ts';

/** A database of a MySQL or MariaDB server. */
export interface Server {
  label: string;
  database: string;
  /** Host, port and database, for messages. */
  where: string;
  pool: Pool;
}

/** Longest wait for a row's lock; MySQL counts whole seconds. */
export const LOCK_WAIT_SECONDS = 5;

/** A transaction that says nothing for so long is ended by the server; one that waits says something in between. */
const IDLE_SECONDS = 5;
/** The same for a connection that nobody uses; longer than the pool keeps one. */
const UNUSED_SECONDS = 60;
const AWAKE_MS = (IDLE_SECONDS * 1000) / 3;

/**
 * Zero dates are data like any other here, and 0 is a key like any other; all else that would alter a value is an
 * error. READ COMMITTED locks the rows that are written and no gaps between them. A process that was stopped in the
 * middle of a transaction must not keep a move, or its own successor, waiting: MariaDB ends such a transaction, MySQL
 * knows no such limit, so each transaction sets the one for its session. What stands in a versioned comment is for one
 * of the two only.
 */
const SESSION = `
SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION',
  time_zone = '+00:00', innodb_lock_wait_timeout = ${LOCK_WAIT_SECONDS}, lock_wait_timeout = ${LOCK_WAIT_SECONDS},
  wait_timeout = ${UNUSED_SECONDS}
  /*M!100300 , idle_transaction_timeout = ${IDLE_SECONDS}, in_predicate_conversion_threshold = 0 */
  /*!80000 , information_schema_stats_expiry = 0 */;
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
SELECT @@max_allowed_packet`;

/** @throws DatabaseError when the URL says something that is not understood */
export function openServer(url: string, label: string): Server {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const database = decodeURIComponent(pathname.slice(1));
  const where = `${hostname}:${port || '3306'}/${database}`;
  if (!database) throw new DatabaseError(`${label}: the URL of ${where} names no database`);
  const pool = createPool({
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database,
    connectionLimit: 8,
    maxIdle: 8,
    idleTimeout: 30_000,
    connectTimeout: 5000,
    charset: 'utf8mb4',
    // Several statements in one go: the ones that update a row each.
    multipleStatements: true,
    rowsAsArray: true,
    // Every value arrives as text: numbers of JavaScript would round.
    typeCast: (field) => field.string(),
    ...tlsOptions(searchParams, label),
  });
  // A connection that breaks is told to whoever uses it next; without a listener it would end the process.
  pool.on('connection', (connection) => void connection.on('error', () => undefined));
  return { label, database, where, pool };
}

/** As MySQL's own clients call it: `?ssl-mode=required` encrypts, `verify_ca` and `verify_identity` check too. */
function tlsOptions(parameters: URLSearchParams, label: string): PoolOptions {
  for (const name of parameters.keys()) {
    if (name !== 'ssl-mode' && name !== 'ssl-ca') {
      throw new DatabaseError(`${label}: the URL's parameter "${name}" is not known (ssl-mode, ssl-ca)`);
    }
  }
  const mode = (parameters.get('ssl-mode') ?? 'disabled').toLowerCase().replace('-', '_');
  const file = parameters.get('ssl-ca');
  const ca = file === null ? {} : { ca: readFileSync(file, 'utf8') };
  switch (mode) {
    case 'disabled':
      return {};
    case 'required':
      return { ssl: { rejectUnauthorized: false } };
    case 'verify_ca':
      return { ssl: { rejectUnauthorized: true, verifyIdentity: false, ...ca } };
    case 'verify_identity':
      return { ssl: { rejectUnauthorized: true, verifyIdentity: true, ...ca } };
    default:
      throw new DatabaseError(
        `${label}: ssl-mode "${mode}" is not known (disabled, required, verify_ca, verify_identity)`,
      );
  }
}

/** One connection, in the state that `SESSION` describes. */
export class Session {
  readonly connection: PoolConnection;
  /** Statements have to stay below this, in bytes. */
  readonly maxPacket: number;

  constructor(connection: PoolConnection, maxPacket: number) {
    this.connection = connection;
    this.maxPacket = maxPacket;
  }

  /** Runs a statement that returns rows. */
  async rows(sql: string): Promise<Text[][]> {
    const [rows] = await this.connection.query(sql);
    return rows as unknown as Text[][];
  }

  /** Runs one or several statements that return none; their results in order. */
  async run(sql: string): Promise<ResultSetHeader[]> {
    const [result] = await this.connection.query<ResultSetHeader | ResultSetHeader[]>(sql);
    return Array.isArray(result) ? result : [result];
  }
}

const prepared = new WeakMap<object, number>();

/** @throws UnreachableDatabaseError naming host and database, never the password */
async function checkOut(server: Server): Promise<Session> {
  let connection: PoolConnection;
  try {
    connection = await server.pool.getConnection();
  } catch (cause) {
    throw new UnreachableDatabaseError(server.label, server.where, cause);
  }
  const known = prepared.get(connection.connection);
  if (known) return new Session(connection, known);
  const free = underLimit(server.label, () => connection.destroy());
  try {
    const [results] = await connection.query(SESSION);
    const maxPacket = Number((results as unknown as string[][][])[2]?.[0]?.[0]);
    prepared.set(connection.connection, maxPacket);
    return new Session(connection, maxPacket);
  } catch (error) {
    connection.destroy();
    throw explained(server, error);
  } finally {
    free();
  }
}

/**
 * Runs `work` on a connection of the pool; it goes back only when nothing is wrong with it.
 * @throws UnreachableDatabaseError also when the connection breaks meanwhile: of a commit nobody knows then
 */
export async function using<T>(server: Server, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await checkOut(server);
  const free = underLimit(server.label, () => session.connection.destroy());
  try {
    const result = await work(session);
    session.connection.release();
    return result;
  } catch (error) {
    if (errorNumber(error) === null || isBrokenConnection(error)) session.connection.destroy();
    else session.connection.release();
    throw explained(server, error);
  } finally {
    free();
  }
}

/** Says in words, and by a type that callers know, that the connection broke; any other error is what it is. */
const explained = (server: Server, error: unknown): unknown =>
  isBrokenConnection(error)
    ? new UnreachableDatabaseError(server.label, server.where, error, 'a connection')
    : error;

/** The server ends the session: shutdown, killed, killed in MySQL, idle for too long in MySQL. */
const ENDED: ReadonlySet<number> = new Set([1053, 1927, 3169, 4031]);
const OF_NETWORK: ReadonlySet<unknown> = new Set([
  ...['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH'],
]);

/** Whether it is the connection that failed, and not what was asked on it. */
function isBrokenConnection(error: unknown): boolean {
  // A socket's error need not be of the same realm as the code that sees it.
  if (!types.isNativeError(error)) return false;
  const number = errorNumber(error);
  if (number !== null) return ENDED.has(number);
  // The driver's own words have no code.
  return (
    ('code' in error && OF_NETWORK.has(error.code)) || error.message.endsWith('connection is in closed state')
  );
}

/**
 * Runs one statement that returns rows.
 * @throws UnreachableDatabaseError
 */
export const query = (server: Server, sql: string): Promise<Text[][]> =>
  using(server, (session) => session.rows(sql));

const UNUSED = `SET SESSION wait_timeout = ${UNUSED_SECONDS}`;

/**
 * Runs `work` in a transaction, commits, or rolls back and rethrows.
 *
 * @param session one that the caller holds already; it is handed back to the caller
 */
export async function transaction<T>(session: Session, work: () => Promise<T>): Promise<T> {
  const letSleep = keepAwake(session);
  try {
    await session.run(`SET SESSION wait_timeout = ${IDLE_SECONDS}; START TRANSACTION`);
    const result = await work();
    await session.run(`COMMIT; ${UNUSED}`);
    return result;
  } catch (error) {
    await session.run(`ROLLBACK; ${UNUSED}`).catch(() => session.connection.destroy());
    throw error;
  } finally {
    letSleep();
  }
}

/**
 * A transaction waits while the other database works: a batch may take its time there. It is not idle as long as somebody
 * says so; a process that was stopped does not.
 *
 * @returns the way to end it
 */
function keepAwake(session: Session): () => void {
  let isAsking = false;
  const timer = setInterval(() => {
    if (isAsking) return;
    isAsking = true;
    const answered = (): void => void (isAsking = false);
    session.run('DO 0').then(answered, answered);
  }, AWAKE_MS);
  return () => clearInterval(timer);
}

/** What the server said; null when it said nothing (the connection broke, or it is not of the database at all). */
export function errorNumber(error: unknown): number | null {
  if (!(error instanceof Error) || !('errno' in error) || !('sqlState' in error)) return null;
  return typeof error.errno === 'number' && error.errno > 0 && error.sqlState ? error.errno : null;
}

export const ER = {
  NO_SUCH_TABLE: 1146,
  LOCK_WAIT_TIMEOUT: 1205,
  DEADLOCK: 1213,
  INTERRUPTED: 1317,
  BINLOG_CREATE_ROUTINE: 1419,
} as const;
