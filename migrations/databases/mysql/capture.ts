import type { Installation, NewSide, SourceTable } from '../database.ts';
import { CaptureUnavailableError, DatabaseError, StaleEpochError } from '../errors.ts';
import { ER, errorNumber, query, transaction, using } from './connect.ts';
import type { Server, Session } from './connect.ts';
import { deleteChanges } from './changes.ts';
import { literal, tableIdent } from './identifiers.ts';
import { createTables, START_POSITION, TABLES } from './schema.ts';
import { EVENTS, triggerIdent, triggerName, triggersOn, triggerSql } from './triggers.ts';

const OF_MIGRATION = Object.keys(TABLES).filter((name) => name !== 'strangler_change');
const DELETE_ROWS = 5000;
const INSTALL_WAIT_SECONDS = 10;

/**
 * Creates bookkeeping, capture and fence, and starts this side afresh. Every CREATE commits here, so the order counts:
 * the fence's row is there before the first trigger asks for it, and a crash anywhere leaves what the next install
 * completes. Changes that were captured before it was complete mean nothing: the copy of all rows begins after it.
 */
export async function install(
  server: Server,
  migration: string,
  tables: readonly SourceTable[],
  side: NewSide,
): Promise<void> {
  const byLog = tables.find((table) => table.capture === 'replication');
  if (byLog) {
    throw new CaptureUnavailableError(
      server.label,
      `${byLog.name} is in a MySQL or MariaDB`,
      'keep it in PostgreSQL',
    );
  }
  for (const table of tables) refuseKeys(server, table);
  await alone(server, async (session) => {
    await createTables(session);
    await transaction(session, () => refuseLate(server, session, migration, side.epoch - 1n));
    await deleteChanges(session, migration);
    await deleteRows(session, migration, ['strangler_mark', 'strangler_parked']);
    await transaction(session, async () => {
      await refuseLate(server, session, migration, side.epoch - 1n);
      await deleteRows(
        session,
        migration,
        OF_MIGRATION.filter((name) => name !== 'strangler_fence'),
      );
      const name = literal(migration);
      await session.run(
        `INSERT INTO strangler_side (migration, role, owner, epoch, attempt, position)
         VALUES (${name}, '${side.role}', ${literal(side.owner)}, ${side.epoch}, ${side.epoch}, '${START_POSITION}')`,
      );
      await session.run(`INSERT INTO strangler_read (migration, batch) VALUES (${name}, 0)`);
      const raised = side.role === 'follower';
      await session.run(
        `INSERT INTO strangler_fence (migration, raised) VALUES (${name}, ${raised})
         ON DUPLICATE KEY UPDATE raised = ${raised}`,
      );
    });
    for (const table of tables) await createTriggers(server, session, migration, table);
  });
}

/** Removes triggers and rows of this migration; the tables go with the last migration. */
export async function remove(
  server: Server,
  migration: string,
  tables: readonly string[],
  epoch: bigint,
): Promise<void> {
  const [installed] = await query(
    server,
    `SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'strangler_side'`,
  );
  if (!installed) return;
  await alone(server, async (session) => {
    await transaction(session, () => refuseLate(server, session, migration, epoch));
    for (const table of tables) {
      for (const event of EVENTS) {
        await session.run(`DROP TRIGGER IF EXISTS ${triggerIdent(event, table, server.database)}`);
      }
    }
    await deleteChanges(session, migration);
    await deleteRows(session, migration, OF_MIGRATION);
    const [other] = await session.rows('SELECT 1 FROM strangler_side LIMIT 1');
    if (!other) await session.run(`DROP TABLE ${Object.keys(TABLES).join(', ')}`);
  });
}

/** Tells which of the tables are captured, could be fenced, and are fenced now. One trigger does both here. */
export async function inspect(
  server: Server,
  migration: string,
  tables: readonly string[],
): Promise<Installation> {
  const triggers = await triggersOn(server, tables);
  const captured = tables.filter((table) =>
    EVENTS.every((event) => triggers.get(table)?.has(triggerName(event, table, server.database))),
  );
  const isRaised = await query(
    server,
    `SELECT raised FROM strangler_fence WHERE migration = ${literal(migration)}`,
  ).catch((error: unknown) => {
    if (errorNumber(error) === ER.NO_SUCH_TABLE) return [];
    throw error;
  });
  return { captured, fenceable: captured, fenced: isRaised[0]?.[0] === '1' ? captured : [] };
}

/**
 * MySQL can only drop and create anew. Under the table's lock, no write gets between the two; the lock also waits, for a
 * limited time, until transactions have ended that wrote before there was a trigger.
 */
async function createTriggers(
  server: Server,
  session: Session,
  migration: string,
  table: SourceTable,
): Promise<void> {
  await session.run(`LOCK TABLES ${tableIdent(table.name)} WRITE`);
  try {
    for (const event of EVENTS) {
      await session.run(`DROP TRIGGER IF EXISTS ${triggerIdent(event, table.name, server.database)}`);
      await session.run(triggerSql(event, migration, table, server.database));
    }
  } catch (error) {
    throw explained(server, table.name, error);
  } finally {
    await session.run('UNLOCK TABLES');
  }
}

function explained(server: Server, table: string, error: unknown): unknown {
  const number = errorNumber(error);
  if (number === ER.BINLOG_CREATE_ROUTINE) {
    return new DatabaseError(
      `${server.label}: the server lets nobody without SUPER create a trigger on "${table}" while it writes a binary log; ` +
        'set log_bin_trust_function_creators = 1',
      { cause: error },
    );
  }
  if (number === ER.LOCK_WAIT_TIMEOUT) {
    return new DatabaseError(
      `${server.label}: transactions on table "${table}" did not end, so no trigger could be created; ` +
        'find the long one (SHOW PROCESSLIST) and try again',
      { cause: error },
    );
  }
  return error;
}

/** The text of a float is finished by us and not by the server, so a key of it has no text that both know. */
function refuseKeys(server: Server, table: SourceTable): void {
  const float = table.columns.find(({ name, kind }) => table.key.includes(name) && kind.kind === 'float');
  if (!float) return;
  throw new DatabaseError(
    `${server.label}: column "${float.name}" of the key of table "${table.name}" is a ${float.type}; ` +
      'a floating-point number cannot be a key that is followed',
  );
}

/** Two installers at once would trip over each other. */
async function alone(server: Server, work: (session: Session) => Promise<void>): Promise<void> {
  await using(server, async (session) => {
    const lock = `CONCAT('strangler ', LEFT(SHA2(DATABASE(), 256), 32))`;
    const [got] = await session.rows(`SELECT GET_LOCK(${lock}, ${INSTALL_WAIT_SECONDS})`);
    if (got?.[0] !== '1') {
      throw new DatabaseError(
        `${server.label}: another installation is under way; try again when it is done`,
      );
    }
    try {
      await work(session);
    } finally {
      await session.rows(`SELECT RELEASE_LOCK(${lock})`);
    }
  });
}

async function deleteRows(session: Session, migration: string, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    for (let left = true; left;) {
      const [done] = await session.run(
        `DELETE FROM ${table} WHERE migration = ${literal(migration)} LIMIT ${DELETE_ROWS}`,
      );
      left = done?.affectedRows === DELETE_ROWS;
    }
  }
}

/** Whoever slept through a later start of the migration must not undo it. */
async function refuseLate(server: Server, session: Session, migration: string, epoch: bigint): Promise<void> {
  const [later] = await session.rows(
    `SELECT epoch FROM strangler_side WHERE migration = ${literal(migration)} AND epoch > ${epoch} FOR UPDATE`,
  );
  if (later) {
    throw new StaleEpochError(server.label, migration, `an epoch up to ${epoch}`, `epoch ${later[0]}`);
  }
}
