import type pg from 'pg';
import type { ColumnInfo } from '../../database.ts';
import { ident, literal, tableIdent } from '../identifiers.ts';
import { keyExpression, respelled } from '../key-text.ts';
import { rowExpression } from '../capture-function.ts';
import type { SlotTable } from './slot.ts';

/** A table's columns as they are in the log from some place on, as far as they are captured. */
export interface Layout {
  table: SlotTable;
  columns: readonly LayoutColumn[];
  /** Columns that the table has now, which may be later. */
  present: ReadonlySet<string>;
}

export interface LayoutColumn extends ColumnInfo {
  /** Where it stands in the relation's tuples. */
  at: number;
  isIdentity: boolean;
}

export type LogEntry = WrittenEntry | SaidEntry;

/** A delete that the capture has put into words itself: of a row in a partition that was truncated alone. */
interface SaidEntry {
  op: 'said';
  said: Record<'source' | 'key' | 'row', string>;
  transaction: LogTransaction;
  bytes: number;
}

/** What happened to a row, or to a table. Values are in the order of the layout's columns. */
export interface WrittenEntry {
  layout: Layout;
  op: 'upsert' | 'delete' | 'truncate';
  values: readonly (string | null)[];
  /** Of a delete that is half of an update: the row's new values. It is one only if its key became another. */
  became: readonly (string | null)[] | null;
  /** Captured columns whose long value the log does not repeat, in order. */
  unchanged: readonly string[];
  transaction: LogTransaction;
  bytes: number;
}

export interface LogTransaction {
  /** With its epoch. */
  xid: bigint;
  /** Of the commit, in microseconds since 1970. */
  at: bigint;
}

const NEXT_IDS = `SELECT nextval(pg_get_serial_sequence('strangler.change', 'id')) AS id FROM generate_series(1, $1)`;

/**
 * Writes entries into `strangler.change` as the trigger would have: the values go through the columns' types, and the
 * expressions that make key and row of them are the trigger's. Ids follow the order of the entries.
 */
export async function recordEntries(
  client: pg.ClientBase,
  migration: string,
  entries: readonly LogEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  const { rows } = await client.query<{ id: string }>(NEXT_IDS, [entries.length]);
  const numbered = entries.map((entry, i) => ({ entry, id: rows[i]?.id ?? '' }));
  const groups = Map.groupBy(numbered, ({ entry }) => statementOf(entry));
  for (const [sql, alike] of groups) {
    await client.query(sql, [migration, JSON.stringify(alike.map(({ entry, id }) => inputOf(entry, id)))]);
  }
}

const statements = new WeakMap<Layout, Map<string, string>>();

/** The same text for entries that can be written together. */
function statementOf(entry: LogEntry): string {
  if (entry.op === 'said') return SAID;
  const { layout, op, unchanged } = entry;
  const known = statements.get(layout) ?? new Map<string, string>();
  statements.set(layout, known);
  const shape = `${op} ${unchanged.join()}`;
  const sql = known.get(shape) ?? recordSql(layout, entry);
  known.set(shape, sql);
  return sql;
}

function inputOf(entry: LogEntry, id: string): Record<string, unknown> {
  const { transaction } = entry;
  const head = { id, xid: String(transaction.xid), at: String(transaction.at) };
  if (entry.op === 'said') return { ...head, ...entry.said };
  const { values, became } = entry;
  const numbered = (letter: string, row: readonly (string | null)[]): [string, string | null][] =>
    row.map((value, i) => [`${letter}${i}`, value]);
  return {
    ...head,
    moved: became !== null,
    ...Object.fromEntries(numbered('c', values)),
    ...Object.fromEntries(numbered('n', became ?? [])),
  };
}

const INTO =
  'INSERT INTO strangler.change (id, xact, at, migration, source, op, key, row) OVERRIDING SYSTEM VALUE';
const HEAD = `i.id, i.xid::xid8, 'epoch'::timestamptz + i.at * interval '1 microsecond', $1`;
const SAID = `${INTO} SELECT ${HEAD}, i.source, 'd', i.key, i.row::json
  FROM json_to_recordset($2::json) AS i(id bigint, xid text, at bigint, source text, key text, row text)`;

function recordSql(layout: Layout, { op, unchanged }: WrittenEntry): string {
  const { table, columns } = layout;
  const common = (letter: string): string => `${HEAD}, ${literal(table.name)}, '${letter}'`;
  const texts = (letter: string, some: readonly LayoutColumn[]): string =>
    some.map((column) => `${letter}${columns.indexOf(column)} text`).join(', ');
  if (op === 'truncate') {
    return `${INTO} SELECT ${common('t')}, '', '{}' FROM json_to_recordset($2::json) AS i(id bigint, xid text, at bigint)`;
  }
  const key = columns.filter((column) => table.key.includes(column.name));
  const given = op === 'delete' ? key : columns.filter((column) => !unchanged.includes(column.name));
  const input = `json_to_recordset($2::json) AS i(id bigint, xid text, at bigint, moved boolean, ${texts('c', given)}`;
  const typed = (letter: string, some: readonly LayoutColumn[]): string =>
    some
      .map((column) => `i.${letter}${columns.indexOf(column)}::${column.castType} AS ${ident(column.name)}`)
      .join(', ');
  if (op === 'delete') {
    return `${INTO} SELECT ${common('d')}, ${keyExpression(table, 'old')}, ${rowExpression('old', key)}
      FROM ${input}, ${texts('n', key)}), LATERAL (SELECT ${typed('c', key)}) old, LATERAL (SELECT ${typed('n', key)}) new
      WHERE NOT i.moved OR ${key.map((column) => respelled(column, 'old', 'new')).join(' OR ')}`;
  }
  // A long value whose column is gone by now cannot be looked up: it is left out, as that of a column that is not there.
  const found = unchanged.filter((name) => layout.present.has(name));
  const carried = columns.filter(({ name }) => found.includes(name) || !unchanged.includes(name));
  const from =
    unchanged.length === 0
      ? `(SELECT ${typed('c', given)}) new`
      : `(SELECT ${[typed('c', given), ...found.map((name) => `t.${ident(name)}`)].join(', ')}
          FROM ${tableIdent(table.name)} t
          WHERE ${key.map((c) => `t.${ident(c.name)} = i.c${columns.indexOf(c)}::${c.castType}`).join(' AND ')}) new`;
  return `${INTO} SELECT ${common('u')}, ${keyExpression(table, 'new')}, ${rowExpression('new', carried)}
    FROM ${input}), LATERAL ${from}`;
}
