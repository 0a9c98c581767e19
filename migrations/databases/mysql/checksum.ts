import type { ColumnInfo, Digest, DigestColumn, DigestTable, KeyRange, Row } from '../database.ts';
import type { Server } from './connect.ts';
import { query } from './connect.ts';
import { ident, literal, tableIdent } from './identifiers.ts';
import { canonicalRow, readExpression, writeExpression } from './values.ts';

/** As in PostgreSQL's: both sides hash the same bytes, by SHA-256, for MySQL 9.6 and later have no MD5 any more. */
const UNIT = '\u001f';
const SEPARATOR = literal(`${UNIT}|`);
const NULL = literal(`${UNIT}n`);

/** @see Database.digest */
export async function digest(server: Server, table: DigestTable, range: KeyRange): Promise<Digest> {
  const text = `CONCAT_WS(${SEPARATOR}, ${table.columns.map(textOf).join(', ')})`;
  const [row] = await query(
    server,
    `SELECT COUNT(*), COALESCE(SUM(CAST(CONV(LEFT(SHA2(${text}, 256), 15), 16, 10) AS UNSIGNED)), 0)
     FROM ${tableIdent(table.name)} t ${within(table, range)}`,
  );
  return { rows: Number(row?.[0] ?? 0), sum: row?.[1] ?? '0' };
}

/** @see Database.keyBehind */
export async function keyBehind(
  server: Server,
  table: DigestTable,
  range: KeyRange,
  rows: number,
): Promise<Row | null> {
  const [key] = await keys(server, table, range, `LIMIT 1 OFFSET ${Math.floor(rows) - 1}`);
  return key ?? null;
}

/** @see Database.keysWithin */
export const keysWithin = (
  server: Server,
  table: DigestTable,
  range: KeyRange,
  limit: number,
): Promise<Row[]> => keys(server, table, range, `LIMIT ${Math.floor(limit)}`);

async function keys(server: Server, table: DigestTable, range: KeyRange, some: string): Promise<Row[]> {
  const rows = await query(
    server,
    `SELECT ${table.key.map((column) => readExpression(column, 't')).join(', ')}
     FROM ${tableIdent(table.name)} t ${within(table, range)}
     ORDER BY ${table.key.map(({ name }) => `t.${ident(name)}`).join(', ')} ${some}`,
  );
  return rows.map((row) => canonicalRow(table.key, row));
}

function within({ key }: DigestTable, { after, upTo }: KeyRange): string {
  const bounds = [
    ...(after ? [bound(key, after, '>', '>')] : []),
    ...(upTo ? [bound(key, upTo, '<', '<=')] : []),
  ];
  return bounds.length > 0 ? `WHERE ${bounds.join(' AND ')}` : '';
}

/** `(a, b) > (1, 2)`, spelled so that the index is used. */
function bound(key: readonly ColumnInfo[], row: Row, than: '<' | '>', last: string): string {
  const parts = key.map((column) => ({
    name: `t.${ident(column.name)}`,
    value: writeExpression(column, row[column.name] ?? null),
  }));
  const ways = parts.map(({ name, value }, i) => {
    const same = parts.slice(0, i).map((part) => `${part.name} = ${part.value} AND `);
    return `(${same.join('')}${name} ${i === parts.length - 1 ? last : than} ${value})`;
  });
  const [first] = parts;
  return `${first?.name} ${than}= ${first?.value} AND (${ways.join(' OR ')})`;
}

function textOf({ column, as }: DigestColumn): string {
  const read = readExpression(column, 't');
  switch (as.kind) {
    case 'text': {
      const text =
        column.kind.kind === 'text' ? `REPLACE(${read}, ${literal(UNIT)}, ${literal(`${UNIT}_`)})` : read;
      return `COALESCE(${text}, ${NULL})`;
    }
    case 'number':
      return `COALESCE(${column.kind.kind === 'decimal' ? trimmed(read) : read}, ${NULL})`;
    case 'minor':
      return `COALESCE(${trimmed(`CAST(t.${ident(column.name)} * ${10 ** as.scale} AS CHAR CHARACTER SET utf8mb4)`)}, ${NULL})`;
    case 'codes': {
      const cases = [...as.codes].map(([from, to]) => `WHEN BINARY ${literal(from)} THEN ${literal(to)}`);
      // What has no code is equal to nothing.
      return `CASE WHEN ${read} IS NULL THEN ${NULL} ELSE CASE BINARY ${read} ${cases.join(' ')} ELSE ${literal(`${UNIT}?`)} END END`;
    }
  }
}

/** Without zeros behind the point, as PostgreSQL's `trim_scale`. */
const trimmed = (text: string): string =>
  `IF(INSTR(${text}, '.') > 0, TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM ${text})), ${text})`;
