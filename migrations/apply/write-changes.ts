import type { Applier, TargetRow } from '../databases/database.ts';
import type { EntryMapping } from '../mapping/mapping.ts';
import type { MappedChange } from './map-changes.ts';

/**
 * Writes changes of which no key has two: rows go children first and appear parents first.
 *
 * @param how `upsert` advances the keys' marks; `fill` yields to every change; `mend` to none
 * @param entries in an order that foreign keys allow; left out where all changes are of one table
 */
export async function writeChanges(
  applier: Applier,
  mapped: readonly MappedChange[],
  how: 'upsert' | 'fill' | 'mend' = 'upsert',
  entries: readonly EntryMapping[] = entriesOf(mapped),
): Promise<void> {
  const touched = new Set(mapped.flatMap(entriesTouched));
  const ordered = entries.filter((entry) => touched.has(entry));
  const [first] = mapped;
  if (first?.change.op === 'truncate') {
    for (const entry of ordered.toReversed()) await applier.clear(entry.target, first.change.id);
    return;
  }
  for (const entry of ordered.toReversed()) {
    const gone = rowsOf(mapped, entry, false);
    if (gone.length > 0 && how === 'upsert') await applier.delete(entry.target, gone);
    if (gone.length > 0 && how === 'mend') await applier.discard(entry.target, gone);
  }
  for (const entry of ordered) {
    const there = rowsOf(mapped, entry, true);
    if (there.length > 0) await applier[how](entry.target, there);
  }
}

const entriesTouched = ({ effects }: MappedChange): EntryMapping[] => effects.map(({ entry }) => entry);

const entriesOf = ([first]: readonly MappedChange[]): EntryMapping[] => (first ? entriesTouched(first) : []);

/** What is to be there (or to go) in the entry's table. */
export function rowsOf(mapped: readonly MappedChange[], entry: EntryMapping, present: boolean): TargetRow[] {
  return mapped.flatMap(({ change, effects }) =>
    effects
      .filter((effect) => effect.entry === entry && (effect.row !== null) === present)
      .map((effect) => ({ sourceKey: change.key, version: change.id, values: effect.row ?? effect.key })),
  );
}
