import { createHash } from 'node:crypto';
import { using } from './connect.ts';
import type { Server } from './connect.ts';
import { ident, literal, splitTable, tableIdent } from './identifiers.ts';
import { EVENTS, triggersOn } from './triggers.ts';

const MOST_CHARACTERS = 128;
const PREFIX = 'strangler_retired_';

/** At most 64 characters, and one for each table and event. */
function guardName(event: string, table: string, database: string): string {
  const { schema, name } = splitTable(table, database);
  const hash = createHash('sha256').update(`${schema}.${name}`).digest('hex').slice(0, 12);
  return `${PREFIX}${event}_${hash}`;
}

const guardIdent = (event: string, table: string, database: string): string =>
  `${ident(splitTable(table, database).schema)}.${ident(guardName(event, table, database))}`;

/**
 * Refuses writes to these tables from now on; what the sync still carries passes. Repeating it changes nothing.
 * (No trigger sees a TRUNCATE here.)
 */
export async function guard(server: Server, tables: readonly string[], words: string): Promise<void> {
  await using(server, async (session) => {
    for (const table of tables) {
      const text = `table ${table} is retired: ${words}`.slice(0, MOST_CHARACTERS);
      for (const event of EVENTS) {
        const name = guardIdent(event, table, server.database);
        await session.run(`DROP TRIGGER IF EXISTS ${name}`);
        await session.run(`CREATE TRIGGER ${name} BEFORE ${event} ON ${tableIdent(table)} FOR EACH ROW
          BEGIN
            IF @strangler_origin IS NULL THEN
              SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = ${literal(text)};
            END IF;
          END`);
      }
    }
  });
}

/** Removes the guard from these tables. Tables that are gone have none. */
export async function dropGuard(server: Server, tables: readonly string[]): Promise<void> {
  await using(server, async (session) => {
    for (const table of tables) {
      for (const event of EVENTS)
        await session.run(`DROP TRIGGER IF EXISTS ${guardIdent(event, table, server.database)}`);
    }
  });
}

/** Which of these tables have a guard against each kind of write. */
export async function guarded(server: Server, tables: readonly string[]): Promise<readonly string[]> {
  const triggers = await triggersOn(server, tables);
  return tables.filter((table) =>
    EVENTS.every((event) => triggers.get(table)?.has(guardName(event, table, server.database))),
  );
}
