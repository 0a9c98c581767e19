import type pg from 'pg';
import type {
  AppliedKey,
  AppliedRow,
  FoundRow,
  Row,
  SourceRow,
  SourceTable,
  TargetTable,
} from '../database.ts';
import { query } from './connect.ts';
import { describe } from './describe.ts';
import { ident, keyExpression, literal, tableIdent } from './identifiers.ts';

/**
 * Completes a `chunk` of rows with the id of the newest change that each contains. One statement has one snapshot,
 * so row and version belong together even where commit order and visibility order differ (as they do with
 * synchronous replication).
 */
async function readVersioned(
  pool: pg.Pool,
  label: string,
  migration: string,
  table: SourceTable,
  chunk: string,
  values: unknown[],
): Promise<FoundRow[]> {
  const columns = columnsOf(table);
  const [n, m] = [values.length + 1, values.length + 2];
  const rows = await query<Record<string, string | null>>(
    pool,
    label,
    `WITH chunk AS MATERIALIZED (${chunk}),
     newest AS (
       SELECT key, max(id) AS version FROM strangler.change WHERE migration = $${n} AND source = $${m} GROUP BY key)
     SELECT chunk.*, coalesce(newest.version, 0)::text AS v
     FROM chunk LEFT JOIN newest ON newest.key = chunk.k ORDER BY chunk.ord`,
    [...values, migration, table.name],
  );
  return rows.map((row) => ({
    key: row.k ?? '',
    version: row.v ?? '0',
    row: row.found === 'f' ? null : Object.fromEntries(columns.map((c, i) => [c, row[`c${i}`] ?? null])),
  }));
}

/** @see Database.readChunk */
export async function readChunk(
  pool: pg.Pool,
  label: string,
  migration: string,
  table: SourceTable,
  after: Row | null,
  limit: number,
): Promise<SourceRow[]> {
  const types = await typesOf(pool, label, table);
  const keys = table.key.map((c) => `t.${ident(c)}`).join(', ');
  const behind = after
    ? `WHERE (${keys}) > (${table.key.map((c, i) => `$${i + 1}::${types.get(c)}`).join(', ')})`
    : '';
  const chunk = `SELECT ${textOf(table)}, ${keyExpression(table.key, 't')} AS k, row_number() OVER (ORDER BY ${keys}) AS ord
    FROM ${tableIdent(table.name)} t ${behind} ORDER BY ${keys} LIMIT ${Math.floor(limit)}`;
  const values = after ? table.key.map((c) => after[c]) : [];
  return (await readVersioned(pool, label, migration, table, chunk, values)) as SourceRow[];
}

/** @see Database.readRows */
export async function readRows(
  pool: pg.Pool,
  label: string,
  migration: string,
  table: SourceTable,
  keys: readonly Row[],
): Promise<FoundRow[]> {
  const types = await typesOf(pool, label, table);
  const wanted = table.key.map((c) => `(r->>${literal(c)})::${types.get(c)} AS ${ident(c)}`).join(', ');
  const chunk = `SELECT ${textOf(table)}, ${keyExpression(table.key, 'w')} AS k, w.ord,
      (t.${ident(table.key[0] ?? '')} IS NOT NULL) AS found
    FROM (SELECT ${wanted}, ord FROM json_array_elements($1::json) WITH ORDINALITY AS e(r, ord)) w
    LEFT JOIN ${tableIdent(table.name)} t ON ${table.key.map((c) => `t.${ident(c)} = w.${ident(c)}`).join(' AND ')}`;
  return readVersioned(pool, label, migration, table, chunk, [JSON.stringify(keys)]);
}

/**
 * One answer for each key, in their order. Marks are looked up one by one (LATERAL): the table of all keys that were
 * ever changed is not to be read for each chunk.
 *
 * @see Database.readApplied
 */
export async function readApplied(
  pool: pg.Pool,
  label: string,
  migration: string,
  target: TargetTable,
  keys: readonly AppliedKey[],
): Promise<AppliedRow[]> {
  const columns = target.columns.map((column) => column.name);
  const typeOf = new Map(target.columns.map((column) => [column.name, column.castType]));
  const wanted = keys.map((key) => ({
    k: key.sourceKey,
    ...Object.fromEntries(target.key.map((c, i) => [`c${i}`, key.key[c]])),
  }));
  const rows = await query<Record<string, string | null>>(
    pool,
    label,
    `SELECT w.k, m.epoch, m.version, m.deleted::text AS deleted, (t.${ident(target.key[0] ?? '')} IS NOT NULL)::text AS found,
            ${columns.map((c, i) => `t.${ident(c)}::text AS v${i}`).join(', ')}
     FROM ROWS FROM (json_to_recordset($1::json) AS (k text, ${target.key.map((_, i) => `c${i} text`).join(', ')}))
       WITH ORDINALITY AS w
     LEFT JOIN ${tableIdent(target.name)} t
       ON ${target.key.map((c, i) => `t.${ident(c)} = w.c${i}::${typeOf.get(c)}`).join(' AND ')}
     LEFT JOIN LATERAL (
       SELECT * FROM strangler.mark WHERE migration = $2 AND entry = $3 AND key = w.k LIMIT 1) m ON true
     ORDER BY w.ordinality`,
    [JSON.stringify(wanted), migration, target.entry],
  );
  return rows.map((row) => ({
    sourceKey: row.k ?? '',
    row: row.found === 'true' ? Object.fromEntries(columns.map((c, i) => [c, row[`v${i}`] ?? null])) : null,
    mark:
      typeof row.version !== 'string'
        ? null
        : { epoch: BigInt(row.epoch ?? 0), version: BigInt(row.version), deleted: row.deleted === 'true' },
  }));
}

const columnsOf = (table: SourceTable): string[] => [...new Set([...table.key, ...table.columns])];

const textOf = (table: SourceTable): string =>
  columnsOf(table)
    .map((c, i) => `t.${ident(c)}::text AS c${i}`)
    .join(', ');

/** Types of the key columns, read once per table: a schema change of a key ends the sync anyway. */
const knownTypes = new WeakMap<pg.Pool, Map<string, Map<string, string>>>();

async function typesOf(pool: pg.Pool, label: string, table: SourceTable): Promise<Map<string, string>> {
  const ofPool = knownTypes.get(pool) ?? new Map<string, Map<string, string>>();
  knownTypes.set(pool, ofPool);
  const known = ofPool.get(table.name);
  if (known) return known;
  const info = await describe(pool, label, table.name);
  const types = new Map([...info.columns.values()].map((column) => [column.name, column.castType]));
  ofPool.set(table.name, types);
  return types;
}
