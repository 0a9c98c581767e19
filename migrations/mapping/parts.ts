import type { Pair } from './link.ts';
import type { Side } from './side.ts';
import { demandsOn, exclude } from './where.ts';

/** The pair whose rows are the rows of the table, where this one only fills columns of theirs; else undefined. */
export function mainOf(pair: Pair, pairs: readonly Pair[], side: Side): Pair | undefined {
  const demands = demandsOn(pair, side);
  return pairs.find(
    (other) =>
      other.index < pair.index &&
      other[side].name === pair[side].name &&
      !exclude(demands, demandsOn(other, side)),
  );
}

/** Whether another pair decides which rows the table has. Pairs whose rows exclude each other are whole, both. */
export const isPart = (pair: Pair, pairs: readonly Pair[], side: Side): boolean =>
  mainOf(pair, pairs, side) !== undefined;

/** The first pair of each table: for what is asked of a table once. */
export const mainPairs = (pairs: readonly Pair[], side: Side): Pair[] =>
  pairs.filter((pair) => pairs.find((other) => other[side].name === pair[side].name) === pair);
