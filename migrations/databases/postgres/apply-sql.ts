import type { TargetTable } from '../database.ts';
import { ident, tableIdent } from './identifiers.ts';

/**
 * The statements of the applier. Parameters: $1 rows as JSON (`k` source key, `v` version, `c0…` values as text),
 * $2 migration, $3 entry, $4 epoch. Mark and row change in one statement, so neither is ever without the other.
 */
const input = (target: TargetTable): string =>
  `input AS MATERIALIZED (
     SELECT * FROM json_to_recordset($1::json)
       AS x(k text, v bigint, ${target.columns.map((_, i) => `c${i} text`).join(', ')}))`;

/** Keys whose mark this change advances; a change that is not newer than the mark is already in the row. */
const fresh = (deleted: boolean): string =>
  `fresh AS (
     INSERT INTO strangler.mark AS m (migration, entry, key, epoch, version, deleted)
     SELECT $2, $3, k, $4::bigint, v, ${deleted} FROM input
     ON CONFLICT (migration, entry, key) DO UPDATE
       SET epoch = excluded.epoch, version = excluded.version, deleted = excluded.deleted
       WHERE (m.epoch, m.version) < (excluded.epoch, excluded.version)
     RETURNING m.key)`;

export function upsertSql(target: TargetTable): string {
  return `WITH ${input(target)}, ${fresh(false)} ${writeSql(target, 'JOIN fresh ON fresh.key = i.k')}`;
}

export function removeSql(target: TargetTable): string {
  if (target.part) return `WITH ${input(target)}, ${fresh(true)} SELECT FROM fresh`;
  return `WITH ${input(target)}, ${fresh(true)}
    DELETE FROM ${tableIdent(target.name)} t USING input i JOIN fresh ON fresh.key = i.k
    WHERE ${sameKey(target)}`;
}

/** No mark means version 0, so only rows that a change has touched cost one. */
export function fillSql(target: TargetTable): string {
  return `WITH ${input(target)},
    stale AS (
      SELECT i.k FROM input i JOIN strangler.mark m
        ON m.migration = $2 AND m.entry = $3 AND m.key = i.k AND (m.epoch, m.version) >= ($4::bigint, i.v)),
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

/** Takes only $1. */
export function discardSql(target: TargetTable): string {
  return `WITH ${input(target)} DELETE FROM ${tableIdent(target.name)} t USING input i
    WHERE ${sameKey(target)}`;
}

function writeSql(target: TargetTable, chosen: string): string {
  const names = target.columns.map((column) => ident(column.name));
  const values = target.columns.map((column, i) => `i.c${i}::${column.castType}`);
  const others = target.columns
    .map((column, i) => ({ column, i }))
    .filter(({ column }) => !target.key.includes(column.name));
  if (target.part) {
    // A part that finds no row must not pass for applied: both counts are told.
    const isFresh = chosen.startsWith('JOIN') ? `${chosen} WHERE` : `${chosen} AND`;
    return `, hit AS (
      UPDATE ${tableIdent(target.name)} t
      SET ${others.map(({ column, i }) => `${ident(column.name)} = i.c${i}::${column.castType}`).join(', ')}
      FROM input i ${isFresh} ${sameKey(target)} RETURNING 1)
      SELECT (SELECT count(*) FROM hit) AS hit, (SELECT count(*) FROM input i ${chosen}) AS fresh`;
  }
  // On the named key only: any other conflict is an error to be seen, not a row to be overwritten.
  const update = others.map(({ column }) => `${ident(column.name)} = excluded.${ident(column.name)}`);
  return `INSERT INTO ${tableIdent(target.name)} (${names.join(', ')}) OVERRIDING SYSTEM VALUE
    SELECT ${values.join(', ')} FROM input i ${chosen}
    ON CONFLICT (${target.key.map(ident).join(', ')})
    DO ${update.length > 0 ? `UPDATE SET ${update.join(', ')}` : 'NOTHING'}`;
}

function sameKey(target: TargetTable): string {
  return target.columns
    .map((column, i) => ({ column, i }))
    .filter(({ column }) => target.key.includes(column.name))
    .map(({ column, i }) => `t.${ident(column.name)} = i.c${i}::${column.castType}`)
    .join(' AND ');
}
