import pg from 'pg';
import { QueryFailedError } from 'typeorm';
import { badRequest, Refusal } from './refusal.ts';

interface DatabaseError {
  /** PostgreSQL's state, or the name of a MySQL error, or of one of the network. */
  code?: string;
  /** MySQL's state. */
  sqlState?: string;
  constraint?: string;
  message: string;
}

/** What mysql2 calls a connection that broke. */
const LOST = 'PROTOCOL_CONNECTION_LOST';
const NETWORK = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', LOST]);

/** Whether the database turned a statement down for breaking this constraint (or any, without a name). */
export function violates(
  error: unknown,
  sqlState: '23503' | '23505' | '23000',
  constraint?: string,
): boolean {
  const cause = databaseError(error);
  if (!cause || stateOf(cause) !== sqlState) return false;
  return constraint === undefined || cause.constraint === constraint;
}

/** What a client is told of a database error, or undefined where the fault is our own. */
export function databaseRefusal(error: unknown): Refusal | undefined {
  const cause = databaseError(error);
  if (!cause) return isLostConnection(error) ? unavailable(error.message) : undefined;
  const sqlState = stateOf(cause) ?? '';
  if (NETWORK.has(sqlState) || sqlState === '') return unavailable(cause.message);
  if (sqlState.startsWith('22')) return badRequest(`The database cannot store this: ${cause.message}.`);
  // Class 42 is a statement that is wrong in itself and class 23 a constraint nobody foresaw: our bugs.
  if (sqlState.startsWith('42') || sqlState.startsWith('23')) return undefined;
  // Everything else can pass: a trigger's own error, a lock not granted, a server shutting down.
  return new Refusal(503, 'database_refused', `The database refused this: ${cause.message}`);
}

/** Whether it only does not answer now, and may do later what failed. */
export const isDatabaseAway = (error: unknown): boolean =>
  databaseRefusal(error)?.code === 'database_unavailable';

const stateOf = (cause: DatabaseError) => cause.sqlState ?? cause.code;

function databaseError(error: unknown): DatabaseError | undefined {
  return error instanceof QueryFailedError ? (error.driverError as DatabaseError) : undefined;
}

/** The database's own error outside of a query is its answer to a connection: closed, full, shutting down. */
function isLostConnection(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if (error instanceof pg.DatabaseError) return true;
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined) return NETWORK.has(code);
  return /^(Connection terminated|timeout exceeded when trying to connect)/.test(error.message);
}

const unavailable = (message: string) =>
  new Refusal(503, 'database_unavailable', `The database does not answer: ${message}`);
