import type { Applier, Change, ChangedKey } from '../databases/database.ts';
import type { DirectionMapping, EntryMapping } from '../mapping/mapping.ts';
import { runsOf } from '../mapping/mapping.ts';
import { mapChanges } from './map-changes.ts';
import type { MappedChange, MappedChanges } from './map-changes.ts';
import { netEffectOf } from './net-effect.ts';
import { writeChanges } from './write-changes.ts';

/** What has something parked: keys of tables, and whole tables whose truncation is. */
class ParkedSlots {
  private readonly slots: Set<string>;

  private constructor(keys: readonly ChangedKey[]) {
    this.slots = new Set(keys.map(slotOf));
  }

  /** Looks at what these changes could wait for: all that is parked may be more than fits into memory. */
  static async before(applier: Applier, changes: readonly Change[]): Promise<ParkedSlots> {
    const tables = [...new Set(changes.map(({ table }) => table))].map((table) => ({ table, key: '' }));
    return new ParkedSlots(await applier.parkedAmong([...changes, ...tables]));
  }

  add(change: Change): void {
    this.slots.add(slotOf(change));
  }

  mustWait(change: Change): boolean {
    return this.slots.size > 0 && (this.slots.has(slotOf(change)) || this.slots.has(`${change.table} `));
  }
}

/** The key of a truncation is empty. */
const slotOf = (change: ChangedKey): string => `${change.table} ${change.key}`;

/** Changes with what they mean on the other side, which does not depend on what was applied before. */
export interface PreparedChanges {
  changes: readonly Change[];
  /** Of one table and operation each, in an order that the changes can be applied in. */
  runs: readonly MappedRun[];
}

interface MappedRun extends MappedChanges {
  run: readonly Change[];
}

/** Maps changes. It may be done while those before them are still being applied. */
export async function prepareChanges(
  mapping: DirectionMapping,
  changes: readonly Change[],
): Promise<PreparedChanges> {
  const runs: MappedRun[] = [];
  for (const run of runsOf(childrenFirst(mapping, changes))) {
    runs.push({ run, ...(await mapChanges(mapping, run)) });
  }
  return { changes, runs };
}

/**
 * Applies changes in their order, as many together as keep it. A change whose data are refused is parked and everything
 * later of its key waits behind it; other keys go on.
 *
 * All are written in one attempt, so that constraints which speak at the end see what belongs together. Only when that
 * fails are they halved, and halved again, until each fault belongs to one change.
 *
 * @returns what the follower refused, and might not when the rest of its transaction is there too
 */
export async function applyChanges(
  applier: Applier,
  mapping: DirectionMapping,
  changes: readonly Change[],
): Promise<ChangedKey[]> {
  return applyPrepared(applier, mapping, await prepareChanges(mapping, changes));
}

/** Does what `applyChanges` does, to changes that are mapped already. */
export async function applyPrepared(
  applier: Applier,
  mapping: DirectionMapping,
  { changes, runs }: PreparedChanges,
): Promise<ChangedKey[]> {
  const parked = await ParkedSlots.before(applier, changes);
  const all: MappedChange[] = [];
  for (const { run, mapped, faults } of runs) {
    const free = new Set(await letWait(applier, parked, run));
    for (const { change, error } of faults) if (free.has(change)) await park(applier, parked, change, error);
    for (const one of mapped) if (free.has(one.change)) all.push(one);
  }
  return write(applier, mapping, parked, all);
}

/** @returns what was refused */
async function write(
  applier: Applier,
  mapping: DirectionMapping,
  parked: ParkedSlots,
  mapped: readonly MappedChange[],
): Promise<ChangedKey[]> {
  const free = new Set(
    await letWait(
      applier,
      parked,
      mapped.map(({ change }) => change),
    ),
  );
  const some = mapped.filter(({ change }) => free.has(change));
  const [first] = some;
  if (!first) return [];
  const fault = await tryWrite(applier, some, mapping.entries);
  if (!fault) {
    // What was parked of a table before it was emptied is of no use any more.
    for (const { change } of some) if (change.op === 'truncate') await applier.unpark(change);
    return [];
  }
  if (some.length === 1) {
    await park(applier, parked, first.change, fault);
    return [first.change];
  }
  const half = some.length >> 1;
  const refused = await write(applier, mapping, parked, some.slice(0, half));
  return [...refused, ...(await write(applier, mapping, parked, some.slice(half)))];
}

async function park(applier: Applier, parked: ParkedSlots, change: Change, fault: Error): Promise<void> {
  await applier.park(change, fault.message);
  parked.add(change);
}

/** Parks what has to wait, and returns the others. */
async function letWait(
  applier: Applier,
  parked: ParkedSlots,
  changes: readonly Change[],
): Promise<readonly Change[]> {
  const waiting = changes.filter((change) => parked.mustWait(change));
  if (waiting.length === 0) return changes;
  for (const run of runsOf(waiting)) await applier.queue(run);
  return changes.filter((change) => !parked.mustWait(change));
}

/** Truncations that follow each other (`TRUNCATE … CASCADE`) in an order that foreign keys of the follower allow. */
function childrenFirst(mapping: DirectionMapping, changes: readonly Change[]): readonly Change[] {
  if (!changes.some((change) => change.op === 'truncate')) return changes;
  const place = new Map(mapping.entries.map((entry, i) => [entry.source.name, i]));
  const placeOf = ({ table }: Change): number => place.get(table) ?? 0;
  const ordered: Change[] = [];
  let truncations: Change[] = [];
  for (const change of [...changes, null]) {
    if (change?.op === 'truncate') {
      truncations.push(change);
      continue;
    }
    ordered.push(...truncations.sort((a, b) => placeOf(b) - placeOf(a)));
    truncations = [];
    if (change) ordered.push(change);
  }
  return ordered;
}

/**
 * Writes what is left of the changes in the end, in a statement or two for each table; where anything is in the way,
 * all of them in their order. What fails is undone.
 *
 * @param entries in an order that foreign keys allow; without them all are written in their order
 * @returns what is wrong with the data; null when all is written
 */
export async function tryWrite(
  applier: Applier,
  mapped: readonly MappedChange[],
  entries?: readonly EntryMapping[],
): Promise<Error | null> {
  if (mapped.length === 0) return null;
  const byChange = new Map(mapped.map((one) => [one.change, one]));
  const those = (some: readonly Change[]): MappedChange[] =>
    some.flatMap((change) => byChange.get(change) ?? []);
  const changes = mapped.map(({ change }) => change);
  const runs = runsOf(changes);
  if (entries && runs.length > 1 && !changes.some(({ op }) => op === 'truncate')) {
    const { gone, there } = netEffectOf(changes);
    const fault = await applier.attempt(async () => {
      await writeChanges(applier, those(gone), 'upsert', entries);
      await writeChanges(applier, those(there), 'upsert', entries);
    });
    if (!fault) return null;
  }
  return applier.attempt(async () => {
    for (const run of runs) await writeChanges(applier, those(run));
  });
}
