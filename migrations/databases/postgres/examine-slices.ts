import type pg from 'pg';
import type { SlicedTable } from '../database.ts';
import type { Finding } from '../finding.ts';
import { query } from './connect.ts';
import { ident, literal, splitTable, tableIdent } from './identifiers.ts';

/** @see Database.examineSlices */
export async function examineSlices(
  pool: pg.Pool,
  label: string,
  tables: readonly SlicedTable[],
): Promise<Finding[]> {
  const found = await Promise.all([
    ...tables.map((table) => givenOutTwice(pool, label, table)),
    ...tables.map((table) => partitioned(pool, label, table)),
    crossing(pool, label, tables),
  ]);
  return found.flat();
}

/** Each side gives out numbers for its own slices, and they are the same ones. */
async function givenOutTwice(
  pool: pg.Pool,
  label: string,
  { name, key, column }: SlicedTable,
): Promise<Finding[]> {
  if (key.includes(column)) return [];
  const given = await query<{ column: string }>(
    pool,
    label,
    `SELECT a.attname AS column FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = to_regclass($1) AND a.attname = ANY ($2)
       AND (a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%')`,
    [tableIdent(name), key],
  );
  return given.map(({ column: numbered }) => ({
    ...{ id: 'slice-key', severity: 'error', subject: `${label}: ${name}` },
    message: `cannot be moved in slices: its key "${numbered}" is counted up, and both sides would give out the same numbers to different slices`,
    advice: `make "${column}" a part of the primary key, or use keys that do not collide (UUID)`,
  }));
}

async function partitioned(pool: pg.Pool, label: string, { name }: SlicedTable): Promise<Finding[]> {
  const rows = await query(
    pool,
    label,
    `SELECT FROM pg_class WHERE oid = to_regclass($1) AND (relkind = 'p' OR relispartition)`,
    [tableIdent(name)],
  );
  return rows.map(() => ({
    ...{ id: 'slice-partitions', severity: 'error', subject: `${label}: ${name}` },
    message: 'cannot be moved in slices: it is partitioned',
    advice: 'move the migration whole, without `slices`',
  }));
}

/** Rows of one slice that refer to rows of another: one would be taken away from the other. */
async function crossing(pool: pg.Pool, label: string, tables: readonly SlicedTable[]): Promise<Finding[]> {
  const columnOf = new Map(tables.map((table) => [full(table.name), table]));
  const keys = await query<Record<'name' | 'child' | 'parent' | 'pairs', string>>(
    pool,
    label,
    `SELECT k.conname AS name, format('%s.%s', cn.nspname, c.relname) AS child, format('%s.%s', pn.nspname, p.relname) AS parent,
       (SELECT json_agg(json_build_array(ca.attname, pa.attname) ORDER BY o.n)::text
        FROM unnest(k.conkey, k.confkey) WITH ORDINALITY AS o(ck, pk, n)
        JOIN pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = o.ck
        JOIN pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = o.pk) AS pairs
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
     JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE k.contype = 'f'`,
  );
  const findings: Finding[] = [];
  for (const { name, child, parent, pairs } of keys) {
    const [from, to] = [columnOf.get(child), columnOf.get(parent)];
    if (!from || !to) continue;
    const on = JSON.parse(pairs) as [string, string][];
    // The slice is a part of the reference itself: it cannot lead to another one.
    if (on.some(([own, theirs]) => own === from.column && theirs === to.column)) continue;
    const joined = on.map(([own, theirs]) => `c.${ident(own)} = p.${ident(theirs)}`).join(' AND ');
    const [row] = await query<{ own: string; theirs: string }>(
      pool,
      label,
      `SELECT c.${ident(from.column)}::text AS own, p.${ident(to.column)}::text AS theirs
       FROM ${tableIdent(from.name)} c JOIN ${tableIdent(to.name)} p ON ${joined}
       WHERE c.${ident(from.column)}::text IS DISTINCT FROM p.${ident(to.column)}::text LIMIT 1`,
    );
    if (!row) continue;
    findings.push({
      ...{ id: 'slice-reference', severity: 'error', subject: `${label}: ${from.name}` },
      message: `cannot be moved in slices: by foreign key ${name}, a row of ${literal(row.own ?? '')} refers to a row of ${literal(row.theirs ?? '')} in ${to.name}`,
      advice: `correct "${from.column}" of such rows, and make it a part of the foreign key`,
    });
  }
  return findings;
}

function full(table: string): string {
  const { schema, name } = splitTable(table);
  return `${schema}.${name}`;
}
