import { writeChanges } from '../apply/write-changes.ts';
import type { Effect, MappedChange } from '../apply/map-changes.ts';
import type { Applier, Change, Row } from '../databases/database.ts';
import { ConversionError } from '../mapping/convert.ts';
import type { EntryMapping } from '../mapping/mapping.ts';
import type { Stream } from '../relay/stream.ts';
import type { Difference } from './compare.ts';
import { describeDifference } from './compare.ts';
import { keyOrNone } from './settle.ts';

/** Live changes wait while so many rows are mended. */
const BATCH = 500;
/** What refers to a row of a later batch, or takes its unique value, goes through in the next round. */
const ROUNDS = 3;

export interface Repair {
  /** Rows that were written or deleted. */
  mended: number;
  /** In words: rows that the follower refuses, or that no value of its can stand for. */
  refused: string[];
}

interface Fault {
  difference: Difference;
  reason: string;
}

/**
 * Mends differences by the owner's truth. The owner's rows are read again while no applier can run, so what is
 * written is never older than what was there. Surplus rows go first, children before parents; then rows come, parents
 * first.
 */
export async function repair(stream: Stream, differences: readonly Difference[]): Promise<Repair> {
  let open = differences;
  let faults: Fault[] = [];
  for (let round = 0; round < ROUNDS && open.length > 0; round += 1) {
    faults = [];
    for (const batch of batchesOf(stream, open)) faults.push(...(await mendBatch(stream, batch)));
    if (faults.length === open.length) break;
    open = faults.map(({ difference }) => difference);
  }
  return {
    mended: differences.length - faults.length,
    refused: faults.map(
      ({ difference, reason }) => `${describeDifference(difference)}; not mended: ${reason}`,
    ),
  };
}

interface Batch {
  entry: EntryMapping;
  differences: readonly Difference[];
}

function batchesOf({ mapping }: Stream, differences: readonly Difference[]): Batch[] {
  const of = (entry: EntryMapping, isExtra: boolean): Batch[] => {
    const some = differences.filter((one) => one.entry === entry.name && (one.kind === 'extra') === isExtra);
    const batches: Batch[] = [];
    for (let i = 0; i < some.length; i += BATCH)
      batches.push({ entry, differences: some.slice(i, i + BATCH) });
    return batches;
  };
  const { entries } = mapping;
  return [
    ...entries.toReversed().flatMap((entry) => of(entry, true)),
    ...entries.flatMap((entry) => of(entry, false)),
  ];
}

async function mendBatch(stream: Stream, { entry, differences }: Batch): Promise<Fault[]> {
  return stream.target.applying(stream.migration, stream.epoch, async (applier) => {
    const orphans = differences.filter(({ followerKey }) => followerKey);
    const others = differences.filter(({ followerKey }) => !followerKey);
    const faults = await narrow(applier, orphans, (some) =>
      applier.discard(
        entry.target,
        some.map(({ followerKey }) => ({ sourceKey: '', version: '0', values: followerKey ?? {} })),
      ),
    );
    const effects = await effectsOn(stream, entry, others);
    const bad = others.filter((one) => effects.get(one) instanceof ConversionError);
    faults.push(
      ...bad.map((difference) => ({ difference, reason: (effects.get(difference) as Error).message })),
    );
    const good = others.filter((one) => !bad.includes(one));
    const write = (some: readonly Difference[]): Promise<void> =>
      writeChanges(
        applier,
        some.map((one) => effects.get(one) as MappedChange),
        'mend',
      );
    return [...faults, ...(await narrow(applier, good, write))];
  });
}

/** What the owner's row of each difference means now. */
async function effectsOn(
  { source, migration }: Stream,
  entry: EntryMapping,
  differences: readonly Difference[],
): Promise<Map<Difference, MappedChange | ConversionError>> {
  if (differences.length === 0) return new Map();
  const keys = differences.map(({ key }) => keyFromText(entry.source.key, key));
  const owners = await source.readRows(migration, entry.source, keys);
  const keysThere = await entry.toTargetKeys(keys);
  const rowsThere = await entry.toTargets(owners.map((owner, i) => owner.row ?? keys[i] ?? {}));
  return new Map(
    differences.map((difference, i): [Difference, MappedChange | ConversionError] => {
      const row = owners[i]?.row ? (rowsThere[i] ?? null) : null;
      if (row instanceof ConversionError) return [difference, row];
      const { key, version: id } = owners[i] ?? { key: difference.key, version: '0' };
      const change: Change = { id, table: entry.source.name, op: 'upsert', key, row: {} };
      const effect: Effect = { entry, row, key: keyOrNone(keysThere[i]) };
      return [difference, { change, effects: [effect] }];
    }),
  );
}

/** Writes what can be written, by halves, and says why the rest cannot. */
async function narrow(
  applier: Applier,
  some: readonly Difference[],
  write: (some: readonly Difference[]) => Promise<void>,
): Promise<Fault[]> {
  const [first] = some;
  const fault = first && (await applier.attempt(() => write(some)));
  if (!fault) return [];
  if (some.length === 1) return [{ difference: first, reason: fault.message }];
  const middle = Math.ceil(some.length / 2);
  const before = await narrow(applier, some.slice(0, middle), write);
  return [...before, ...(await narrow(applier, some.slice(middle), write))];
}

function keyFromText(columns: readonly string[], text: string): Row {
  const values = JSON.parse(text) as (string | null)[];
  return Object.fromEntries(columns.map((column, i) => [column, values[i] ?? null]));
}
