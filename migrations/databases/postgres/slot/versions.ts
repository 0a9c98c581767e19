import type pg from 'pg';
import type { SourceTable } from '../../database.ts';
import { query } from '../connect.ts';

type VersionedRow = Record<string, string | null>;

/**
 * Reads a `chunk` of rows with the id (`v`) of the newest change that each contains. A trigger's change is there with
 * its row; from the log it comes later. So the rows are read first, then what is in the log until then, and of that
 * counts what the rows' snapshot has seen of its writer: neither a newer change than the row has, whose own coming
 * would then be taken for done, nor an older one, beside which a row at rest would look wrong.
 *
 * What is purged between is applied, and its key's mark is not below it.
 *
 * @param collect brings what is committed into `strangler.change`
 */
export async function readVersionedByLog(
  pool: pg.Pool,
  label: string,
  migration: string,
  table: SourceTable,
  chunk: string,
  values: unknown[],
  collect: (migration: string) => Promise<void>,
): Promise<VersionedRow[]> {
  const rows = await query<VersionedRow>(
    pool,
    label,
    `WITH chunk AS MATERIALIZED (${chunk}) SELECT chunk.*, pg_current_snapshot()::text AS seen FROM chunk ORDER BY ord`,
    values,
  );
  if (rows.length === 0) return rows;
  await collect(migration);
  const versions = await query<{ v: string }>(
    pool,
    label,
    `WITH seen AS MATERIALIZED (
       SELECT key, op, id FROM strangler.change
       WHERE migration = $1 AND source = $2 AND pg_visible_in_snapshot(coalesce(xact, txid), $3::pg_snapshot)),
     newest AS (SELECT key, max(id) AS version FROM seen GROUP BY key)
     SELECT greatest(newest.version, (SELECT max(id) FROM seen WHERE op = 't'), 0)::text AS v
     FROM unnest($4::text[]) WITH ORDINALITY AS k(key, ord) LEFT JOIN newest USING (key) ORDER BY k.ord`,
    [migration, table.name, rows[0]?.seen, rows.map((row) => row.k)],
  );
  return rows.map((row, i) => ({ ...row, v: versions[i]?.v ?? '0' }));
}
