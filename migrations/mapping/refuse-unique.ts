import { columnsOn } from './entry.ts';
import type { Link, Pair } from './link.ts';
import type { Side } from './side.ts';
import { otherSide } from './side.ts';
import type { MappingProblem } from './problem.ts';
import { constantsOf } from './where.ts';

/**
 * What is unique on one side has to be so on the other, else rows come that are refused. It is, when some of its
 * columns are the images of columns that are unique there.
 */
export function uniqueProblems(pairs: readonly Pair[], side: Side): MappingProblem[] {
  const tables = new Map(pairs.map((pair) => [pair[side].name, pair[side]]));
  return [...tables.values()].flatMap((table) => {
    const writers = pairs.filter((pair) => pair[side].name === table.name);
    return table.uniques.flatMap((unique) => {
      const links = writers.flatMap((pair) => pair.links.filter((link) => unique.includes(link[side].name)));
      if (links.some((link) => link.form.fits === true)) return [];
      if (isNeverFull(unique, writers, side) || writers.some((pair) => isGuaranteed(unique, pair, side)))
        return [];
      const path = links[0]?.path ?? [writers[0]?.index ?? 0];
      const other = otherSide(side);
      const theirs = links.map((link) => `"${link[other].name}"`).join(', ') || 'nothing';
      const message =
        `(${unique.join(', ')}) of ${side} table "${table.name}" is unique, and ${theirs} of the ${other} is not (or not as strictly): ` +
        'make it unique there too, or say `fits: true` if it is so anyway (a second row would be parked)';
      return [{ path, message, isRisk: true }];
    });
  });
}

/** Nulls differ from each other: a column that nobody fills makes every row unique. */
function isNeverFull(unique: readonly string[], writers: readonly Pair[], side: Side): boolean {
  const filled = new Set(writers.flatMap((pair) => columnsOn(pair, side).map((column) => column.name)));
  return unique.some((name) => {
    const column = writers[0]?.[side].columns.get(name);
    return column !== undefined && !filled.has(name) && column.nullable && !column.hasDefault;
  });
}

function isGuaranteed(unique: readonly string[], pair: Pair, side: Side): boolean {
  const other = otherSide(side);
  const { primaryKey, uniques } = pair[other];
  const constants = constantsOf(pair, other);
  const images = new Set(
    pair.links
      .filter((link) => unique.includes(link[side].name) && isAsStrict(link, side))
      .map((link) => link[other].name),
  );
  return [primaryKey, ...uniques].some((theirs) =>
    theirs.every((column) => images.has(column) || column in constants),
  );
}

/** Two values that differ on the other side must differ here too. */
function isAsStrict(link: Link, side: Side): boolean {
  const [own, theirs] = [link[side].kind, link[otherSide(side)].kind];
  return !(own.kind === 'text' && own.loose && theirs.kind === 'text' && !theirs.loose);
}
