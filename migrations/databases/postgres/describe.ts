import type pg from 'pg';
import type { ColumnInfo, TableInfo } from '../database.ts';
import { DeferrableKeyError, UnknownTableError } from '../errors.ts';
import { query } from './connect.ts';
import { splitTable, tableIdent } from './identifiers.ts';
import type { CatalogType } from './kinds.ts';
import { kindOf } from './kinds.ts';

const labelsOf = (oid: string): string =>
  `(SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = ${oid})`;

/**
 * Text is cast to what is below a domain, without length: the cast to `char` or to a domain over `varchar(3)` cuts, and
 * only the assignment to the column refuses.
 */
const COLUMNS = `
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       CASE base.oid WHEN 'bpchar'::regtype THEN 'bpchar' WHEN 'bit'::regtype THEN 'varbit'
         WHEN 'bpchar[]'::regtype THEN 'bpchar[]' WHEN 'bit[]'::regtype THEN 'varbit[]'
         ELSE format_type(base.oid, NULL) END AS "castType",
       (NOT a.attnotnull)::text AS nullable,
       (a.atthasdef OR a.attidentity <> '')::text AS "hasDefault", (a.attgenerated <> '')::text AS generated,
       base.typname AS "typeName", base.typtype AS "typeType", base.modifier::text AS modifier,
       coalesce(l.collisdeterministic, true)::text AS exact, ${labelsOf('base.oid')} AS labels,
       element.typname AS "elementName", element.typtype AS "elementType", ${labelsOf('element.oid')} AS "elementLabels"
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
  WITH RECURSIVE down AS (
    SELECT t.*, a.atttypmod AS modifier FROM pg_type t WHERE t.oid = a.atttypid
    UNION ALL
    SELECT t.*, down.typtypmod FROM down JOIN pg_type t ON t.oid = down.typbasetype WHERE down.typtype = 'd')
  SELECT * FROM down WHERE typtype <> 'd') base
LEFT JOIN pg_type element ON element.oid = base.typelem AND base.typcategory = 'A'
LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`;

const KEY = `
SELECT a.attname AS name
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ord)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
WHERE n.nspname = $1 AND c.relname = $2 AND i.indisprimary ORDER BY k.ord`;

const DEFERRABLE_KEY = `
SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND i.indisprimary AND NOT i.indimmediate`;

const FOREIGN_KEYS = `
SELECT CASE WHEN fn.nspname = 'public' THEN f.relname ELSE fn.nspname || '.' || f.relname END AS table,
       (SELECT json_agg(a.attname ORDER BY u.ord) FROM unnest(k.conkey) WITH ORDINALITY AS u(attnum, ord)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum)::text AS columns
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
WHERE k.contype = 'f' AND n.nspname = $1 AND c.relname = $2`;

const UNIQUES = `
SELECT json_agg(a.attname ORDER BY k.ord)::text AS columns
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ord)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
WHERE n.nspname = $1 AND c.relname = $2 AND i.indisunique AND NOT i.indisprimary AND i.indpred IS NULL
  AND i.indexprs IS NULL AND k.ord <= i.indnkeyatts
GROUP BY i.indexrelid ORDER BY i.indexrelid`;

type ColumnRow = Record<
  | 'name'
  | 'type'
  | 'castType'
  | 'nullable'
  | 'hasDefault'
  | 'generated'
  | 'typeName'
  | 'typeType'
  | 'modifier'
  | 'exact',
  string
> &
  Record<'labels' | 'elementName' | 'elementType' | 'elementLabels', string | null>;

/**
 * Reads columns, primary key and foreign keys of a table from the catalog.
 *
 * @throws UnknownTableError, DeferrableKeyError
 */
export async function describe(pool: pg.Pool, label: string, table: string): Promise<TableInfo> {
  const { schema, name } = splitTable(table);
  const columns = await query<ColumnRow>(pool, label, COLUMNS, [schema, name]);
  if (columns.length === 0) throw new UnknownTableError(label, table);
  const key = await query<{ name: string }>(pool, label, KEY, [schema, name]);
  const deferrable = await query(pool, label, DEFERRABLE_KEY, [schema, name]);
  if (deferrable.length > 0) throw new DeferrableKeyError(label, table);
  const keys = await query<{ table: string; columns: string }>(pool, label, FOREIGN_KEYS, [schema, name]);
  const uniques = await query<{ columns: string }>(pool, label, UNIQUES, [schema, name]);
  return {
    name: table,
    columns: new Map(columns.map((column) => [column.name, columnInfo(column)])),
    primaryKey: key.map((row) => row.name),
    references: [...new Set(keys.map((row) => row.table))],
    foreignKeys: keys.map((row) => ({ table: row.table, columns: JSON.parse(row.columns) as string[] })),
    uniques: uniques.map((row) => JSON.parse(row.columns) as string[]),
  };
}

function columnInfo(row: ColumnRow): ColumnInfo {
  return {
    name: row.name,
    type: row.type,
    kind: kindOf(catalogType(row)),
    castType: row.castType,
    nullable: row.nullable === 'true',
    hasDefault: row.hasDefault === 'true',
    generated: row.generated === 'true',
  };
}

function catalogType(row: ColumnRow): CatalogType {
  const exact = row.exact === 'true';
  const labels = (json: string | null): string[] => JSON.parse(json ?? '[]') as string[];
  const element =
    row.elementName === null
      ? null
      : {
          name: row.elementName,
          type: row.elementType ?? 'b',
          modifier: -1,
          labels: labels(row.elementLabels),
          exact,
          element: null,
        };
  return {
    name: row.typeName,
    type: row.typeType,
    modifier: Number(row.modifier),
    labels: labels(row.labels),
    exact,
    element,
  };
}

/** Rows are about this long where nobody has counted them. */
const BYTES_PER_ROW = 100;

/**
 * Rough number of rows: what the last analysis found, else by the size; of each partition where there are any. Up to
 * PostgreSQL 13, what was never analysed has 0 rows, and 0 pages too.
 */
export async function estimateRows(pool: pg.Pool, label: string, table: string): Promise<number | null> {
  const [row] = await query<{ rows: string | null }>(
    pool,
    label,
    `SELECT sum(CASE WHEN c.reltuples < 0 OR c.relpages = 0 THEN pg_relation_size(c.oid) / ${BYTES_PER_ROW} ELSE c.reltuples END)::bigint AS rows
     FROM (SELECT relid FROM pg_partition_tree(to_regclass($1)) WHERE isleaf UNION SELECT to_regclass($1)) t
     JOIN pg_class c ON c.oid = t.relid AND c.relkind <> 'p'`,
    [tableIdent(table)],
  );
  return row?.rows === null || row === undefined ? null : Number(row.rows);
}
