import type { ColumnInfo, Demand, Row, TableInfo, Text } from '../databases/database.ts';
import type { Kind } from '../databases/kind.ts';
import { lossesBetween } from './losses.ts';
import type { MappingProblem } from './problem.ts';
import type { Pair } from './link.ts';
import type { Side } from './side.ts';
import { SIDES } from './side.ts';
import { noColumn } from './link.ts';
import type { Condition, Slice, TablePair } from './schema.ts';

/** A row belongs when all demands hold. Pure: both sides' rows are canonical texts. */
export const meets = (demands: readonly Demand[], row: Row): boolean =>
  demands.every(({ column, not, values }) => values.has(row[column] ?? null) !== not);

/** What rows of one side have to have: the filter, which is the monolith's, and the constants. */
export function demandsOn(pair: Pair, side: Side): Demand[] {
  const table = pair[side];
  const constants = Object.entries(constantsOf(pair, side)).map(([column, value]) =>
    demand(table, column, [value], false),
  );
  const slice = sliceOn(pair, side);
  const sliced = slice ? [demand(table, slice.column, slice.values, false)] : [];
  if (side === 'service') return [...constants, ...sliced];
  const filters = Object.entries(pair.config.where).map(([column, condition]) => {
    const { values, not } = listOf(condition);
    return demand(table, column, values, not);
  });
  return [...filters, ...constants, ...sliced];
}

/** The slice of a pair as one side's column tells it; null where it is moved whole, or cannot be told. */
export function sliceOn({ config, links }: Pair, side: Side): Slice | null {
  const link = links.find(({ monolith }) => monolith.name === config.slice?.column);
  return config.slice && link ? { ...config.slice, column: link[side].name } : null;
}

/** Kinds whose canonical text is the text of their JSON, by which triggers tell slices apart. */
const SLICING_KINDS: ReadonlySet<Kind['kind']> = new Set(['text', 'integer', 'uuid', 'enum']);

/** Why a pair cannot be moved in slices. */
export function sliceProblems(pair: Pair): MappingProblem[] {
  const { slice } = pair.config;
  if (!slice) return [];
  const told = (why: string): MappingProblem[] => [
    {
      path: [pair.index],
      message: `monolith table "${pair.monolith.name}" cannot be moved in slices: ${why}`,
    },
  ];
  const link = pair.links.find(({ monolith }) => monolith.name === slice.column);
  if (!pair.monolith.columns.has(slice.column))
    return told(`it has no column "${slice.column}", by which slices are told apart`);
  if (!link)
    return told(`its column "${slice.column}" is not carried over; add it to \`key\` or \`columns\``);
  if (!link.asIs.service || !link.asIs.monolith || 'translate' in link.form)
    return told(`its column "${slice.column}" must go over as it is, without a conversion`);
  for (const side of SIDES) {
    const { kind } = link[side].kind;
    if (!SLICING_KINDS.has(kind))
      return told(
        `${side} column "${link[side].name}" is a ${kind}; texts, whole numbers and UUIDs tell slices apart`,
      );
    if (pair.config.capture[side] === 'replication')
      return told(
        `the ${side}'s changes are captured from the log, which does not tell slices apart; use \`capture: trigger\``,
      );
  }
  return [];
}

/**
 * What is written into columns of one side that the other does not know. A filter for one value says what a row that
 * comes back has to have, so it is a constant of the monolith too.
 */
export function constantsOf(pair: Pair, side: Side): Readonly<Record<string, Text>> {
  const table = pair[side];
  const given: [string, Text][] = Object.entries(pair.config.constants[side]);
  if (side === 'monolith') given.push(...impliedBy(pair.config));
  return Object.fromEntries(
    given.map(([column, value]) => [column, spelt(table.columns.get(column), value)]),
  );
}

function impliedBy({ where, key, columns }: TablePair): [string, Text][] {
  return Object.entries(where).flatMap(([column, condition]): [string, Text][] => {
    const { values, not } = listOf(condition);
    const isMapped = column in key || column in columns;
    return isMapped || not || values.length !== 1 ? [] : [[column, values[0] ?? null]];
  });
}

/** Whether no row can meet both: some column would have to have two values. */
export const exclude = (some: readonly Demand[], others: readonly Demand[]): boolean =>
  some.some(
    (one) =>
      !one.not &&
      others.some(
        (other) =>
          other.column === one.column &&
          !other.not &&
          [...one.values].every((value) => !other.values.has(value)),
      ),
  );

/** Constants and filters that name no column, or a value that the column cannot have. */
export function demandProblems(pair: Pair): MappingProblem[] {
  const { config, index } = pair;
  const named: [side: Side, path: string[], column: string, values: readonly Text[]][] = [
    ...(['monolith', 'service'] as const).flatMap((side) =>
      Object.entries(config.constants[side]).map(([column, value]): (typeof named)[number] => [
        side,
        ['constants', side, column],
        column,
        [value],
      ]),
    ),
    ...Object.entries(config.where).map(([column, condition]): (typeof named)[number] => [
      'monolith',
      ['where', column],
      column,
      listOf(condition).values,
    ]),
  ];
  return named.flatMap(([side, path, column, values]) => {
    const info = pair[side].columns.get(column);
    const fault = info ? faultOf(info, values) : noColumn(side, pair[side], column);
    return fault === null ? [] : [{ path: [index, ...path], message: fault }];
  });
}

const EXAMPLES: Partial<Record<Kind['kind'], string>> = {
  date: '2020-02-29',
  time: '23:59:59',
  datetime: '2020-02-29 23:59:59',
  instant: '2020-02-29 23:59:59+00',
  uuid: 'f47ac10b-58cc-4372-a567-0e02b2c3d479',
};
const TIME = String.raw`\d\d:\d\d:\d\d(\.\d{0,5}[1-9])?`;

/** A row is recognised by the text of the value: another spelling of it would be written, and never found again. */
const SPELLINGS: Partial<Record<Kind['kind'], RegExp>> = {
  date: /^\d{4}-\d\d-\d\d$/,
  time: new RegExp(`^${TIME}$`),
  datetime: new RegExp(String.raw`^\d{4}-\d\d-\d\d ${TIME}$`),
  instant: new RegExp(String.raw`^\d{4}-\d\d-\d\d ${TIME}\+00$`),
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
};

function faultOf(info: ColumnInfo, values: readonly Text[]): string | null {
  if (values.includes(null) && !info.nullable) return `column "${info.name}" is NOT NULL: it is never null`;
  const bad = values.find((value) => {
    if (value === null || info.kind.kind === 'decimal') return false;
    const spelling = SPELLINGS[info.kind.kind];
    if (spelling) return !spelling.test(value);
    const losses = lossesBetween({ kind: 'enum', labels: [value] }, info.kind);
    return losses !== null && losses.length > 0;
  });
  if (bad === undefined) return null;
  const example = EXAMPLES[info.kind.kind];
  const how = example ? `; it is written like '${example}'` : '';
  return `"${bad}" is no value of column "${info.name}" (${info.type})${how}`;
}

function listOf(condition: Condition): { values: readonly Text[]; not: boolean } {
  const not = typeof condition === 'object' && condition !== null && 'not' in condition;
  const inner = not ? condition.not : condition;
  return { values: [inner].flat(), not };
}

function demand(table: TableInfo, column: string, values: readonly Text[], not: boolean): Demand {
  return { column, not, values: new Set(values.map((value) => spelt(table.columns.get(column), value))) };
}

/** As the database prints it: `2.5` in a column with two digits behind the point is `2.50`. */
function spelt(column: ColumnInfo | undefined, value: Text): Text {
  if (value === null || column?.kind.kind !== 'decimal' || !column.kind.scale) return value;
  const [whole = '', fraction = ''] = value.split('.');
  return `${whole}.${fraction.padEnd(column.kind.scale, '0')}`;
}
