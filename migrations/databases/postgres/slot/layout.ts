import type pg from 'pg';
import { CaptureLostError } from '../../errors.ts';
import type { Relation, Tuple } from './pgoutput.ts';
import { UNCHANGED } from './pgoutput.ts';
import type { Layout, LayoutColumn, LogTransaction, WrittenEntry } from './record.ts';
import type { SlotTable } from './slot.ts';

/**
 * Without a length, `character` and `bit` would cut to one. Domains are read as what is below them: their checks may have changed
 * since the value was written.
 */
const TYPES = `
SELECT o.oid::text AS oid, CASE base.oid WHEN 'bpchar'::regtype THEN 'bpchar' WHEN 'bpchar[]'::regtype THEN 'bpchar[]'
  WHEN 'bit'::regtype THEN 'varbit' WHEN 'bit[]'::regtype THEN 'varbit[]' ELSE format_type(base.oid, NULL) END AS type
FROM unnest($1::oid[]) o(oid) CROSS JOIN LATERAL (
  WITH RECURSIVE down AS (
    SELECT t.oid, t.typtype, t.typbasetype FROM pg_type t WHERE t.oid = o.oid
    UNION ALL SELECT t.oid, t.typtype, t.typbasetype FROM down JOIN pg_type t ON t.oid = down.typbasetype)
  SELECT oid FROM down WHERE typtype <> 'd') base`;

/**
 * Finds the captured columns among those that the table had when the log was written, with the types of then. One that
 * is not there any more is left out, as the trigger leaves it out.
 *
 * @throws CaptureLostError when rows of the table have no key any more
 */
export async function layoutOf(
  client: pg.ClientBase,
  label: string,
  migration: string,
  table: SlotTable,
  relation: Relation,
): Promise<Layout> {
  const oids = [...new Set(relation.columns.map((column) => column.typeOid))];
  const { rows } = await client.query<{ oid: string; type: string }>(TYPES, [oids]);
  const types = new Map(rows.map((row) => [Number(row.oid), row.type]));
  const columns = table.columns.flatMap((column): LayoutColumn[] => {
    const at = relation.columns.findIndex((other) => other.name === column.name);
    const found = relation.columns[at];
    if (!found) return [];
    return [{ ...column, castType: types.get(found.typeOid) ?? 'text', at, isIdentity: found.isIdentity }];
  });
  for (const key of table.key) {
    if (columns.some((column) => column.name === key && column.isIdentity)) continue;
    const why = `key column "${key}" of ${table.name} is gone, or not in the table's replica identity`;
    throw new CaptureLostError(label, migration, why);
  }
  return { table, columns, present: await presentColumns(client, table) };
}

async function presentColumns(client: pg.ClientBase, table: SlotTable): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT attname AS name FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped',
    [table.oid],
  );
  return new Set(rows.map((row) => row.name));
}

/** The row as it is now. Long values that did not change are taken from its former self where the log has that. */
export function upserted(
  layout: Layout,
  row: Tuple,
  old: Tuple | null,
  transaction: LogTransaction,
  bytes: number,
): WrittenEntry {
  const values = layout.columns.map(({ at, isIdentity }) => {
    const value = row[at] ?? null;
    return value === UNCHANGED && old && isIdentity ? (old[at] ?? null) : value;
  });
  const unchanged = layout.columns.filter((_, i) => values[i] === UNCHANGED).map((column) => column.name);
  const texts = values.map((value) => (value === UNCHANGED ? null : value));
  return { layout, op: 'upsert', values: texts, became: null, unchanged, transaction, bytes };
}

/** @param became the entry of the row that it became, when it was an update */
export function deleted(
  layout: Layout,
  old: Tuple,
  became: WrittenEntry | null,
  transaction: LogTransaction,
): WrittenEntry {
  const values = layout.columns.map(({ at, isIdentity }) => {
    const value = isIdentity ? (old[at] ?? null) : null;
    return value === UNCHANGED ? null : value;
  });
  return {
    layout,
    op: 'delete',
    values,
    became: became?.values ?? null,
    unchanged: [],
    transaction,
    bytes: 0,
  };
}
