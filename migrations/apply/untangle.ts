import type { Applier, Change } from '../databases/database.ts';
import { tryWrite } from './apply.ts';
import type { MappedChange } from './map-changes.ts';
import { rowsOf, writeChanges } from './write-changes.ts';

/** A round of tries that mends nothing ends them; a longer chain than this goes on at the next retry. */
const ROUNDS = 10;

/**
 * Writes the newest changes of keys that were refused, in whatever order they can be written: each may need another one
 * first, as a child its parent or a row the unique value that another gives up. Rows that hold each other's unique
 * values give them up together.
 *
 * @returns why, of each change that is still refused
 */
export async function untangle(
  applier: Applier,
  newest: readonly MappedChange[],
): Promise<ReadonlyMap<Change, Error>> {
  const faults = new Map<Change, Error>();
  if ((await tryWrite(applier, newest)) === null) return faults;
  let open = newest;
  for (let round = 0; round < ROUNDS; round++) {
    const refused: MappedChange[] = [];
    for (const one of open) {
      const fault = await tryWrite(applier, [one]);
      if (fault) refused.push(one);
      if (fault) faults.set(one.change, fault);
      else faults.delete(one.change);
    }
    const isStuck = refused.length === open.length;
    open = refused;
    if (open.length === 0 || isStuck) break;
  }
  for (const { change } of await exchange(applier, open)) faults.delete(change);
  return faults;
}

/** @returns the changes that are written now */
async function exchange(
  applier: Applier,
  refused: readonly MappedChange[],
): Promise<readonly MappedChange[]> {
  let open = refused.filter(({ change }) => change.op === 'upsert');
  while (open.length > 1) {
    let vacated = 0;
    let current: MappedChange | null = null;
    const fault = await applier.attempt(async () => {
      vacated = await vacate(applier, open);
      if (vacated === 0) return;
      for (current of open) await writeChanges(applier, [current]);
      current = null;
    });
    if (vacated === 0) return [];
    if (!fault) return open;
    // Whoever fails has a fault of its own. Nobody in particular does when the end speaks: then there is no telling.
    const failed: MappedChange | null = current;
    if (failed === null) return [];
    open = open.filter((one) => one !== failed);
  }
  return [];
}

async function vacate(applier: Applier, mapped: readonly MappedChange[]): Promise<number> {
  const entries = new Set(mapped.flatMap(({ effects }) => effects.map((effect) => effect.entry)));
  let vacated = 0;
  for (const entry of entries) vacated += await applier.vacate(entry.target, rowsOf(mapped, entry, true));
  return vacated;
}
