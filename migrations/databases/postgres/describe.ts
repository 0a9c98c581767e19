import type pg from 'pg';
import type { ColumnInfo, TableInfo } from '../database.ts';
import { UnknownTableError } from '../errors.ts';
import { query } from './connect.ts';
import { splitTable } from './identifiers.ts';

const COLUMNS = `
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       CASE a.atttypid WHEN 'bpchar'::regtype THEN 'bpchar' WHEN 'bit'::regtype THEN 'varbit'
         ELSE format_type(a.atttypid, NULL) END AS "castType",
       (NOT a.attnotnull)::text AS nullable,
       (a.atthasdef OR a.attidentity <> '')::text AS "hasDefault", (a.attgenerated <> '')::text AS generated
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`;

const KEY = `
SELECT a.attname AS name
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ord)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
WHERE n.nspname = $1 AND c.relname = $2 AND i.indisprimary ORDER BY k.ord`;

const REFERENCES = `
SELECT DISTINCT CASE WHEN fn.nspname = 'public' THEN f.relname ELSE fn.nspname || '.' || f.relname END AS name
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
WHERE k.contype = 'f' AND n.nspname = $1 AND c.relname = $2`;

type ColumnRow = Record<'name' | 'type' | 'castType' | 'nullable' | 'hasDefault' | 'generated', string>;

/** Reads columns, primary key and foreign keys of a table from the catalog. */
export async function describe(pool: pg.Pool, label: string, table: string): Promise<TableInfo> {
  const { schema, name } = splitTable(table);
  const columns = await query<ColumnRow>(pool, label, COLUMNS, [schema, name]);
  if (columns.length === 0) throw new UnknownTableError(label, table);
  const key = await query<{ name: string }>(pool, label, KEY, [schema, name]);
  const references = await query<{ name: string }>(pool, label, REFERENCES, [schema, name]);
  return {
    name: table,
    columns: new Map(columns.map((column) => [column.name, columnInfo(column)])),
    primaryKey: key.map((row) => row.name),
    references: references.map((row) => row.name),
  };
}

function columnInfo(row: ColumnRow): ColumnInfo {
  return {
    name: row.name,
    type: row.type,
    castType: row.castType,
    nullable: row.nullable === 'true',
    hasDefault: row.hasDefault === 'true',
    generated: row.generated === 'true',
  };
}

/** Rows are about this long where nobody has counted them. */
const BYTES_PER_ROW = 100;

/** Rough number of rows: what the last analysis found, else by the size of the table. */
export async function estimateRows(pool: pg.Pool, label: string, table: string): Promise<number | null> {
  const { schema, name } = splitTable(table);
  const [row] = await query<{ rows: string; bytes: string }>(
    pool,
    label,
    `SELECT c.reltuples::bigint AS rows, pg_relation_size(c.oid) AS bytes
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`,
    [schema, name],
  );
  if (!row) return null;
  return Number(row.rows) < 0 ? Math.round(Number(row.bytes) / BYTES_PER_ROW) : Number(row.rows);
}
