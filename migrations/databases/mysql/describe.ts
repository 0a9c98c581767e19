import type { Cascade, TableInfo, Text } from '../database.ts';
import { DatabaseError, UnknownTableError } from '../errors.ts';
import type { Server } from './connect.ts';
import { query } from './connect.ts';
import { at } from './catalog.ts';
import type { Place } from './catalog.ts';
import { columnInfo, columnsSql } from './columns.ts';
import { splitTable } from './identifiers.ts';

/** Unique indexes, their columns in order: with null for an expression, and the length of a part of a column. */
const uniquesSql = (place: Place): string => `
SELECT s.INDEX_NAME, s.COLUMN_NAME, s.SUB_PART FROM information_schema.STATISTICS s
WHERE ${at('s', place)} AND s.NON_UNIQUE = 0
ORDER BY s.INDEX_NAME = 'PRIMARY', s.INDEX_NAME, s.SEQ_IN_INDEX`;

/** Foreign keys, a row for each column in order: as JSON, neither server would keep the order, nor MariaDB the letters. */
const foreignKeysSql = (place: Place): string => `
SELECT k.CONSTRAINT_NAME, k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME, r.DELETE_RULE, r.UPDATE_RULE, k.COLUMN_NAME
FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
  ON ${at('r', place, ['CONSTRAINT_SCHEMA', 'TABLE_NAME'])} AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
WHERE ${at('k', place)} AND k.REFERENCED_TABLE_NAME IS NOT NULL
ORDER BY k.CONSTRAINT_NAME, k.ORDINAL_POSITION`;

/** Reads columns, primary key and foreign keys of a table from the catalog. */
export async function describe(server: Server, table: string): Promise<TableInfo> {
  const place = splitTable(table, server.database);
  const [found] = await query(
    server,
    `SELECT t.ENGINE FROM information_schema.TABLES t WHERE ${at('t', place)} AND t.TABLE_TYPE = 'BASE TABLE'`,
  );
  if (!found) throw new UnknownTableError(server.label, table);
  if (found[0] !== 'InnoDB') {
    throw new DatabaseError(
      `${server.label}: table "${table}" has the engine ${found[0]}, whose writes are in no transaction; ` +
        'change it to InnoDB (ALTER TABLE … ENGINE = InnoDB)',
    );
  }
  const [columns, byIndex, foreignKeys] = await Promise.all([
    query(server, columnsSql(place)),
    indexesOf(server, place),
    query(server, foreignKeysSql(place)),
  ]);
  const parents = [...Map.groupBy(foreignKeys, ([constraint]) => constraint).values()].map((columns) => {
    const [[, inSchema, parent, onDelete, onUpdate] = []] = columns;
    return {
      table: inSchema === server.database ? (parent ?? '') : `${inSchema}.${parent}`,
      columns: columns.map((column) => column.at(-1) ?? ''),
      onDelete,
      onUpdate,
    };
  });
  return {
    name: table,
    columns: new Map(columns.map((column) => [column[0] ?? '', columnInfo(column)])),
    primaryKey: byIndex.get('PRIMARY') ?? [],
    references: [...new Set(parents.map((parent) => parent.table))],
    foreignKeys: parents.map(({ table: parent, columns: names }) => ({ table: parent, columns: names })),
    uniques: besidesThePrimary(byIndex),
    cascades: eachOnce(
      parents.flatMap(({ table: from, onDelete, onUpdate }) => [
        ...cascade(from, table, 'ON DELETE', onDelete),
        ...cascade(from, table, 'ON UPDATE', onUpdate),
      ]),
    ),
  };
}

/** Columns of each unique index besides the primary key's. */
export const uniquesOf = async (server: Server, table: string): Promise<string[][]> =>
  besidesThePrimary(await indexesOf(server, splitTable(table, server.database)));

const besidesThePrimary = (byIndex: ReadonlyMap<string, string[]>): string[][] =>
  [...byIndex].filter(([index]) => index !== 'PRIMARY').map(([, columns]) => columns);

/** Without those that stand on an expression, or besides the primary key on a part of a column. */
async function indexesOf(server: Server, place: Place): Promise<Map<string, string[]>> {
  const parts = Map.groupBy(await query(server, uniquesSql(place)), ([index = null]) => index ?? '');
  const whole = [...parts].filter(([index, columns]) =>
    columns.every(([, column, part]) => column !== null && (index === 'PRIMARY' || part === null)),
  );
  return new Map(whole.map(([index, columns]) => [index, columns.map(([, column]) => column ?? '')]));
}

const cascade = (from: string, to: string, event: string, rule: Text | undefined): Cascade[] =>
  rule === 'CASCADE' || rule === 'SET NULL' || rule === 'SET DEFAULT'
    ? [{ from, to, action: `${event} ${rule}` }]
    : [];

/** Two foreign keys may lead to the same table. */
const eachOnce = (cascades: readonly Cascade[]): Cascade[] => [
  ...new Map(cascades.map((one) => [`${one.from} ${one.action}`, one])).values(),
];

/** Rough number of rows, as the engine guesses it. */
export async function estimateRows(server: Server, table: string): Promise<number | null> {
  const place = splitTable(table, server.database);
  const [row] = await query(
    server,
    `SELECT t.TABLE_ROWS FROM information_schema.TABLES t WHERE ${at('t', place)}`,
  );
  return row?.[0] ? Number(row[0]) : null;
}
