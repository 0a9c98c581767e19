import type { ColumnInfo, Row, TableInfo } from '../databases/database.ts';
import { ConversionError } from './convert.ts';
import type { Link, Pair } from './link.ts';
import type { Side } from './side.ts';
import { carriageOf, spaceOf } from './link.ts';
import { otherSide } from './side.ts';
import type { CarriedColumn, EntryMapping, Mapped } from './mapping.ts';
import type { Column } from './map-row.ts';
import { mapRow } from './map-row.ts';
import type { Found, KeySpaces, Translated } from './translate.ts';
import { lookUp } from './translate.ts';
import type { MappingModule } from './using.ts';
import { callFor } from './using.ts';
import { constantsOf, demandsOn, meets } from './where.ts';

/** Whatever a mapping needs besides the configuration and the catalogs. */
export interface Means {
  keys: KeySpaces;
  functions: ReadonlyMap<number, MappingModule>;
  /** True while a sync is under way: a column that somebody widens then must not keep anybody from going back. */
  bearsRisks?: boolean;
}

/** How rows of a pair's one table become rows of the other, in one direction. */
export function entryOf(pair: Pair, to: Side, part: boolean, means: Means): EntryMapping {
  const from = otherSide(to);
  const columns = pair.links.map((link) => columnOf(link, from, to));
  const keys = columns.filter((column) => column.isKey);
  const [ours, theirs] = [demandsOn(pair, from), demandsOn(pair, to)];
  const constants = constantsOf(pair, to);
  const keyOn = (side: Side): string[] => keyOf(pair, side);
  const inKey = new Set(keyOn(to));
  const keyConstants = Object.fromEntries(Object.entries(constants).filter(([name]) => inKey.has(name)));
  const ourKey = new Set(keyOn(from));
  const oursInKey = ours.filter(({ column }) => ourKey.has(column));
  const back = pair.links.filter((link) => link.isKey).map((link) => columnOf(link, to, from));
  const sourceConstants = constantsOf(pair, from);
  const backConstants = Object.fromEntries(
    Object.entries(sourceConstants).filter(([name]) => ourKey.has(name)),
  );
  const belonging = infosOf(
    pair[to],
    theirs.map(({ column }) => column).filter((column) => !inKey.has(column)),
  );
  const toTargets = targetsOf(pair, to, part, means);
  const find = (side: Side, of: readonly Column[], rows: readonly Row[]): Promise<Found> =>
    lookUp(means.keys, 'find', side, translatedIn(of), rows);
  return {
    name: pair.name,
    source: {
      name: pair[from].name,
      key: keyOn(from),
      columns: columnsOn(pair, from),
      capture: pair.config.capture[from],
    },
    target: {
      name: pair[to].name,
      entry: pair.name,
      key: keyOn(to),
      columns: part ? infosOf(pair[to], [...new Set(givenOn(pair, to))]) : columnsOn(pair, to),
      part,
      ...(part ? { clears: clearedBy(pair, to) } : {}),
      ...(theirs.length > 0 ? { only: theirs } : {}),
    },
    toTargets,
    async toTargetKeys(rows) {
      const found = await find(from, keys, rows);
      return rows.map((row) =>
        meets(oursInKey, row) ? mapRow(keys, keyConstants, row, found, 'is nowhere') : null,
      );
    },
    async toSourceKeys(rows) {
      const found = await find(to, back, rows);
      return rows.map((row) => mapRow(back, backConstants, row, found, 'is nowhere'));
    },
    belonging,
    belongs: (row) => meets(theirs, row),
    plain: plainOf(pair, to, part),
    straight: straightOf(pair, to, part),
  };
}

/** The key of a pair's table: the columns that are mapped as such, and constants in its primary key. */
export function keyOf(pair: Pair, side: Side): string[] {
  const mapped = pair.links.filter((link) => link.isKey).map((link) => link[side].name);
  const constants = Object.keys(constantsOf(pair, side)).filter((column) =>
    pair[side].primaryKey.includes(column),
  );
  return [...new Set([...mapped, ...constants])];
}

/** Every column of one side that the pair reads there. A whole table's are written on the way back, too. */
export function columnsOn(pair: Pair, side: Side): ColumnInfo[] {
  const demanded = demandsOn(pair, side).map(({ column }) => column);
  return infosOf(pair[side], [...new Set([...givenOn(pair, side), ...demanded])]);
}

/** What the pair itself writes. A part leaves what the filter looks at to the pair that its row belongs to. */
function givenOn(pair: Pair, side: Side): string[] {
  return [
    ...pair.links.map((link) => link[side].name),
    ...Object.keys(constantsOf(pair, side)),
    ...(pair.config.using?.[side] ?? []),
  ];
}

function targetsOf(pair: Pair, to: Side, part: boolean, means: Means): EntryMapping['toTargets'] {
  const from = otherSide(to);
  const columns = pair.links.map((link) => columnOf(link, from, to));
  const translated = translatedIn(columns);
  const [ours, theirs] = [demandsOn(pair, from), part ? [] : demandsOn(pair, to)];
  const constants = constantsOf(pair, to);
  const optional = pair.config.optional ? otherColumnsOn(pair, from) : null;
  const filled = pair.config.optional && part ? otherColumnsOn(pair, to) : null;
  const isThere = (row: Row): boolean =>
    meets(ours, row) && (!optional || part || optional.some((column) => (row[column] ?? null) !== null));
  const checked = (mapped: Mapped): Mapped => {
    if (mapped === null || mapped instanceof ConversionError) return mapped;
    if (!meets(theirs, mapped)) return new ConversionError(spell(theirs, mapped), 'would not belong there');
    if (filled && !filled.some((column) => (mapped[column] ?? null) !== null)) {
      return new ConversionError('null', `in all of ${filled.join(', ')} would be no row on the way back`);
    }
    return mapped;
  };
  const isSimple = ours.length === 0 && theirs.length === 0 && !optional;
  const module = means.functions.get(pair.index);
  const given = pair.config.using?.[to] ?? [];
  return async (rows) => {
    const present = isSimple ? rows : rows.map((row) => (isThere(row) ? row : null));
    const found =
      translated.length === 0 ? NONE : await lookUp(means.keys, 'make', from, translated, present);
    const mapped = present.map((row) => row && mapRow(columns, constants, row, found, 'is a fault'));
    const whole = module
      ? await Promise.all(mapped.map(async (row, i) => merged(row, present[i] ?? null)))
      : mapped;
    return isSimple ? whole : whole.map(checked);
  };
  async function merged(row: Mapped, source: Row | null): Promise<Mapped> {
    if (!module || !source || row === null || row instanceof ConversionError) return row;
    const own = await callFor(module, to, given, source);
    return own instanceof ConversionError ? own : { ...row, ...own };
  }
}

const NONE: Found = new Map();

function columnOf(link: Link, from: Side, to: Side): Column {
  return {
    source: link[from].name,
    target: link[to].name,
    isKey: link.isKey,
    way: link.to[to],
    space: spaceOf(link),
    comesBefore: to === 'monolith',
  };
}

function translatedIn(columns: readonly Column[]): Translated[] {
  return columns.flatMap(({ source, space, way, comesBefore }) =>
    space === null ? [] : [{ column: source, space, before: (comesBefore && way) || ((value) => value) }],
  );
}

/** What only a part brings to its row: neither the key nor what says whose row it is. */
function clearedBy(pair: Pair, side: Side): string[] {
  const demanded = new Set(demandsOn(pair, side).map(({ column }) => column));
  return otherColumnsOn(pair, side).filter((column) => !demanded.has(column));
}

function otherColumnsOn(pair: Pair, side: Side): string[] {
  const links = pair.links.filter((link) => !link.isKey).map((link) => link[side].name);
  return [...links, ...(pair.config.using?.[side] ?? [])];
}

function plainOf(pair: Pair, to: Side, part: boolean): CarriedColumn[] | null {
  const { using, optional, where, constants, slice } = pair.config;
  const demands = [where, constants.service, constants.monolith].some((one) => Object.keys(one).length > 0);
  const isPlain =
    !part && !using && !optional && !demands && !slice && pair.links.every((link) => spaceOf(link) === null);
  if (!isPlain) return null;
  const from = otherSide(to);
  return pair.links.map((link) => ({ source: link[from], target: link[to], how: carriageOf(link, to) }));
}

/** What is plain, and has no conversion and no guard either. */
function straightOf(pair: Pair, to: Side, part: boolean): string[] | null {
  const isStraight = plainOf(pair, to, part) !== null && pair.links.every((link) => link.to[to] === null);
  return isStraight ? pair.links.map((link) => link[otherSide(to)].name) : null;
}

const spell = (demands: ReturnType<typeof demandsOn>, row: Row): string =>
  demands.map(({ column }) => `${column}: ${row[column] ?? 'null'}`).join(', ');

function infosOf(table: TableInfo, columns: readonly string[]): ColumnInfo[] {
  return columns.flatMap((name) => table.columns.get(name) ?? []);
}
