import type pg from 'pg';
import { query } from './connect.ts';
import { ident, splitTable, tableIdent } from './identifiers.ts';

const SEQUENCES = `
SELECT a.attname AS column, format('%I.%I', sn.nspname, s.relname) AS sequence
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid = a.attnum
  AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_namespace sn ON sn.oid = s.relnamespace
WHERE n.nspname = $1 AND c.relname = $2`;

/** The sequence of each column that has one of its own. */
export async function sequences(pool: pg.Pool, label: string, table: string): Promise<Map<string, string>> {
  const { schema, name } = splitTable(table);
  const rows = await query<{ column: string; sequence: string }>(pool, label, SEQUENCES, [schema, name]);
  return new Map(rows.map((row) => [row.column, row.sequence]));
}

/** @see Database.identities */
export async function identities(
  pool: pg.Pool,
  label: string,
  table: string,
): Promise<ReadonlyMap<string, bigint>> {
  const values = new Map<string, bigint>();
  for (const [column, sequence] of await sequences(pool, label, table)) {
    const [row] = await query<{ last: string }>(pool, label, `SELECT last_value AS last FROM ${sequence}`);
    values.set(column, BigInt(row?.last ?? 0));
  }
  return values;
}

/** @see Database.raiseIdentities */
export async function raiseIdentities(
  pool: pg.Pool,
  label: string,
  table: string,
  floors: ReadonlyMap<string, bigint>,
): Promise<void> {
  for (const [column, sequence] of await sequences(pool, label, table)) {
    await query(
      pool,
      label,
      `SELECT setval('${sequence.replaceAll("'", "''")}', greatest($1::bigint, s.last_value,
         (SELECT coalesce(max(${ident(column)}), 0) FROM ${tableIdent(table)}), 1)) FROM ${sequence} s`,
      [floors.get(column) ?? 0n],
    );
  }
}
