import type { MappedChange, MappedChanges } from '../apply/map-changes.ts';
import { asChange, mapChanges } from '../apply/map-changes.ts';
import { writeChanges } from '../apply/write-changes.ts';
import type { Applier, BackfillCursor, Change, LineChunk, SourceRow } from '../databases/database.ts';
import type { Stream } from '../relay/stream.ts';
import type { Chunk } from './chunk.ts';
import { isLines } from './chunk.ts';
import type { LateColumns } from './late-columns.ts';
import { refersLate, withoutLate } from './late-columns.ts';

export interface ChunkOptions {
  /** Columns that may have to be left empty until all rows are there. */
  late: LateColumns;
  /** Only the rows whose late columns have a value are written, with them. */
  again: boolean;
}

/**
 * Writes a chunk and the cursor behind it in one transaction. A row of the chunk yields to every change that was applied
 * after it was read; a row that the follower refuses is parked.
 *
 * @param cursors by the name under which each is kept; told whether columns were left empty, and for how many milliseconds
 *   others had to wait for the chunk: waiting for others is not among them
 * @returns the cursors as they are saved
 */
export async function writeChunk(
  stream: Stream,
  table: string,
  chunk: Chunk,
  cursors: (leftEmpty: boolean, ms: number) => ReadonlyMap<string, BackfillCursor>,
  { late, again }: ChunkOptions = { late: new Map(), again: false },
): Promise<ReadonlyMap<string, BackfillCursor>> {
  const { migration, target, mapping } = stream;
  const map = (rows: readonly SourceRow[]): Promise<MappedChanges> =>
    mapChanges(
      mapping,
      rows.map((row) => asChange(table, row)),
    );
  const before = isLines(chunk) ? null : await map(chunk);
  return target.applying(migration, stream.epoch, async (applier) => {
    const started = performance.now();
    // Nothing becomes of the rows that lines hold, so it does not take long to map what is left of them.
    const { mapped, faults } =
      before ?? (await map(await fillLines(applier, stream, table, chunk as LineChunk)));
    // Parked as version 0: it is read again, and yields to every change.
    const park = (change: Change, error: Error): Promise<void> =>
      applier.park({ ...change, id: '0' }, error.message);
    if (!again) for (const { change, error } of faults) await park(change, error);
    const wanted = again ? mapped.filter((one) => refersLate(one, late)) : mapped;
    const { leftEmpty, refused } = await fill(applier, wanted, again ? new Map() : late);
    for (const { one, fault } of refused) await park(one.change, fault);
    const saved = cursors(leftEmpty, performance.now() - started);
    for (const [name, cursor] of saved) await applier.saveCursor(name, cursor);
    return saved;
  });
}

/** @returns the rows that are not written */
async function fillLines(
  applier: Applier,
  { mapping }: Stream,
  table: string,
  chunk: LineChunk,
): Promise<SourceRow[]> {
  const all = (): SourceRow[] => Array.from({ length: chunk.size }, (_, i) => chunk.row(i));
  const [entry] = mapping.entriesOf(table);
  if (!entry || !applier.fillLines || chunk.size === 0) return all();
  let left: SourceRow[] = [];
  const fault = await applier.attempt(async () => {
    left = (await applier.fillLines?.(entry.target, chunk)) ?? all();
  });
  return fault ? all() : left;
}

interface Filled {
  leftEmpty: boolean;
  refused: Refused[];
}

interface Refused {
  one: MappedChange;
  fault: Error;
}

async function fill(applier: Applier, mapped: readonly MappedChange[], late: LateColumns): Promise<Filled> {
  if (mapped.length === 0 || !(await tryFill(applier, mapped))) return { leftEmpty: false, refused: [] };
  const leftEmpty = mapped.some((one) => refersLate(one, late));
  const refused = await narrow(applier, leftEmpty ? withoutLate(mapped, late) : mapped);
  // By now the rows may be there that some of them refer to.
  const isWorthIt = refused.length > 0 && refused.length < mapped.length;
  const last = isWorthIt
    ? await narrow(
        applier,
        refused.map(({ one }) => one),
      )
    : refused;
  return { leftEmpty, refused: last };
}

/** Writes what can be written, by halves: a few bad rows among many are found in a few steps. */
async function narrow(applier: Applier, mapped: readonly MappedChange[]): Promise<Refused[]> {
  const [first] = mapped;
  const fault = first && (await tryFill(applier, mapped));
  if (!fault) return [];
  if (mapped.length === 1) return [{ one: first, fault }];
  const middle = Math.ceil(mapped.length / 2);
  const before = await narrow(applier, mapped.slice(0, middle));
  return [...before, ...(await narrow(applier, mapped.slice(middle)))];
}

const tryFill = (applier: Applier, mapped: readonly MappedChange[]): Promise<Error | null> =>
  applier.attempt(() => writeChanges(applier, mapped, 'fill'));
