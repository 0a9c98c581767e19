import type { TableInfo } from '../databases/database.ts';
import type { Means } from './entry.ts';
import { columnsOn, entryOf } from './entry.ts';
import type { Pair } from './link.ts';
import type { Side } from './side.ts';
import { linkPair } from './link.ts';
import { otherSide, SIDES } from './side.ts';
import type { DirectionMapping, MigrationMapping } from './mapping.ts';
import { inForeignKeyOrder } from './order.ts';
import { isPart, mainPairs } from './parts.ts';
import { MappingError } from './problem.ts';
import { problemsOf } from './refuse.ts';
import type { TablePair } from './schema.ts';
import { NO_KEYS } from './translate.ts';
import { sliceOn } from './where.ts';

export { MappingError } from './problem.ts';

/**
 * Checks the configured pairs against both databases' catalogs and builds the mapping of both directions.
 *
 * @throws MappingError with every problem found, not only the first
 */
export function compileMapping(
  configs: readonly TablePair[],
  monolith: ReadonlyMap<string, TableInfo>,
  service: ReadonlyMap<string, TableInfo>,
  means: Means = { keys: NO_KEYS, functions: new Map() },
): MigrationMapping {
  const linked = configs.map((config, index) => {
    const [from, to] = [monolith.get(config.from), service.get(config.to)];
    if (from && to) return linkPair(config, index, from, to);
    throw new MappingError([{ path: [index], message: `no catalog of ${config.from} or ${config.to}` }]);
  });
  const pairs = linked.map(({ pair }) => pair);
  const problems = [...linked.flatMap((one) => one.problems), ...problemsOf(pairs)];
  const refused = means.bearsRisks ? problems.filter((problem) => !problem.isRisk) : problems;
  if (refused.length > 0) throw new MappingError(refused);
  return {
    toService: direction(pairs, 'service', means),
    toMonolith: direction(pairs, 'monolith', means),
    unmapped: unmappedColumns(pairs),
  };
}

function direction(pairs: readonly Pair[], to: Side, means: Means): DirectionMapping {
  const from = otherSide(to);
  const entries = inForeignKeyOrder(pairs, to).map((pair) =>
    entryOf(pair, to, isPart(pair, pairs, to), means),
  );
  const sources = [...new Set(pairs.map((pair) => pair[from].name))];
  const byTable = new Map(sources.map((name) => [name, entries.filter((e) => e.source.name === name)]));
  const captured = sources.map((name) => {
    const ofTable = byTable.get(name) ?? [];
    const columns = new Map(ofTable.flatMap((e) => e.source.columns.map((column) => [column.name, column])));
    const [first] = ofTable;
    const pair = pairs.find((each) => each[from].name === name);
    const slice = pair && sliceOn(pair, from);
    return {
      name,
      key: [...new Set(ofTable.flatMap((e) => e.source.key))],
      columns: [...columns.values()],
      capture: first?.source.capture ?? 'trigger',
      ...(slice ? { slice } : {}),
    };
  });
  return {
    captured,
    targets: [...new Set(pairs.map((pair) => pair[to].name))],
    entries,
    entriesOf: (table) => byTable.get(table) ?? [],
  };
}

function unmappedColumns(pairs: readonly Pair[]): string[] {
  return SIDES.flatMap((side) =>
    mainPairs(pairs, side).flatMap((pair) => {
      const ofTable = pairs.filter((other) => other[side].name === pair[side].name);
      const mapped = new Set(ofTable.flatMap((one) => columnsOn(one, side).map((column) => column.name)));
      return [...pair[side].columns.values()]
        .filter((column) => !mapped.has(column.name) && !column.generated)
        .map((column) => `${side} ${pair[side].name}.${column.name}`);
    }),
  );
}
