import { finished } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { LineChunk, SourceRow, TargetRow, TargetTable, Text } from '../database.ts';
import { sqlState } from './connect.ts';
import { ident, tableIdent } from './identifiers.ts';

/** For fewer rows a statement of their own does not pay. */
const WORTH_COPYING = 50;

/**
 * Writes those backfilled rows by `COPY` that no change has touched: about twice as fast as `INSERT … ON CONFLICT`.
 * Nobody can touch them meanwhile, since appliers of one migration take turns.
 *
 * @returns the rows that have to be written with a look at their marks: all of them when `COPY` met anything that it
 * cannot tell apart from a fault of one row
 */
export async function copyUntouched(
  client: pg.ClientBase,
  migration: string,
  target: TargetTable,
  rows: readonly TargetRow[],
): Promise<readonly TargetRow[]> {
  if (target.part || rows.length < WORTH_COPYING) return rows;
  const touched = await touchedAmong(client, migration, target, () => rows.map((row) => row.sourceKey));
  if (touched === null) return rows;
  const isFree = (row: TargetRow): boolean => row.version === '0' && !touched.has(row.sourceKey);
  const free = rows.filter(isFree);
  const isCopied = await copied(client, target, () =>
    free
      .map(({ values }) => target.columns.map(({ name }) => field(values[name] ?? null)).join('\t') + '\n')
      .join(''),
  );
  return isCopied ? rows.filter((row) => !isFree(row)) : rows;
}

/** @see Applier.fillLines */
export async function copyLines(
  client: pg.ClientBase,
  migration: string,
  target: TargetTable,
  chunk: LineChunk,
): Promise<SourceRow[]> {
  const all = Array.from({ length: chunk.size }, (_, i) => i);
  const touched = target.part
    ? null
    : await touchedAmong(client, migration, target, () => all.map((i) => chunk.key(i)));
  const isFree = (i: number): boolean =>
    chunk.version(i) === '0' && (touched?.size === 0 || !touched?.has(chunk.key(i)));
  const free = touched ? all.filter(isFree) : [];
  const isCopied = free.length > 0 && (await copied(client, target, () => chunk.lines(free)));
  if (isCopied && free.length === all.length) return [];
  const written = new Set(isCopied ? free : []);
  return all.filter((i) => !written.has(i)).map((i) => chunk.row(i));
}

/** False when the server refused the rows; they are undone then. */
async function copied(
  client: pg.ClientBase,
  target: TargetTable,
  lines: () => string | Uint8Array,
): Promise<boolean> {
  await client.query('SAVEPOINT copying');
  try {
    const names = target.columns.map(({ name }) => ident(name));
    const stream = client.query(copyFrom(`COPY ${tableIdent(target.name)} (${names.join(', ')}) FROM STDIN`));
    stream.end(lines());
    await finished(stream);
    await client.query('RELEASE SAVEPOINT copying');
    return true;
  } catch (error) {
    if (sqlState(error) === null) throw error; // the connection's, not the data's
    await client.query('ROLLBACK TO SAVEPOINT copying');
    return false;
  }
}

/** Keys with a mark; null when the whole table has one. */
async function touchedAmong(
  client: pg.ClientBase,
  migration: string,
  target: TargetTable,
  keysAsked: () => readonly string[],
): Promise<ReadonlySet<string> | null> {
  const { rowCount } = await client.query(
    'SELECT FROM strangler.mark WHERE migration = $1 AND entry = $2 LIMIT 1',
    [migration, target.entry],
  );
  if (rowCount === 0) return new Set();
  const { rows: marks } = await client.query<{ key: string }>(
    'SELECT key FROM strangler.mark WHERE migration = $1 AND entry = $2 AND key = ANY($3::text[])',
    [migration, target.entry, ['', ...keysAsked()]],
  );
  const keys = new Set(marks.map((mark) => mark.key));
  return keys.has('') ? null : keys;
}

const SPECIAL = /[\\\n\r\t]/;
const ESCAPES: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A value in `COPY`'s text format. */
function field(value: Text): string {
  if (value === null) return '\\N';
  return SPECIAL.test(value) ? value.replace(/[\\\n\r\t]/g, (c) => ESCAPES[c] ?? c) : value;
}
