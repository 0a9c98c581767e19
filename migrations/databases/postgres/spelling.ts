import type { ColumnInfo } from '../database.ts';
import type { Kind } from '../kind.ts';
import { TEXT_SETTINGS } from './connect.ts';
import { literal } from './identifiers.ts';

/** How a column's value is written as text. */
export type Spelling = (kind: Kind | undefined, value: string) => string;

export const plainly: Spelling = (_, value) => `${value}::text`;

/**
 * The text that a value has where `TimeZone` is UTC, in a session of whatever zone. Infinity has none, and of a time
 * before Christ the zone stands before the era.
 */
export const inAnyZone: Spelling = (kind, value) => {
  if (kind?.kind !== 'instant') return plainly(kind, value);
  const utc = `timezone('UTC', ${value})::text`;
  return `CASE WHEN NOT isfinite(${value}) THEN ${value}::text
    WHEN ${value} < '0001-01-01 00:00:00+00' THEN replace(${utc}, ' BC', '+00 BC') ELSE ${utc} || '+00' END`;
};

/** The `SET` clauses of a function that writes the columns' texts. It pays for each of them at each call. */
export function settingsFor(columns: readonly ColumnInfo[]): string {
  return [...TEXT_SETTINGS]
    .filter(([name]) => columns.some(({ kind }) => isSpelledBy(kind, name)))
    .map(([name, value]) => `SET ${name} = ${literal(value)}`)
    .join(' ');
}

/**
 * SQL that says whether the columns' texts, spelled `inAnyZone`, are in this session what they are under
 * `TEXT_SETTINGS`; empty when they are in any.
 */
export function isCanonicalHere(columns: readonly ColumnInfo[]): string {
  return [...TEXT_SETTINGS.keys()]
    .filter((name) =>
      columns.some(
        ({ kind }) => isSpelledBy(kind, name) && !(kind.kind === 'instant' && name === 'TimeZone'),
      ),
    )
    .map((name) => SAME_TEXT[name] ?? 'false')
    .join(' AND ');
}

/** Values of each setting that make no difference to what is written. */
const SAME_TEXT: Readonly<Record<string, string>> = {
  // What follows is how dates are read.
  DateStyle: `left(current_setting('DateStyle'), 3) = 'ISO'`,
  TimeZone: `current_setting('TimeZone') IN ('UTC', 'Etc/UTC')`,
  IntervalStyle: `current_setting('IntervalStyle') = 'postgres'`,
  // From 1 on: the shortest text that is read as the same number.
  extra_float_digits: `current_setting('extra_float_digits') IN ('1', '2', '3')`,
  bytea_output: `current_setting('bytea_output') = 'hex'`,
  lc_monetary: `current_setting('lc_monetary') = 'C'`,
};

/** Whether the text of a kind depends on a setting. */
function isSpelledBy(kind: Kind, setting: string): boolean {
  switch (kind.kind) {
    case 'array':
      return isSpelledBy(kind.of, setting);
    case 'float':
      return setting === 'extra_float_digits';
    case 'bytes':
      return setting === 'bytea_output';
    case 'interval':
      return setting === 'IntervalStyle';
    case 'date':
    case 'datetime':
      return setting === 'DateStyle';
    case 'instant':
      return setting === 'DateStyle' || setting === 'TimeZone';
    case 'other':
      return SPELLED_BY.find(([names]) => names.test(kind.name))?.[1].includes(setting) ?? true;
    default:
      return false;
  }
}

/** Of types that have no kind of their own. One that is not here (a composite one, say) can depend on each. */
const SPELLED_BY: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(inet|cidr|macaddr8?|name|char|xml|oid|pg_lsn|jsonpath|tsvector|tsquery)$/, []],
  [/^(int4|int8|num)(multi)?range$/, []],
  [/^(ts|date)(multi)?range$/, ['DateStyle']],
  [/^tstz(multi)?range$/, ['DateStyle', 'TimeZone']],
  [/^(point|line|lseg|box|path|polygon|circle)$/, ['extra_float_digits']],
  [/^money$/, ['lc_monetary']],
];
