import { createHash } from 'node:crypto';
import type { SourceTable } from '../database.ts';
import { at } from './catalog.ts';
import { query } from './connect.ts';
import type { Server } from './connect.ts';
import { hashExpression, ident, literal, splitTable, tableIdent } from './identifiers.ts';
import { jsonExpression, readExpression } from './values.ts';

export const EVENTS = ['insert', 'update', 'delete'] as const;
type Event = (typeof EVENTS)[number];

const LONGEST_PART = 24;
const UNKNOWN_COLUMN = 1054;

/** At most 64 characters, and one for each table and event. */
export function triggerName(event: Event, table: string, database: string): string {
  const { schema, name } = splitTable(table, database);
  const hash = createHash('sha256').update(`${schema}.${name}`).digest('hex').slice(0, 12);
  return `strangler_${event}_${name.slice(0, LONGEST_PART)}_${hash}`;
}

/** A trigger lives in the database of its table. */
export const triggerIdent = (event: Event, table: string, database: string): string =>
  `${ident(splitTable(table, database).schema)}.${ident(triggerName(event, table, database))}`;

/** Names of the triggers on each of these tables. */
export async function triggersOn(
  server: Server,
  tables: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map(tables.map((table) => [table, new Set<string>()]));
  const looks = tables.map((table) => {
    const place = splitTable(table, server.database);
    return `SELECT ${literal(table)}, t.TRIGGER_NAME FROM information_schema.TRIGGERS t
      WHERE ${at('t', place, ['EVENT_OBJECT_SCHEMA', 'EVENT_OBJECT_TABLE'])}`;
  });
  if (looks.length === 0) return found;
  for (const [table, trigger] of await query(server, looks.join(' UNION ALL '))) {
    found.get(table ?? '')?.add(trigger ?? '');
  }
  return found;
}

/**
 * Capture and fence of one table and event in one trigger. It comes after the application's own BEFORE triggers, and
 * runs with the rights of who creates it.
 *
 * The fence is read with a lock: it is the fence of now, even for a transaction that began earlier and sees the past;
 * and who raises it waits for every transaction that has written. The rows of `change` get their ids under the lock of
 * the row that they are about, which lasts until the commit: of one key, ids grow in the order of commits, and whoever
 * sees one change sees all before it. (Of one server: with several writing ones, as in Galera, this does not hold.)
 */
export function triggerSql(event: Event, migration: string, table: SourceTable, database: string): string {
  const bookkeeping = (name: string): string => `${ident(database)}.${name}`;
  const keys = table.key.flatMap((name) => table.columns.filter((column) => column.name === name));
  const texts = (row: string): string[] => keys.map((column) => readExpression(column, row));
  const change = (op: 'u' | 'd', row: 'OLD' | 'NEW', columns = op === 'd' ? keys : table.columns): string =>
    `INSERT INTO ${bookkeeping('strangler_change')} (at, migration, source, op, key_hash, \`key\`, \`row\`)
     VALUES (UTC_TIMESTAMP(6), ${literal(migration)}, ${literal(table.name)}, '${op}', ${hashExpression(texts(row))},
       JSON_ARRAY(${texts(row).join(', ')}), ${jsonExpression(columns, row)});`;
  // The application may drop or rename a column at any time, and must go on writing: its key is captured then, and
  // whoever applies the change sees that the rest is missing.
  const upsert = `BEGIN
      DECLARE EXIT HANDLER FOR ${UNKNOWN_COLUMN} ${change('u', 'NEW', keys)}
      ${change('u', 'NEW')}
    END;`;
  // By their hashes: a collation may take the old key and the new one for equal.
  const respelled = `${hashExpression(texts('OLD'))} <> ${hashExpression(texts('NEW'))}`;
  // A column of the key may go too. Nobody can say then which row it was: under a key of that name the change waits, parked,
  // and the stream stops for the key that is another.
  const unknown = keys.map(() => literal('unknown'));
  const keyless = `INSERT INTO ${bookkeeping('strangler_change')} (at, migration, source, op, key_hash, \`key\`, \`row\`)
     VALUES (UTC_TIMESTAMP(6), ${literal(migration)}, ${literal(table.name)}, '${event === 'delete' ? 'd' : 'u'}',
       ${hashExpression(unknown)}, JSON_ARRAY(${unknown.join(', ')}), '{}');`;
  const capture: Record<Event, string> = {
    insert: upsert,
    update: `IF ${respelled} THEN ${change('d', 'OLD')} END IF; ${upsert}`,
    delete: change('d', 'OLD'),
  };
  return `
CREATE TRIGGER ${triggerIdent(event, table.name, database)} AFTER ${event} ON ${tableIdent(table.name)} FOR EACH ROW
BEGIN
  DECLARE is_raised BOOLEAN DEFAULT NULL;
  DECLARE refusal TEXT CHARACTER SET utf8mb4 DEFAULT NULL;
  IF NOT (@strangler_origin <=> ${literal(migration)}) THEN
    SELECT raised INTO is_raised FROM ${bookkeeping('strangler_fence')}
      WHERE migration = ${literal(migration)} LOCK IN SHARE MODE;
    IF is_raised IS NULL OR is_raised THEN
      SELECT IF(role = 'follower', CONCAT('is owned by ', owner, ' since epoch ', epoch), NULL) INTO refusal
        FROM ${bookkeeping('strangler_side')} WHERE migration = ${literal(migration)};
      SET refusal = LEFT(CONCAT(${literal(`table ${table.name} is fenced: migration "${migration}" `)},
        COALESCE(refusal, 'is changing its owner right now')), 128);
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = refusal;
    END IF;
    BEGIN
      DECLARE EXIT HANDLER FOR ${UNKNOWN_COLUMN} ${keyless}
      ${capture[event]}
    END;
  END IF;
END`;
}
