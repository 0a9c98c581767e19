import type { Applier, Change, Database, TargetRow } from '../databases/database.ts';
import type { DirectionMapping, EntryMapping } from '../mapping/mapping.ts';
import { runsOf } from '../mapping/mapping.ts';
import { ConversionError } from '../mapping/convert.ts';

const slotOf = (change: Change): string => `${change.table} ${change.key}`;

/**
 * Applies changes in their order, as many in one statement as keep it. A change whose data are refused is parked
 * and everything later of its key waits behind it; other keys go on.
 *
 * @param parked keys with something parked, as `table key`; grows when more is parked
 */
export async function applyChanges(
  applier: Applier,
  mapping: DirectionMapping,
  changes: readonly Change[],
  parked: Set<string>,
): Promise<void> {
  for (const run of runsOf(changes)) {
    const blocked = run.filter((change) => parked.has(slotOf(change)));
    const free = blocked.length === 0 ? run : run.filter((change) => !parked.has(slotOf(change)));
    for (const change of blocked)
      await applier.park(change, 'waits behind an earlier change of the same key');
    if (free.length === 0) continue;
    const fault = await tryRun(applier, mapping, free);
    if (fault) await applyOneByOne(applier, mapping, free, parked);
  }
}

/**
 * Tries again what is parked. A change carries the whole row, so the newest of each key stands for all before it:
 * a value that was bad for a moment is mended by the next good one. What fails stays, with its newest reason.
 */
export async function retryParked(
  target: Database,
  migration: string,
  epoch: bigint,
  mapping: DirectionMapping,
): Promise<void> {
  await target.applying(migration, epoch, async (applier) => {
    const slots = Map.groupBy(await applier.parked(), slotOf);
    for (const changes of slots.values()) {
      const newest = changes.at(-1);
      if (!newest) continue;
      const fault = await tryRun(applier, mapping, [newest]);
      if (!fault) for (const change of changes) await applier.unpark(change);
      else if (fault.message !== newest.reason) await applier.park(newest, fault.message);
    }
  });
}

async function applyOneByOne(
  applier: Applier,
  mapping: DirectionMapping,
  changes: readonly Change[],
  parked: Set<string>,
): Promise<void> {
  for (const change of changes) {
    const fault = await tryRun(applier, mapping, [change]);
    if (!fault) continue;
    await applier.park(change, fault.message);
    parked.add(slotOf(change));
  }
}

async function tryRun(
  applier: Applier,
  mapping: DirectionMapping,
  run: readonly Change[],
): Promise<Error | null> {
  const [first] = run;
  if (!first) return null;
  try {
    return await applier.attempt(() => applyRun(applier, mapping.entriesOf(first.table), first, run));
  } catch (error) {
    if (error instanceof ConversionError) return error;
    throw error;
  }
}

/** Rows appear parents first and go children first. */
async function applyRun(
  applier: Applier,
  entries: readonly EntryMapping[],
  kind: Change,
  run: readonly Change[],
): Promise<void> {
  if (kind.op === 'delete') {
    for (const entry of entries.toReversed()) {
      await applier.delete(
        entry.target,
        run.map((change) => ({
          sourceKey: change.key,
          version: change.id,
          values: entry.toTargetKey(change.row),
        })),
      );
    }
    return;
  }
  for (const entry of entries) {
    const rows = run.map((change) => targetRow(entry, change.key, change.id, change.row));
    // Version 0 is a backfilled row: it yields to every change.
    await (kind.id === '0' ? applier.fill(entry.target, rows) : applier.upsert(entry.target, rows));
  }
}

export function targetRow(
  entry: EntryMapping,
  sourceKey: string,
  version: string,
  row: Change['row'],
): TargetRow {
  return { sourceKey, version, values: entry.toTarget(row) };
}
