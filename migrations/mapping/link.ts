import { closest } from 'fastest-levenshtein';
import type { ColumnInfo, TableInfo } from '../databases/database.ts';
import { conversionBetween } from './conversions/conversion.ts';
import { translationBetween } from './conversions/translation.ts';
import type { Half } from './convert.ts';
import type { Carriage } from './mapping.ts';
import type { ColumnForm, ColumnMapping, TablePair } from './schema.ts';
import { formOf } from './schema.ts';
import type { MappingProblem } from './problem.ts';
import type { Side } from './side.ts';
import type { Way } from './way.ts';
import { wayBetween } from './way.ts';

/** One column of the monolith with its counterpart in the service. */
export interface Link {
  monolith: ColumnInfo;
  service: ColumnInfo;
  form: ColumnForm;
  isKey: boolean;
  path: (string | number)[];
  /** What becomes of a value on its way to either side. */
  to: Readonly<Record<Side, Way>>;
  /** Whether a value goes there as it is, or not at all. */
  asIs: Readonly<Record<Side, boolean>>;
}

/** A configured pair with both tables as the catalogs describe them. */
export interface Pair {
  name: string;
  index: number;
  config: TablePair;
  monolith: TableInfo;
  service: TableInfo;
  links: readonly Link[];
}

/**
 * Finds the columns of a pair in both catalogs, and the conversions between them.
 *
 * @returns the pair as far as it makes sense, and what does not
 */
export function linkPair(
  config: TablePair,
  index: number,
  monolith: TableInfo,
  service: TableInfo,
): { pair: Pair; problems: MappingProblem[] } {
  const problems: MappingProblem[] = [];
  const links: Link[] = [];
  const add = (column: string, mapping: ColumnMapping, isKey: boolean): void => {
    const path = [index, isKey ? 'key' : 'columns', column];
    const form = formOf(mapping);
    const [from, to] = [monolith.columns.get(column), service.columns.get(form.to)];
    if (!from) problems.push({ path, message: noColumn('monolith', monolith, column) });
    if (!to) problems.push({ path, message: noColumn('service', service, form.to) });
    if (!from || !to) return;
    const linked = linkColumns({ form, path, isKey, optional: config.optional }, from, to);
    links.push(linked.link);
    const where = `column "${from.name}" (${from.type}) of monolith table "${monolith.name}" and "${to.name}" (${to.type}) of service table "${service.name}"`;
    const told = (fault: string): MappingProblem => ({ path, message: `${where}: ${fault}` });
    problems.push(
      ...linked.faults.map(told),
      ...linked.risks.map((risk) => ({ ...told(risk), isRisk: true }) as const),
    );
  };
  for (const [column, mapping] of Object.entries(config.key)) add(column, mapping, true);
  for (const [column, mapping] of Object.entries(config.columns)) add(column, mapping, false);
  return {
    pair: { name: `${config.from} → ${config.to}`, index, config, monolith, service, links },
    problems,
  };
}

export function noColumn(side: Side, table: TableInfo, column: string): string {
  const nearest = closest(column, [...table.columns.keys()]);
  return `${side} table "${table.name}" has no column "${column}"; did you mean "${nearest}"?`;
}

function linkColumns(
  {
    form,
    path,
    isKey,
    optional,
  }: { form: ColumnForm; path: Link['path']; isKey: boolean; optional: boolean },
  monolith: ColumnInfo,
  service: ColumnInfo,
): { link: Link; faults: string[]; risks: string[] } {
  const space = 'translate' in form ? form.translate : undefined;
  const conversion =
    space === undefined
      ? conversionBetween(form, monolith, service)
      : translationBetween(monolith.kind, service.kind);
  const failed = typeof conversion === 'string';
  const accepts = { values: form.fits === true, nulls: optional && !isKey };
  const zero = failed ? undefined : conversion.zero;
  const there = wayBetween(failed ? null : conversion.toService, monolith, service, accepts, { null: zero });
  const back = wayBetween(failed ? null : conversion.toMonolith, service, monolith, accepts, { is: zero });
  const link: Link = {
    monolith,
    service,
    form,
    isKey,
    path,
    to: { service: there.way, monolith: back.way },
    asIs: {
      service: isAsIs(failed ? null : conversion.toService, zero),
      monolith: isAsIs(failed ? null : conversion.toMonolith, zero),
    },
  };
  if (failed) return { link, faults: [conversion], risks: [] };
  const faults = [there.fault, back.fault].filter((fault) => fault !== null);
  return { link, faults, risks: [...there.risks, ...back.risks] };
}

const isAsIs = (half: Half | null, zero: string | undefined): boolean =>
  half?.convert === null && zero === undefined;

/** The name of the key space, where a column's values are translated. */
export const spaceOf = (link: Link): string | null =>
  'translate' in link.form ? (link.form.translate ?? null) : null;

/** How a link looks to those who compare in the databases. */
export function carriageOf(link: Link, to: Side): Carriage {
  const { form } = link;
  if (form.convert === 'money') {
    return { kind: 'money', scale: form.scale, to: to === 'service' ? 'minor' : 'decimal' };
  }
  if (form.convert === 'enum') {
    const pairs = Object.entries(form.values).map(([m, s]): [string, string] =>
      to === 'service' ? [m, s] : [s, m],
    );
    return { kind: 'codes', codes: new Map(pairs) };
  }
  return link.asIs[to] ? { kind: 'same' } : { kind: 'other' };
}
