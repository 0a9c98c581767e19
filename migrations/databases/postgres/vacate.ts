import type pg from 'pg';
import type { ColumnInfo, TargetRow, TargetTable } from '../database.ts';
import { input, inputOf, sameKey } from './apply-sql.ts';
import { ident, tableIdent } from './identifiers.ts';

/** Unique indexes besides the key's that speak at once and stand on columns alone, each with these columns. */
const UNIQUES = `
SELECT json_agg(a.attname)::text AS columns
FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ord)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = to_regclass($1) AND i.indisunique AND NOT i.indisprimary AND i.indimmediate
  AND i.indexprs IS NULL AND k.ord <= i.indnkeyatts
GROUP BY i.indexrelid ORDER BY i.indexrelid`;

/** @see Applier.vacate */
export async function vacate(
  client: pg.ClientBase,
  target: TargetTable,
  rows: readonly TargetRow[],
): Promise<number> {
  const { rows: uniques } = await client.query<{ columns: string }>(UNIQUES, [tableIdent(target.name)]);
  let vacated = 0;
  for (const unique of uniques) {
    const sql = vacateSql(target, JSON.parse(unique.columns) as string[]);
    if (sql) vacated += (await client.query(sql, inputOf(target, rows))).rowCount ?? 0;
  }
  return vacated;
}

/** One column is enough to give up a combination. Null when no column of it can be given up and written again. */
function vacateSql(target: TargetTable, unique: readonly string[]): string | null {
  const at = new Map(target.columns.map((column, i) => [column.name, { column, i }]));
  const wanted = unique.flatMap((name) => at.get(name) ?? []);
  if (wanted.length < unique.length) return null;
  const standIns = wanted
    .filter(({ column }) => !target.key.includes(column.name))
    .map(({ column }) => ({ column, value: standIn(target, column) }));
  const chosen =
    standIns.find(({ column }) => column.nullable) ?? standIns.find(({ value }) => value !== null);
  if (!chosen?.value) return null;
  const isWanted = wanted.map(({ column, i }) => `t.${ident(column.name)} = w.c${i}::${column.castType}`);
  return `WITH ${input(target, 2)}, numbered AS (SELECT *, row_number() OVER () AS n FROM input)
    UPDATE ${tableIdent(target.name)} t SET ${ident(chosen.column.name)} = ${chosen.value} FROM numbered i
    WHERE ${sameKey(target)} AND EXISTS (SELECT FROM input w WHERE w.k <> i.k AND ${isWanted.join(' AND ')})`;
}

/** A value that no row has; null where there is none to be found. */
function standIn(target: TargetTable, column: ColumnInfo): string | null {
  if (column.nullable) return 'NULL';
  const greatest = `(SELECT max(${ident(column.name)}) FROM ${tableIdent(target.name)})`;
  const { kind } = column;
  switch (kind.kind) {
    case 'integer':
    case 'decimal':
    case 'float':
      return `${greatest} + i.n::${column.castType}`;
    case 'date':
      return `${greatest} + i.n::integer`;
    case 'datetime':
    case 'instant':
      return `${greatest} + i.n * interval '1 day'`;
    case 'text':
      return `left(md5(random()::text), ${kind.length ?? 32})::${column.castType}`;
    case 'uuid':
      return 'gen_random_uuid()';
    case 'bytes':
      return `decode(md5(random()::text), 'hex')`;
    default:
      return null;
  }
}
