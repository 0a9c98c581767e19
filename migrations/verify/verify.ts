import type { Row, SourceRow, SourceTable } from '../databases/database.ts';
import { ConversionError } from '../mapping/convert.ts';
import type { EntryMapping } from '../mapping/mapping.ts';
import type { Stream } from '../relay/stream.ts';
import type { Difference } from './compare.ts';
import { compareRow } from './compare.ts';
import { settle } from './settle.ts';

const CHUNK_ROWS = 2000;
/** Rows that keep changing for this long are counted as unsettled, not as different. */
const PATIENCE_MS = 10_000;

export interface VerifyProgress {
  /** Rows looked at: the owner's, and then the follower's, for such as only it has. */
  rowsCompared: number;
  rowsTotal: number | null;
  differences: number;
}

export interface VerifyReport extends VerifyProgress {
  found: Difference[];
  /** Rows that never came to rest while we looked: neither equal nor different. */
  unsettled: number;
}

/**
 * Compares every row of the owner with its counterpart, then looks for rows that only the follower has. Safe under
 * load: what differs at first sight is looked at again until it is at rest.
 */
export async function verify(
  stream: Stream,
  observe: (progress: VerifyProgress) => void = () => undefined,
  signal?: AbortSignal,
): Promise<VerifyReport> {
  const report: VerifyReport = {
    rowsCompared: 0,
    rowsTotal: await total(stream),
    differences: 0,
    found: [],
    unsettled: 0,
  };
  const add = async (entry: EntryMapping, suspects: Row[], compared: number): Promise<void> => {
    report.rowsCompared += compared;
    if (suspects.length > 0) {
      const { differences, unsettled } = await settle(stream, entry, suspects, PATIENCE_MS);
      report.found.push(...differences);
      report.differences += differences.length;
      report.unsettled += unsettled;
    }
    observe(report);
  };
  for (const entry of stream.mapping.entries) {
    for await (const chunk of chunksOf(stream.source, stream.migration, entry.source, signal)) {
      await add(entry, await suspectsAmong(stream, entry, chunk), chunk.length);
    }
    if (!entry.target.part) {
      const keysOnly = { name: entry.target.name, key: entry.target.key, columns: entry.target.key };
      for await (const chunk of chunksOf(stream.target, stream.migration, keysOnly, signal)) {
        await add(entry, await strangersAmong(stream, entry, chunk), chunk.length);
      }
    }
  }
  report.rowsTotal = report.rowsCompared;
  return report;
}

/** Reads one chunk ahead, so that both databases work at the same time. */
async function* chunksOf(
  database: Stream['source'],
  migration: string,
  table: SourceTable,
  signal: AbortSignal | undefined,
): AsyncGenerator<SourceRow[]> {
  const read = (after: Row | null): Promise<SourceRow[]> => {
    const chunk = database.readChunk(migration, table, after, CHUNK_ROWS);
    chunk.catch(() => undefined); // nobody asks for it any more when the comparison before it fails
    return chunk;
  };
  let next = read(null);
  for (;;) {
    const chunk = await next;
    signal?.throwIfAborted();
    const last = chunk.at(-1);
    if (chunk.length < CHUNK_ROWS || !last) {
      if (chunk.length > 0) yield chunk;
      return;
    }
    next = read(Object.fromEntries(table.key.map((column) => [column, last.row[column] ?? null])));
    yield chunk;
  }
}

async function suspectsAmong(
  stream: Stream,
  entry: EntryMapping,
  chunk: readonly SourceRow[],
): Promise<Row[]> {
  const keys = chunk.map((row) => ({ sourceKey: row.key, key: entry.toTargetKey(row.row) }));
  const applied = await stream.target.readApplied(stream.migration, entry.target, keys);
  const found = new Map(applied.map((row) => [row.sourceKey, row.row]));
  return chunk
    .filter((row) => {
      const wanted = tryMap(entry, row.row);
      return (
        wanted === null || compareRow(entry.target, row.key, wanted, found.get(row.key) ?? null) !== null
      );
    })
    .map((row) => keyOf(entry.source, row.row));
}

async function strangersAmong(
  stream: Stream,
  entry: EntryMapping,
  chunk: readonly SourceRow[],
): Promise<Row[]> {
  const keys = chunk.map((row) => entry.toSourceKey(row.row));
  const owners = await stream.source.readRows(stream.migration, keysOf(entry.source), keys);
  return keys.filter((_, i) => owners[i]?.row === null);
}

/** A row that cannot be converted cannot be equal; the settling look says why. */
function tryMap(entry: EntryMapping, row: Row): Row | null {
  try {
    return entry.toTarget(row);
  } catch (error) {
    if (error instanceof ConversionError) return null;
    throw error;
  }
}

const keysOf = (table: SourceTable): SourceTable => ({
  name: table.name,
  key: table.key,
  columns: table.key,
});

const keyOf = (table: SourceTable, row: Row): Row =>
  Object.fromEntries(table.key.map((column) => [column, row[column] ?? null]));

async function total(stream: Stream): Promise<number | null> {
  const { entries } = stream.mapping;
  const estimates = await Promise.all([
    ...entries.map((entry) => stream.source.estimateRows(entry.source.name)),
    ...entries
      .filter((entry) => !entry.target.part)
      .map((entry) => stream.target.estimateRows(entry.target.name)),
  ]);
  return estimates.includes(null) ? null : estimates.reduce<number>((sum, n) => sum + (n ?? 0), 0);
}
