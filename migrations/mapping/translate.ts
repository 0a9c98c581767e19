import type { Row, Text } from '../databases/database.ts';
import type { Side } from './side.ts';

/**
 * Pairs of keys that mean the same: a whole number of the monolith and a UUID of the service, by key space. A pair
 * never changes and is never used again for another row.
 */
export interface KeySpaces {
  /** The other side's keys for keys of one side, as far as they are known. */
  find(space: string, side: Side, keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The same, making pairs for those that are not known. Who asks twice, or at the same time, gets the same. */
  make(space: string, side: Side, keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** For mappings that translate nothing. */
export const NO_KEYS: KeySpaces = {
  find: () => Promise.resolve(new Map()),
  make: () => Promise.resolve(new Map()),
};

/** A column whose values are looked up. */
export interface Translated {
  column: string;
  space: string;
  /** To the text that the table of keys has. Throws ConversionError. */
  before: (value: Text) => Text;
}

/** The pairs for all rows of a batch, one round trip for each key space. */
export type Found = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Looks up what the rows need, and makes what is missing when asked to. */
export async function lookUp(
  keys: KeySpaces,
  how: 'find' | 'make',
  side: Side,
  columns: readonly Translated[],
  rows: readonly (Row | null)[],
): Promise<Found> {
  const wanted = new Map<string, Set<string>>();
  for (const { column, space, before } of columns) {
    const values = wanted.get(space) ?? new Set();
    wanted.set(space, values);
    for (const row of rows) {
      const value = row && tried(before, row[column] ?? null);
      if (value !== null) values.add(value);
    }
  }
  const found = [...wanted].map(
    async ([space, values]) => [space, await keys[how](space, side, [...values])] as const,
  );
  return new Map(await Promise.all(found));
}

/** What cannot be a key is told when its row is mapped. */
function tried(before: (value: Text) => Text, value: Text): Text {
  try {
    return before(value);
  } catch {
    return null;
  }
}
