import type { MappedChange } from '../apply/map-changes.ts';
import type { Database } from '../databases/database.ts';
import type { DirectionMapping, EntryMapping } from '../mapping/mapping.ts';

/** Columns of each entry's target that can be left empty until the rows are there that they refer to. */
export type LateColumns = ReadonlyMap<EntryMapping, readonly string[]>;

/**
 * Finds the columns that refer to rows which may not be there yet: of the table itself, or of one that is filled later,
 * because the references go round in a circle. Only such as may be null can be left empty at first.
 *
 * @param order the source tables as they are copied
 */
export async function lateColumns(
  target: Database,
  { entries }: DirectionMapping,
  order: readonly string[],
): Promise<LateColumns> {
  const turnOf = (entry: EntryMapping): number => order.indexOf(entry.source.name);
  const filledBy = (table: string): number =>
    Math.max(-1, ...entries.filter((entry) => entry.target.name === table).map(turnOf));
  const late = new Map<EntryMapping, readonly string[]>();
  for (const entry of entries) {
    const { foreignKeys = [] } = await target.describe(entry.target.name);
    const columns = foreignKeys
      .filter(({ table }) => filledBy(table) >= turnOf(entry))
      .flatMap((key) => key.columns);
    const free = entry.target.columns.filter(
      ({ name, nullable }) => nullable && !entry.target.key.includes(name),
    );
    late.set(
      entry,
      free.map(({ name }) => name).filter((name) => columns.includes(name)),
    );
  }
  return late;
}

/** The same rows with these columns empty. */
export function withoutLate(changes: readonly MappedChange[], late: LateColumns): MappedChange[] {
  return changes.map(({ change, effects }) => ({
    change,
    effects: effects.map((effect) => {
      const empty = Object.fromEntries((late.get(effect.entry) ?? []).map((name) => [name, null]));
      return { ...effect, row: effect.row && { ...effect.row, ...empty } };
    }),
  }));
}

/** Whether any of these columns has a value. */
export const refersLate = ({ effects }: MappedChange, late: LateColumns): boolean =>
  effects.some(({ entry, row }) => (late.get(entry) ?? []).some((name) => (row?.[name] ?? null) !== null));
