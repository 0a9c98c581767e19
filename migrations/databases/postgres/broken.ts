import pg from 'pg';

/** What the server says when it ends a session for its own sake, and what stands in for an answer of it. */
const ENDED = /^(08|57P0[1-5])/;
const OF_NETWORK: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]);
/** The driver's own words have no code. */
const OF_DRIVER =
  /^Connection terminated|^Client (has encountered a connection error|was closed) and is not queryable/;

/** Whether it is the connection that failed, and not what was asked on it. */
export function isBrokenConnection(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if (error instanceof pg.DatabaseError) return ENDED.test(error.code ?? '');
  return ('code' in error && OF_NETWORK.has(error.code)) || OF_DRIVER.test(error.message);
}
