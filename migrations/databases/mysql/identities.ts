import { IdentityTimeoutError } from '../errors.ts';
import { at } from './catalog.ts';
import type { Server, Session } from './connect.ts';
import { ER, errorNumber, LOCK_WAIT_SECONDS, query, using } from './connect.ts';
import { ident, splitTable, tableIdent } from './identifiers.ts';

/** Writes of the whole migration are held meanwhile, and a move has two seconds altogether. */
const ALTER_WAIT_SECONDS = 1;

/** The column that counts by itself, and the number that it will give next. */
async function counter(server: Server, table: string): Promise<{ column: string; next: bigint } | null> {
  const place = splitTable(table, server.database);
  const [row] = await query(
    server,
    `SELECT c.COLUMN_NAME, COALESCE(t.AUTO_INCREMENT, 1)
     FROM information_schema.COLUMNS c JOIN information_schema.TABLES t ON ${at('t', place)}
     WHERE ${at('c', place)} AND c.EXTRA LIKE '%auto_increment%'`,
  );
  return row ? { column: row[0] ?? '', next: BigInt(row[1] ?? 1) } : null;
}

/** @see Database.identities */
export async function identities(server: Server, table: string): Promise<ReadonlyMap<string, bigint>> {
  const found = await counter(server, table);
  return new Map(found ? [[found.column, found.next - 1n]] : []);
}

/**
 * The engine itself keeps the counter above what is in the table; only a floor that is higher needs the ALTER. It waits
 * for whoever has as much as read the table in a transaction that is still open, and everybody who comes later waits
 * behind it: so not for long.
 *
 * @throws IdentityTimeoutError
 * @see Database.raiseIdentities
 */
export async function raiseIdentities(
  server: Server,
  table: string,
  floors: ReadonlyMap<string, bigint>,
): Promise<void> {
  const found = await counter(server, table);
  if (!found) return;
  const [top] = await query(
    server,
    `SELECT COALESCE(MAX(${ident(found.column)}), 0) FROM ${tableIdent(table)}`,
  );
  const floor = [floors.get(found.column) ?? 0n, BigInt(top?.[0] ?? 0)].reduce((a, b) => (a > b ? a : b));
  if (floor < found.next) return;
  await using(server, (session) => setCounter(server, session, table, floor + 1n));
}

async function setCounter(server: Server, session: Session, table: string, next: bigint): Promise<void> {
  await session.run(`SET SESSION lock_wait_timeout = ${ALTER_WAIT_SECONDS}`);
  try {
    await session.run(`ALTER TABLE ${tableIdent(table)} AUTO_INCREMENT = ${next}`);
  } catch (error) {
    if (errorNumber(error) !== ER.LOCK_WAIT_TIMEOUT) throw error;
    throw new IdentityTimeoutError(server.label, table, next, ALTER_WAIT_SECONDS);
  } finally {
    await session
      .run(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_SECONDS}`)
      .catch(() => session.connection.destroy());
  }
}
