import type pg from 'pg';
import type {
  AppliedKey,
  AppliedRow,
  FoundRow,
  Row,
  SourceRow,
  SourceTable,
  TargetTable,
  Text,
} from '../database.ts';
import { query, queryArrays } from './connect.ts';
import { ident, literal, tableIdent } from './identifiers.ts';
import { keyExpression } from './key-text.ts';
import { isReplicated } from './slot/slot.ts';
import { readVersionedByLog } from './slot/versions.ts';

/** Brings what is in the log into the change table. */
type Collect = (migration: string) => Promise<void>;

/** Rows of a chunk are about this long together at most: they have to fit into memory, however long one is. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** The id of the newest change of a row that `withVersions` reads. */
export const VERSION = 'greatest(newest.version, truncated.version, 0)';

/** Reads some expressions over a `chunk`, in its order. Migration and source are expressions of SQL too. */
export function withVersions(
  chunk: string,
  migration: string,
  source: string,
  expressions: readonly string[],
): string {
  return `WITH newest AS (
       SELECT key, max(id) AS version FROM strangler.change
       WHERE migration = ${migration} AND source = ${source} GROUP BY key)
     SELECT ${expressions.join(', ')}
     FROM (${chunk}) chunk
     CROSS JOIN (SELECT max(version) AS version FROM newest WHERE key = '') truncated
     LEFT JOIN newest ON newest.key = chunk.k ORDER BY chunk.ord`;
}

/**
 * Completes a `chunk` of rows with the id of the newest change that each contains; a truncation is a change of every
 * key, also of those that are not there any more. One statement has one snapshot, so row and version belong together
 * even where commit order and visibility order differ (as they do with synchronous replication).
 */
async function readVersioned(
  pool: pg.Pool,
  label: string,
  migration: string,
  table: SourceTable,
  chunk: string,
  values: unknown[],
  collect: Collect,
): Promise<FoundRow[]> {
  const columns = columnsOf(table);
  const [n, m] = [values.length + 1, values.length + 2];
  if (isReplicated(table)) {
    const found = await readVersionedByLog(pool, label, migration, table, chunk, values, collect);
    return found.map((each) => ({
      key: each.k ?? '',
      version: each.v ?? '0',
      row: each.found === 'f' ? null : rowOf(columns, (i) => each[`c${i}`]),
    }));
  }
  const found = await queryArrays(
    pool,
    label,
    withVersions(chunk, `$${n}`, `$${m}`, [
      'chunk.k',
      `${VERSION}::text`,
      'chunk.found',
      ...columns.map((_, i) => `chunk.c${i}`),
    ]),
    [...values, migration, table.name],
  );
  return found.map((each) => ({
    key: each[0] ?? '',
    version: each[1] ?? '0',
    row: each[2] === 'f' ? null : rowOf(columns, (i) => each[i + 3]),
  }));
}

function rowOf(columns: readonly string[], valueAt: (i: number) => Text | undefined): Row {
  const row: Row = {};
  for (const [i, column] of columns.entries()) row[column] = valueAt(i) ?? null;
  return row;
}

/** @see Database.readChunk */
export async function readChunk(
  pool: pg.Pool,
  label: string,
  migration: string,
  table: SourceTable,
  after: Row | null,
  limit: number,
  collect: Collect,
): Promise<SourceRow[]> {
  const types = typesOf(table);
  const behind = after ? table.key.map((c, i) => `$${i + 1}::${types.get(c)}`) : null;
  const chunk = chunkSql(table, textOf(table), behind, limit);
  const values = after ? table.key.map((c) => after[c]) : [];
  return (await readVersioned(pool, label, migration, table, chunk, values, collect)) as SourceRow[];
}

/**
 * The next rows in the order of their key, with it.
 *
 * @param behind expressions for the key behind which they are; null: from the first
 */
export function chunkSql(
  table: SourceTable,
  columns: string,
  behind: readonly string[] | null,
  limit: number,
): string {
  const keys = table.key.map((c) => `t.${ident(c)}`).join(', ');
  const order = `ORDER BY ${keys} ROWS UNBOUNDED PRECEDING`;
  const length = lengthOf(table);
  const before = length === null ? '' : `, sum(${length}) OVER (${order}) - ${length} AS bytes_before`;
  const some = `SELECT t.*, row_number() OVER (${order}) AS ord${before}
    FROM ${tableIdent(table.name)} t ${behind ? `WHERE (${keys}) > (${behind.join(', ')})` : ''}
    ORDER BY ${keys} LIMIT ${Math.floor(limit)}`;
  return `SELECT ${columns}, ${keyExpression(table, 't')} AS k, t.ord, true AS found
    FROM (${some}) t ${length === null ? '' : `WHERE t.bytes_before < ${CHUNK_BYTES}`}`;
}

/** Stored bytes of the columns that can be long, without reading what is stored apart; null where none can be. */
function lengthOf(table: SourceTable): string | null {
  const lengths = table.columns.flatMap(({ name, kind }) => {
    const value = `t.${ident(name)}`;
    if (kind.kind === 'text') return kind.length === null ? [`octet_length(${value})`] : [];
    if (kind.kind === 'bytes') return [`2 * octet_length(${value})`];
    return ['json', 'array', 'other'].includes(kind.kind) ? [`pg_column_size(${value})`] : [];
  });
  return lengths.length === 0 ? null : `(${lengths.map((length) => `coalesce(${length}, 0)`).join(' + ')})`;
}

/** A key with a NUL character, as MySQL's may have one, is the key of no row here, and taken apart it would be an error. */
const keysAsJson = (keys: readonly object[]): string =>
  JSON.stringify(keys, (_, value: unknown) =>
    typeof value === 'string' && value.includes('\0') ? null : value,
  );

/** @see Database.readRows */
export async function readRows(
  pool: pg.Pool,
  label: string,
  migration: string,
  table: SourceTable,
  keys: readonly Row[],
  collect: Collect,
): Promise<FoundRow[]> {
  const types = typesOf(table);
  const wanted = table.key.map((c) => `(r->>${literal(c)})::${types.get(c)} AS ${ident(c)}`).join(', ');
  const chunk = `SELECT ${textOf(table)}, ${keyExpression(table, 'w')} AS k, w.ord,
      (t.${ident(table.key[0] ?? '')} IS NOT NULL) AS found
    FROM (SELECT ${wanted}, ord FROM json_array_elements($1::json) WITH ORDINALITY AS e(r, ord)) w
    LEFT JOIN ${tableIdent(table.name)} t ON ${table.key.map((c) => `t.${ident(c)} = w.${ident(c)}`).join(' AND ')}`;
  return readVersioned(pool, label, migration, table, chunk, [keysAsJson(keys)], collect);
}

/**
 * One answer for each key, in their order. A truncation has marked every key, under the empty one. Marks are looked up
 * one by one (LATERAL): the table of all keys that were ever changed is not to be read for each chunk.
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
       SELECT * FROM strangler.mark WHERE migration = $2 AND entry = $3 AND key IN (w.k, '')
       ORDER BY epoch DESC, version DESC LIMIT 1) m ON true
     ORDER BY w.ordinality`,
    [keysAsJson(wanted), migration, target.entry],
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

const columnsOf = (table: SourceTable): string[] => table.columns.map((column) => column.name);

const textOf = (table: SourceTable): string =>
  columnsOf(table)
    .map((c, i) => `t.${ident(c)}::text AS c${i}`)
    .join(', ');

export const typesOf = (table: SourceTable): Map<string, string> =>
  new Map(table.columns.map((column) => [column.name, column.castType]));
