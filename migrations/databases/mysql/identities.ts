import type { Server } from './connect.ts';
import { query, using } from './connect.ts';
import { ident, literal, splitTable, tableIdent } from './identifiers.ts';

/** The column that counts by itself, and the number that it will give next. */
async function counter(server: Server, table: string): Promise<{ column: string; next: bigint } | null> {
  const { schema, name } = splitTable(table, server.database);
  const [row] = await query(
    server,
    `SELECT c.COLUMN_NAME, COALESCE(t.AUTO_INCREMENT, 1) FROM information_schema.COLUMNS c
     JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
     WHERE c.TABLE_SCHEMA = ${literal(schema)} AND c.TABLE_NAME = ${literal(name)} AND c.EXTRA LIKE '%auto_increment%'`,
  );
  return row ? { column: row[0] ?? '', next: BigInt(row[1] ?? 1) } : null;
}

/** @see Database.identities */
export async function identities(server: Server, table: string): Promise<ReadonlyMap<string, bigint>> {
  const found = await counter(server, table);
  return new Map(found ? [[found.column, found.next - 1n]] : []);
}

/**
 * The engine itself keeps the counter above what is in the table; only a floor that is higher needs the ALTER, which
 * waits for open transactions on the table.
 *
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
  await using(server, (session) =>
    session.run(`ALTER TABLE ${tableIdent(table)} AUTO_INCREMENT = ${floor + 1n}`),
  );
}
