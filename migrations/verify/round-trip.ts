import type { Row, SourceRow } from '../databases/database.ts';
import { ConversionError } from '../mapping/convert.ts';
import type { DirectionMapping, EntryMapping, Mapped } from '../mapping/mapping.ts';
import type { Stream } from '../relay/stream.ts';
import { normalise } from './normalise.ts';

const CHUNK_ROWS = 2000;
/** Enough to see what is wrong; the number of all is told besides. */
const KEPT = 100;

/** A row of the owner that the mapping does not bring back as it was. */
export interface Altered {
  /** Mapping entry, e.g. `tbl_products → product`. */
  entry: string;
  key: string;
  /** Columns that come back otherwise; empty when the row does not come back at all. */
  columns: { name: string; was: string | null; comesBackAs: string | null }[];
  /** Why the row does not come back; null when it does. */
  reason: string | null;
}

export interface RoundTripReport {
  /** Rows of the owner that were mapped there and back, once for each entry of their table. */
  rows: number;
  /** Rows that have nothing on the other side: filtered out, or of an optional part that is away. */
  without: number;
  altered: number;
  /** The first of them. */
  examples: Altered[];
}

/**
 * Maps every row of the owner there and back, and compares it with itself. Writes nothing and reads nothing of the
 * follower, so it finds values that a cutover could not take back before anything depends on them.
 *
 * @param back the mapping of the other direction
 */
export async function roundTrip(
  stream: Stream,
  back: DirectionMapping,
  observe: (report: RoundTripReport) => void = () => undefined,
  signal?: AbortSignal,
): Promise<RoundTripReport> {
  const report: RoundTripReport = { rows: 0, without: 0, altered: 0, examples: [] };
  for (const table of stream.mapping.captured) {
    for (let after: Row | null = null; ;) {
      signal?.throwIfAborted();
      const chunk: SourceRow[] = await stream.source.readChunk(stream.migration, table, after, CHUNK_ROWS);
      for (const entry of stream.mapping.entriesOf(table.name)) {
        await addEntry(report, entry, reverseOf(entry, back), chunk);
      }
      observe(report);
      after = chunk.at(-1)?.row ?? null;
      if (!after || chunk.length < CHUNK_ROWS) break;
    }
  }
  return report;
}

async function addEntry(
  report: RoundTripReport,
  entry: EntryMapping,
  reverse: EntryMapping,
  chunk: readonly SourceRow[],
): Promise<void> {
  const there = await entry.toTargets(chunk.map(({ row }) => row));
  const carried = there.filter((row) => row !== null && !(row instanceof ConversionError));
  const home = (await reverse.toTargets(carried as Row[])).values();
  for (const [i, { key, row }] of chunk.entries()) {
    const mapped = there[i] ?? null;
    report.rows++;
    if (mapped === null) report.without++;
    const returned = mapped === null || mapped instanceof ConversionError ? mapped : home.next().value;
    const altered = mapped === null ? null : compared(entry, key, row, returned ?? null);
    if (!altered) continue;
    report.altered++;
    if (report.examples.length < KEPT) report.examples.push(altered);
  }
}

function compared(entry: EntryMapping, key: string, row: Row, returned: Mapped): Altered | null {
  const altered = { entry: entry.name, key, columns: [], reason: null };
  if (returned instanceof ConversionError) return { ...altered, reason: returned.message };
  if (returned === null) return { ...altered, reason: 'there is no row on the way back' };
  const columns = entry.source.columns
    .filter(({ name }) => returned[name] !== undefined)
    .filter(
      ({ name, kind }) => normalise(kind, row[name] ?? null) !== normalise(kind, returned[name] ?? null),
    )
    .map(({ name }) => ({ name, was: row[name] ?? null, comesBackAs: returned[name] ?? null }));
  return columns.length === 0 ? null : { ...altered, columns };
}

function reverseOf(entry: EntryMapping, back: DirectionMapping): EntryMapping {
  const reverse = back.entries.find(({ name }) => name === entry.name);
  if (!reverse) throw new Error(`the entry "${entry.name}" has no way back`);
  return reverse;
}

/** A row that does not come back, in words. */
export function describeAltered({ entry, key, columns, reason }: Altered): string {
  if (reason !== null) return `${entry} ${key}: ${reason}`;
  const told = columns.map(
    ({ name, was, comesBackAs }) =>
      `${name} ${JSON.stringify(was)} would come back as ${JSON.stringify(comesBackAs)}`,
  );
  return `${entry} ${key}: ${told.join(', ')}`;
}
