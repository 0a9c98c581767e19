import type { TargetRow, TargetTable, Text } from '../database.ts';
import { ident, tableIdent } from './identifiers.ts';
import { clearingSql, onlyOurs } from './parts-sql.ts';
import { canBeRespelled, hasOneSpelling } from './key-text.ts';

/**
 * The statements of the applier. Parameters: $1 source keys, $2 migration, $3 entry, $4 epoch, $5 versions, and from $6
 * on an array for each column with its values as text. Arrays, because the server reads them in a third of the time that
 * JSON takes. Mark and row change in one statement, so neither is ever without the other.
 *
 * @param versions which parameter they are; it is $2 where nothing else is asked for
 */
export function input(target: TargetTable, versions = 5): string {
  const names = target.columns.map((_, i) => `c${i}`);
  const arrays = names.map((_, i) => `$${versions + 1 + i}::text[]`);
  return `input AS MATERIALIZED (
     SELECT * FROM unnest($1::text[], $${versions}::bigint[], ${arrays.join(', ')}) AS x(k, v, ${names.join(', ')}))`;
}

/** Rows as $1, and as versions and columns. */
export function inputOf(
  target: TargetTable,
  rows: readonly TargetRow[],
): [keys: string, versions: string, ...columns: string[]] {
  return [
    arrayOf(rows.map((row) => row.sourceKey)),
    arrayOf(rows.map((row) => row.version)),
    ...target.columns.map(({ name }) => arrayOf(rows.map((row) => row.values[name] ?? null))),
  ];
}

const SPECIAL = /["\\]/;

/** Texts as PostgreSQL writes an array of them. */
function arrayOf(texts: readonly Text[]): string {
  const elements = texts.map((text) => {
    if (text === null) return 'NULL';
    return SPECIAL.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
  });
  return `{${elements.join(',')}}`;
}

/**
 * Up to which version the table was emptied by a truncation: what does not come after it is gone. Asked once for the
 * whole statement.
 */
const emptied = `(SELECT coalesce(max(CASE WHEN w.epoch > $4::bigint THEN ${2n ** 63n - 1n} ELSE w.version END), -1)
   FROM strangler.mark w WHERE w.migration = $2 AND w.entry = $3 AND w.key = '' AND w.epoch >= $4::bigint)`;

/** Keys whose mark this change advances; a change that is not newer than the mark is already in the row. */
const fresh = (deleted: boolean): string =>
  `fresh AS (
     INSERT INTO strangler.mark AS m (migration, entry, key, epoch, version, deleted)
     SELECT $2, $3, k, $4::bigint, v, ${deleted} FROM input WHERE v > ${emptied}
     ON CONFLICT (migration, entry, key) DO UPDATE
       SET epoch = excluded.epoch, version = excluded.version, deleted = excluded.deleted
       WHERE (m.epoch, m.version) < (excluded.epoch, excluded.version)
     RETURNING m.key)`;

export function upsertSql(target: TargetTable): string {
  return `WITH ${input(target)}, ${fresh(false)} ${writeSql(target, 'JOIN fresh ON fresh.key = i.k')}`;
}

export function removeSql(target: TargetTable): string {
  if (target.part) {
    const cleared = clearingSql(target);
    if (cleared === null) return `WITH ${input(target)}, ${fresh(true)} SELECT FROM fresh`;
    return `WITH ${input(target)}, ${fresh(true)}
      UPDATE ${tableIdent(target.name)} t SET ${cleared} FROM input i JOIN fresh ON fresh.key = i.k
      WHERE ${sameKey(target)}${onlyOurs(target)}`;
  }
  return `WITH ${input(target)}, ${fresh(true)}
    DELETE FROM ${tableIdent(target.name)} t USING input i JOIN fresh ON fresh.key = i.k
    WHERE ${sameKey(target)}${sameSpelling(target)}${onlyOurs(target)}`;
}

/**
 * A truncation is one mark, under the empty key, in the place of those of all keys. Of those that are newer too: they
 * are of rows that were copied or mended, go with all others now, and come again by their changes, which come after
 * the truncation. $1 migration, $2 entry, $3 epoch, $4 version. Returns a row unless this or a later one is marked.
 */
export const MARK_TRUNCATED = `
  WITH mine AS (
    INSERT INTO strangler.mark AS m (migration, entry, key, epoch, version, deleted)
    VALUES ($1, $2, '', $3::bigint, $4::bigint, true)
    ON CONFLICT (migration, entry, key) DO UPDATE SET epoch = excluded.epoch, version = excluded.version
      WHERE (m.epoch, m.version) < (excluded.epoch, excluded.version)
    RETURNING 1),
  others AS (
    DELETE FROM strangler.mark WHERE migration = $1 AND entry = $2 AND key <> '' AND EXISTS (SELECT FROM mine))
  SELECT FROM mine`;

/** No mark means version 0, so only rows that a change has touched cost one. */
export function fillSql(target: TargetTable): string {
  return `WITH ${input(target)},
    stale AS (
      SELECT i.k FROM input i JOIN strangler.mark m
        ON m.migration = $2 AND m.entry = $3 AND m.key = i.k AND (m.epoch, m.version) >= ($4::bigint, i.v)
      UNION SELECT i.k FROM input i WHERE i.v <= ${emptied}),
    marked AS (
      INSERT INTO strangler.mark AS m (migration, entry, key, epoch, version, deleted)
      SELECT $2, $3, k, $4::bigint, v, false FROM input WHERE v > 0 AND k NOT IN (SELECT k FROM stale)
      ON CONFLICT (migration, entry, key) DO UPDATE
        SET epoch = excluded.epoch, version = excluded.version, deleted = false)
    ${writeSql(target, 'WHERE NOT EXISTS (SELECT FROM stale WHERE stale.k = i.k)')}`;
}

export function mendSql(target: TargetTable): string {
  return `WITH ${input(target)},
    marked AS (
      INSERT INTO strangler.mark AS m (migration, entry, key, epoch, version, deleted)
      SELECT $2, $3, k, $4::bigint, v, false FROM input
      ON CONFLICT (migration, entry, key) DO UPDATE
        SET epoch = excluded.epoch, version = excluded.version, deleted = false
        WHERE (m.epoch, m.version) < (excluded.epoch, excluded.version))
    ${writeSql(target, 'WHERE true')}`;
}

/** Takes $1, and $2 as versions. Null where a part brought nothing that could go. */
export function discardSql(target: TargetTable): string | null {
  const which = `WHERE ${sameKey(target)}${onlyOurs(target)}`;
  const table = tableIdent(target.name);
  if (!target.part) return `WITH ${input(target, 2)} DELETE FROM ${table} t USING input i ${which}`;
  const cleared = clearingSql(target);
  return cleared && `WITH ${input(target, 2)} UPDATE ${table} t SET ${cleared} FROM input i ${which}`;
}

function writeSql(target: TargetTable, chosen: string): string {
  const names = target.columns.map((column) => ident(column.name));
  const values = target.columns.map((column, i) => `i.c${i}::${column.castType}`);
  const others = target.columns
    .map((column, i) => ({ column, i }))
    .filter(({ column }) => !target.key.includes(column.name));
  // A part that finds no row, and a row that is not ours, must not pass for applied: both counts are told.
  const counts = `SELECT (SELECT count(*) FROM hit) AS hit, (SELECT count(*) FROM input i ${chosen}) AS fresh`;
  if (target.part) {
    const isFresh = chosen.startsWith('JOIN') ? `${chosen} WHERE` : `${chosen} AND`;
    return `, hit AS (
      UPDATE ${tableIdent(target.name)} t
      SET ${others.map(({ column, i }) => `${ident(column.name)} = i.c${i}::${column.castType}`).join(', ')}
      FROM input i ${isFresh} ${sameKey(target)}${onlyOurs(target)} RETURNING 1)
      ${counts}`;
  }
  // On the named key only: any other conflict is an error to be seen, not a row to be overwritten.
  const isGuarded = target.only !== undefined;
  const update = target.columns
    .filter(({ name, kind }) => isGuarded || !target.key.includes(name) || canBeRespelled(kind))
    .map(({ name }) => `${ident(name)} = excluded.${ident(name)}`);
  const insert = `INSERT INTO ${tableIdent(target.name)} AS t (${names.join(', ')}) OVERRIDING SYSTEM VALUE
    SELECT ${values.join(', ')} FROM input i ${chosen}
    ON CONFLICT (${target.key.map(ident).join(', ')})
    DO ${update.length > 0 ? `UPDATE SET ${update.join(', ')}` : 'NOTHING'}`;
  return isGuarded ? `, hit AS (${insert} WHERE true${onlyOurs(target)} RETURNING 1) ${counts}` : insert;
}

export function sameKey(target: TargetTable): string {
  return target.columns
    .map((column, i) => ({ column, i }))
    .filter(({ column }) => target.key.includes(column.name))
    .map(({ column, i }) => `t.${ident(column.name)} = i.c${i}::${column.castType}`)
    .join(' AND ');
}

/**
 * Where each spelling of a value is a key of its own (see key-text.ts), the delete of one must not take a row that has
 * the other by now.
 */
function sameSpelling(target: TargetTable): string {
  return target.columns
    .map((column, i) => ({ column, i }))
    .filter(({ column }) => target.key.includes(column.name) && !hasOneSpelling(column.kind))
    .map(({ column, i }) => ` AND t.${ident(column.name)}::text COLLATE "C" = i.c${i} COLLATE "C"`)
    .join('');
}
