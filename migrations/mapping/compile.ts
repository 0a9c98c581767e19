import { closest } from 'fastest-levenshtein';
import type { ColumnInfo, Row, TableInfo } from '../databases/database.ts';
import type { Converter } from './convert.ts';
import { converterOf } from './convert.ts';
import type { DirectionMapping, EntryMapping, MigrationMapping } from './mapping.ts';
import type { ColumnMapping, TablePair } from './schema.ts';

/** Something in the configuration that the databases contradict; `path` leads to it within the table list. */
export interface MappingProblem {
  path: (string | number)[];
  message: string;
}

export class MappingError extends Error {
  readonly problems: readonly MappingProblem[];
  constructor(problems: readonly MappingProblem[]) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.name = 'MappingError';
    this.problems = problems;
  }
}

interface Link {
  monolith: string;
  service: string;
  converter: Converter;
  isKey: boolean;
  path: (string | number)[];
}

interface Pair {
  name: string;
  index: number;
  monolith: TableInfo;
  service: TableInfo;
  links: Link[];
}

/**
 * Checks the configured pairs against both databases' catalogs and builds the mapping of both directions.
 *
 * @throws MappingError with every problem found, not only the first
 */
export function compileMapping(
  pairs: readonly TablePair[],
  monolith: ReadonlyMap<string, TableInfo>,
  service: ReadonlyMap<string, TableInfo>,
): MigrationMapping {
  const linked = pairs.map((pair, index) => link(pair, index, monolith, service));
  const problems = [
    ...linked.flatMap(problemsOfPair),
    ...problemsOfCover(linked, 'service'),
    ...problemsOfCover(linked, 'monolith'),
  ];
  if (problems.length > 0) throw new MappingError(problems);
  return {
    toService: direction(linked, 'monolith', 'service'),
    toMonolith: direction(linked, 'service', 'monolith'),
    unmapped: unmappedColumns(linked),
  };
}

function link(
  pair: TablePair,
  index: number,
  monolith: ReadonlyMap<string, TableInfo>,
  service: ReadonlyMap<string, TableInfo>,
): Pair {
  const [from, to] = [monolith.get(pair.from), service.get(pair.to)];
  if (!from || !to)
    throw new MappingError([{ path: [index], message: `no catalog of ${pair.from} or ${pair.to}` }]);
  const toLink = (column: string, mapping: ColumnMapping, isKey: boolean): Link => ({
    monolith: column,
    service: typeof mapping === 'string' ? mapping : mapping.to,
    converter: converterOf(mapping),
    isKey,
    path: [index, isKey ? 'key' : 'columns', column],
  });
  return {
    name: `${pair.from} → ${pair.to}`,
    index,
    monolith: from,
    service: to,
    links: [
      ...Object.entries(pair.key).map(([column, mapping]) => toLink(column, mapping, true)),
      ...Object.entries(pair.columns).map(([column, mapping]) => toLink(column, mapping, false)),
    ],
  };
}

function problemsOfPair(pair: Pair): MappingProblem[] {
  const problems = pair.links.flatMap((link) => [
    ...unknownColumn(link, pair.monolith, link.monolith, 'monolith'),
    ...unknownColumn(link, pair.service, link.service, 'service'),
    ...nullIntoNotNull(link, pair),
  ]);
  for (const side of ['monolith', 'service'] as const) {
    const mapped = pair.links.filter((link) => link.isKey).map((link) => link[side]);
    const actual = pair[side].primaryKey;
    if (actual.length === 0) {
      problems.push({
        path: [pair.index],
        message: `${side} table "${pair[side].name}" has no primary key; add one: rows without a key cannot be followed`,
      });
    } else if ([...mapped].sort().join() !== [...actual].sort().join()) {
      problems.push({
        path: [pair.index, 'key'],
        message: `the key of ${side} table "${pair[side].name}" is (${actual.join(', ')}), not (${mapped.join(', ')})`,
      });
    }
  }
  return problems;
}

function unknownColumn(link: Link, table: TableInfo, column: string, side: string): MappingProblem[] {
  const info = table.columns.get(column);
  if (!info) {
    const nearest = closest(column, [...table.columns.keys()]);
    return [
      {
        path: link.path,
        message: `${side} table "${table.name}" has no column "${column}"; did you mean "${nearest}"?`,
      },
    ];
  }
  if (!info.generated) return [];
  return [
    {
      path: link.path,
      message: `column "${column}" of ${side} table "${table.name}" is generated and cannot be written`,
    },
  ];
}

/** Null on one side and `NOT NULL` on the other would park rows, in one direction or on the way back. */
function nullIntoNotNull(link: Link, pair: Pair): MappingProblem[] {
  const from = pair.monolith.columns.get(link.monolith);
  const to = pair.service.columns.get(link.service);
  if (!from || !to || from.nullable === to.nullable) return [];
  const [loose, strict] = from.nullable ? ['monolith', 'service'] : ['service', 'monolith'];
  return [
    {
      path: link.path,
      message:
        `column "${link.monolith}" of "${pair.monolith.name}" and "${link.service}" of "${pair.service.name}" do not fit: ` +
        `nulls of the ${loose} are refused by the ${strict} (make both nullable, or both NOT NULL)`,
    },
  ];
}

/** The first pair of each target table inserts its rows, so it must give every column that needs a value. */
function problemsOfCover(pairs: readonly Pair[], side: 'monolith' | 'service'): MappingProblem[] {
  return firstPairs(pairs, side).flatMap((pair) => {
    const given = new Set(pair.links.map((link) => link[side]));
    return [...pair[side].columns.values()]
      .filter((column) => needsValue(column) && !given.has(column.name))
      .map((column) => ({
        path: [pair.index],
        message: `column "${column.name}" of ${side} table "${pair[side].name}" is NOT NULL without a default, and nothing is mapped to it: map a column to it, or give it a default`,
      }));
  });
}

const needsValue = (column: ColumnInfo): boolean =>
  !column.nullable && !column.hasDefault && !column.generated;

function firstPairs(pairs: readonly Pair[], side: 'monolith' | 'service'): Pair[] {
  return pairs.filter(
    (pair) => pairs.find((other) => other[side].name === pair[side].name)?.index === pair.index,
  );
}

function direction(
  pairs: readonly Pair[],
  from: 'monolith' | 'service',
  to: 'monolith' | 'service',
): DirectionMapping {
  const firsts = new Set(firstPairs(pairs, to));
  const entries = inForeignKeyOrder(pairs, to).map((pair) => entry(pair, from, to, !firsts.has(pair)));
  const sources = [...new Set(pairs.map((pair) => pair[from].name))];
  const captured = sources.map((name) => {
    const links = pairs.filter((pair) => pair[from].name === name).flatMap((pair) => pair.links);
    const key = links.filter((link) => link.isKey).map((link) => link[from]);
    return { name, key: [...new Set(key)], columns: [...new Set(links.map((link) => link[from]))] };
  });
  const byTable = new Map(sources.map((name) => [name, entries.filter((e) => e.source.name === name)]));
  return {
    captured,
    targets: [...new Set(pairs.map((pair) => pair[to].name))],
    entries,
    entriesOf: (table) => byTable.get(table) ?? [],
  };
}

function entry(
  pair: Pair,
  from: 'monolith' | 'service',
  to: 'monolith' | 'service',
  part: boolean,
): EntryMapping {
  const convert = (converter: Converter): ((value: string | null) => string | null) =>
    to === 'service' ? (v) => converter.toService(v) : (v) => converter.toMonolith(v);
  const columns = pair.links.map((link) => ({ ...link, convert: convert(link.converter) }));
  const keys = columns.filter((column) => column.isKey);
  const translate = (links: typeof columns, row: Row): Row =>
    Object.fromEntries(links.map((link) => [link[to], link.convert(row[link[from]] ?? null)]));
  return {
    name: pair.name,
    source: {
      name: pair[from].name,
      key: keys.map((k) => k[from]),
      columns: columns.map((c) => c[from]),
    },
    target: {
      name: pair[to].name,
      entry: pair.name,
      key: keys.map((k) => k[to]),
      columns: columns.map((c) => ({
        name: c[to],
        castType: pair[to].columns.get(c[to])?.castType ?? 'text',
      })),
      part,
    },
    toTarget: (row) => translate(columns, row),
    toTargetKey: (row) => translate(keys, row),
    toSourceKey: (row) => Object.fromEntries(keys.map((k) => [k[from], row[k[to]] ?? null])),
  };
}

/** Parents before children, as far as the references have an order; the configured order decides the rest. */
function inForeignKeyOrder(pairs: readonly Pair[], side: 'monolith' | 'service'): Pair[] {
  const ordered: Pair[] = [];
  const visit = (pair: Pair, path: readonly Pair[]): void => {
    if (ordered.includes(pair) || path.includes(pair)) return;
    for (const parent of pairs) {
      const isParent = pair[side].references.includes(parent[side].name);
      if (isParent && parent[side].name !== pair[side].name) visit(parent, [...path, pair]);
    }
    ordered.push(pair);
  };
  for (const pair of pairs) visit(pair, []);
  return ordered;
}

function unmappedColumns(pairs: readonly Pair[]): string[] {
  return (['monolith', 'service'] as const).flatMap((side) =>
    firstPairs(pairs, side).flatMap((pair) => {
      const links = pairs.filter((other) => other[side].name === pair[side].name).flatMap((p) => p.links);
      const mapped = new Set(links.map((link) => link[side]));
      return [...pair[side].columns.values()]
        .filter((column) => !mapped.has(column.name) && !column.generated)
        .map((column) => `${side} ${pair[side].name}.${column.name}`);
    }),
  );
}
