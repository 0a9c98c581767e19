import type pg from 'pg';
import type { Digest, DigestColumn, DigestTable, KeyRange, Row } from '../database.ts';
import { query, queryArrays } from './connect.ts';
import { ident, literal, tableIdent } from './identifiers.ts';

/**
 * Between columns, for null, and behind the separator's character where a text has it: no two rows read alike. The
 * other dialect uses the same.
 */
const UNIT = '\u001f';
const SEPARATOR = literal(`${UNIT}|`);
const NULL = literal(`${UNIT}n`);

/** @see Database.digest */
export async function digest(
  pool: pg.Pool,
  label: string,
  table: DigestTable,
  range: KeyRange,
): Promise<Digest> {
  const { where, values } = within(table, range);
  const [row] = await query<Record<'rows' | 'sum', string>>(
    pool,
    label,
    `SELECT count(*) AS rows, coalesce(sum(${hashOf(table)}), 0)::text AS sum
     FROM ${tableIdent(table.name)} t ${where}`,
    values,
  );
  return { rows: Number(row?.rows ?? 0), sum: row?.sum ?? '0' };
}

/** @see Database.keyBehind */
export async function keyBehind(
  pool: pg.Pool,
  label: string,
  table: DigestTable,
  range: KeyRange,
  rows: number,
): Promise<Row | null> {
  const [key] = await keys(pool, label, table, range, `OFFSET ${Math.floor(rows) - 1} LIMIT 1`);
  return key ?? null;
}

/** @see Database.keysWithin */
export const keysWithin = (
  pool: pg.Pool,
  label: string,
  table: DigestTable,
  range: KeyRange,
  limit: number,
): Promise<Row[]> => keys(pool, label, table, range, `LIMIT ${Math.floor(limit)}`);

async function keys(
  pool: pg.Pool,
  label: string,
  table: DigestTable,
  range: KeyRange,
  some: string,
): Promise<Row[]> {
  const { where, values } = within(table, range);
  const names = table.key.map(({ name }) => `t.${ident(name)}`);
  const rows = await queryArrays(
    pool,
    label,
    `SELECT ${names.map((name) => `${name}::text`).join(', ')} FROM ${tableIdent(table.name)} t ${where}
     ORDER BY ${names.join(', ')} ${some}`,
    values,
  );
  return rows.map((row) => Object.fromEntries(table.key.map(({ name }, i) => [name, row[i] ?? null])));
}

function within({ key }: DigestTable, { after, upTo }: KeyRange): { where: string; values: unknown[] } {
  const names = key.map(({ name }) => `t.${ident(name)}`).join(', ');
  const values: unknown[] = [];
  const bound = (than: string, row: Row | null): string[] => {
    if (row === null) return [];
    const given = key.map(({ name, castType }) => `$${values.push(row[name])}::${castType}`);
    return [`(${names}) ${than} (${given.join(', ')})`];
  };
  const bounds = [...bound('>', after), ...bound('<=', upTo)];
  return { where: bounds.length > 0 ? `WHERE ${bounds.join(' AND ')}` : '', values };
}

/** The text of a record quotes what it has to, and PostgreSQL's own hash takes a third of the time of SHA-256, which the other dialect has too. */
function hashOf({ alike, columns }: DigestTable): string {
  if (alike) return `hashtextextended(ROW(${columns.map(valueOf).join(', ')})::text COLLATE "C", 0)`;
  const text = `concat_ws(${SEPARATOR}, ${columns.map(textOf).join(', ')})`;
  return `('x0' || substr(encode(sha256(convert_to(${text}, 'UTF8')), 'hex'), 1, 15))::bit(64)::bigint`;
}

function valueOf(one: DigestColumn): string {
  const value = `t.${ident(one.column.name)}`;
  if (one.as.kind === 'text') return value;
  return one.as.kind === 'number' && one.column.kind.kind === 'integer' ? value : textOf(one);
}

function textOf({ column, as }: DigestColumn): string {
  const value = `t.${ident(column.name)}`;
  const isText = column.kind.kind === 'text';
  const text = isText
    ? `replace(${value}::text, ${literal(UNIT)}, ${literal(`${UNIT}_`)})`
    : `${value}::text`;
  switch (as.kind) {
    case 'text':
      return `coalesce(${text}, ${NULL})`;
    case 'number':
      return `coalesce(${column.kind.kind === 'decimal' ? `trim_scale(${value})::text` : text}, ${NULL})`;
    case 'minor':
      return `coalesce(trim_scale(${value} * ${10 ** as.scale})::text, ${NULL})`;
    case 'codes': {
      const cases = [...as.codes].map(([from, to]) => `WHEN ${literal(from)} THEN ${literal(to)}`);
      // What has no code is equal to nothing.
      return `CASE WHEN ${value} IS NULL THEN ${NULL} ELSE CASE ${value}::text ${cases.join(' ')} ELSE ${literal(`${UNIT}?`)} END END`;
    }
  }
}
