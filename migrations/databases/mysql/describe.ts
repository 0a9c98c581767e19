import type { Cascade, ColumnInfo, TableInfo, Text } from '../database.ts';
import { DatabaseError, UnknownTableError } from '../errors.ts';
import type { Server } from './connect.ts';
import { query } from './connect.ts';
import { literal, splitTable } from './identifiers.ts';
import { kindOf } from './kinds.ts';

/** `table` is a condition on the table's place. MariaDB alone says which table a check belongs to. */
const columnsSql = (table: string): string => `
SELECT c.COLUMN_NAME, c.DATA_TYPE, c.COLUMN_TYPE, c.CHARACTER_MAXIMUM_LENGTH, c.CHARACTER_OCTET_LENGTH,
  c.NUMERIC_PRECISION, c.NUMERIC_SCALE, c.DATETIME_PRECISION, c.COLLATION_NAME, c.IS_NULLABLE, c.COLUMN_DEFAULT,
  c.EXTRA, c.GENERATION_EXPRESSION,
  0 /*M! + (SELECT COUNT(*) FROM information_schema.CHECK_CONSTRAINTS k WHERE k.CONSTRAINT_SCHEMA = c.TABLE_SCHEMA
    AND k.TABLE_NAME = c.TABLE_NAME AND k.CHECK_CLAUSE = CONCAT('json_valid(\`', c.COLUMN_NAME, '\`)')) */
FROM information_schema.COLUMNS c WHERE ${table} ORDER BY c.ORDINAL_POSITION`;

/** Unique indexes with the columns of each; what stands on expressions or on a part of a column is not told. */
const uniquesSql = (table: string): string => `
SELECT c.INDEX_NAME, c.COLUMN_NAME FROM information_schema.STATISTICS c WHERE ${table} AND c.NON_UNIQUE = 0
  AND NOT EXISTS (
    SELECT 1 FROM information_schema.STATISTICS o WHERE o.TABLE_SCHEMA = c.TABLE_SCHEMA
      AND o.TABLE_NAME = c.TABLE_NAME AND o.INDEX_NAME = c.INDEX_NAME
      AND (o.COLUMN_NAME IS NULL OR (o.SUB_PART IS NOT NULL AND c.INDEX_NAME <> 'PRIMARY')))
ORDER BY c.INDEX_NAME = 'PRIMARY', c.INDEX_NAME, c.SEQ_IN_INDEX`;

const foreignKeysSql = (schema: string, name: string): string => `
SELECT DISTINCT k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME, r.DELETE_RULE, r.UPDATE_RULE
FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
  ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
WHERE k.TABLE_SCHEMA = ${literal(schema)} AND k.TABLE_NAME = ${literal(name)} AND k.REFERENCED_TABLE_NAME IS NOT NULL`;

const keyColumnsSql = (schema: string, name: string): string => `
SELECT k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME, JSON_ARRAYAGG(k.COLUMN_NAME)
FROM information_schema.KEY_COLUMN_USAGE k
WHERE k.TABLE_SCHEMA = ${literal(schema)} AND k.TABLE_NAME = ${literal(name)} AND k.REFERENCED_TABLE_NAME IS NOT NULL
GROUP BY k.CONSTRAINT_NAME, k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME`;

/** Reads columns, primary key and foreign keys of a table from the catalog. */
export async function describe(server: Server, table: string): Promise<TableInfo> {
  const { schema, name } = splitTable(table, server.database);
  const here = `c.TABLE_SCHEMA = ${literal(schema)} AND c.TABLE_NAME = ${literal(name)}`;
  const [found] = await query(
    server,
    `SELECT c.ENGINE FROM information_schema.TABLES c WHERE ${here} AND c.TABLE_TYPE = 'BASE TABLE'`,
  );
  if (!found) throw new UnknownTableError(server.label, table);
  if (found[0] !== 'InnoDB') {
    throw new DatabaseError(
      `${server.label}: table "${table}" has the engine ${found[0]}, whose writes are in no transaction; ` +
        'change it to InnoDB (ALTER TABLE … ENGINE = InnoDB)',
    );
  }
  const [columns, byIndex, foreignKeys, keyColumns] = await Promise.all([
    query(server, columnsSql(here)),
    indexesOf(server, here),
    query(server, foreignKeysSql(schema, name)),
    query(server, keyColumnsSql(schema, name)),
  ]);
  const named = (inSchema: Text | undefined, parent: Text | undefined): string =>
    inSchema === server.database ? (parent ?? '') : `${inSchema}.${parent}`;
  const parents = foreignKeys.map(([inSchema, parent, onDelete, onUpdate]) => ({
    table: named(inSchema, parent),
    onDelete,
    onUpdate,
  }));
  return {
    name: table,
    columns: new Map(columns.map((column) => [column[0] ?? '', columnInfo(column)])),
    primaryKey: byIndex.get('PRIMARY') ?? [],
    references: [...new Set(parents.map((parent) => parent.table))],
    foreignKeys: keyColumns.map(([inSchema, parent, columns]) => ({
      table: named(inSchema, parent),
      columns: JSON.parse(columns ?? '[]') as string[],
    })),
    uniques: besidesThePrimary(byIndex),
    cascades: parents.flatMap(({ table: from, onDelete, onUpdate }) => [
      ...cascade(from, table, 'ON DELETE', onDelete),
      ...cascade(from, table, 'ON UPDATE', onUpdate),
    ]),
  };
}

/** Columns of each unique index besides the primary key's. */
export async function uniquesOf(server: Server, table: string): Promise<string[][]> {
  const { schema, name } = splitTable(table, server.database);
  return besidesThePrimary(
    await indexesOf(server, `c.TABLE_SCHEMA = ${literal(schema)} AND c.TABLE_NAME = ${literal(name)}`),
  );
}

const besidesThePrimary = (byIndex: ReadonlyMap<string, string[]>): string[][] =>
  [...byIndex].filter(([index]) => index !== 'PRIMARY').map(([, columns]) => columns);

async function indexesOf(server: Server, here: string): Promise<Map<string, string[]>> {
  const columns = new Map<string, string[]>();
  for (const [index = null, column = null] of await query(server, uniquesSql(here))) {
    columns.set(index ?? '', [...(columns.get(index ?? '') ?? []), column ?? '']);
  }
  return columns;
}

const cascade = (from: string, to: string, event: string, rule: Text | undefined): Cascade[] =>
  rule === 'CASCADE' || rule === 'SET NULL' || rule === 'SET DEFAULT'
    ? [{ from, to, action: `${event} ${rule}` }]
    : [];

function columnInfo(row: readonly Text[]): ColumnInfo {
  const [
    name,
    data,
    full,
    characters,
    bytes,
    precision,
    scale,
    fraction,
    collation,
    nullable,
    initial,
    extra,
  ] = row;
  const number = (text: Text = null): number | null => (text === null ? null : Number(text));
  const type = full ?? '';
  return {
    name: name ?? '',
    type,
    kind: kindOf({
      data: data ?? '',
      full: type,
      characters: number(characters),
      bytes: number(bytes),
      precision: number(precision),
      scale: number(scale),
      fraction: number(fraction),
      collation: collation ?? null,
      isJson: row[13] !== '0',
    }),
    castType: type,
    nullable: nullable === 'YES',
    // MariaDB writes out the default that every nullable column has.
    hasDefault: (initial ?? 'NULL') !== 'NULL' || /auto_increment|DEFAULT_GENERATED/i.test(extra ?? ''),
    generated: Boolean(row[12]) || /(VIRTUAL|STORED) GENERATED/i.test(extra ?? ''),
  };
}

/** Rough number of rows, as the engine guesses it. */
export async function estimateRows(server: Server, table: string): Promise<number | null> {
  const { schema, name } = splitTable(table, server.database);
  const [row] = await query(
    server,
    `SELECT TABLE_ROWS FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = ${literal(schema)} AND TABLE_NAME = ${literal(name)}`,
  );
  return row?.[0] ? Number(row[0]) : null;
}
