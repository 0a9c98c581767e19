import type { ColumnInfo, Text } from '../databases/database.ts';
import type { Half } from './convert.ts';
import { ConversionError } from './convert.ts';
import type { Loss } from './losses.ts';
import { lossesBetween } from './losses.ts';

/** What becomes of a value of one column in the other one; null when it goes over as it is. Throws ConversionError. */
export type Way = ((value: Text) => Text) | null;

/** What the configuration takes on itself. */
interface Accepted {
  /** That values fit although the types do not promise it. */
  values: boolean;
  /** Nulls into a column that takes none. */
  nulls: boolean;
}

/** What stands for null: on the way there the text that becomes it, on the way back the text that it becomes. */
interface Zero {
  null?: string | undefined;
  is?: string | undefined;
}

/**
 * One way from a column to another: the conversion, and behind it a guard for what the other column cannot hold.
 *
 * @returns also why there is none, and for which values there is none, in words
 */
export function wayBetween(
  half: Half | null,
  from: ColumnInfo,
  to: ColumnInfo,
  accepted: Accepted,
  zero: Zero,
): { way: Way; fault: string | null; risks: string[] } {
  const losses = half ? lossesBetween(half.gives, to.kind) : [];
  if (losses === null)
    return { way: null, fault: `what "${from.name}" gives is no value for "${to.name}"`, risks: [] };
  const nulls = nullsBetween(from, to, zero);
  const unfitting = [...(half?.partial ? [half.partial] : []), ...losses.map((loss) => loss.what)];
  const risks = [
    ...(accepted.values ? [] : unfitting.map((what) => unfit(to, what))),
    ...(accepted.values || accepted.nulls || !nulls ? [] : [nulls]),
  ];
  return { way: wayOf(half, from, to, losses, zero), fault: null, risks };
}

const unfit = (to: ColumnInfo, what: string): string =>
  `"${to.name}" cannot take ${what}; change a type, or say \`fits: true\` if no such value comes (it would be parked)`;

function nullsBetween(from: ColumnInfo, to: ColumnInfo, zero: Zero): string | null {
  const comes = (from.nullable && zero.is === undefined) || zero.null !== undefined;
  if (zero.is !== undefined && to.nullable) {
    return `"${to.name}" takes nulls, and 0000-00-00 could not be told from them on the way back; use zero-date for a NOT NULL column only`;
  }
  if (!comes || to.nullable) return null;
  return `nulls of "${from.name}" are refused by "${to.name}" (make both nullable, or both NOT NULL)`;
}

function wayOf(
  half: Half | null,
  from: ColumnInfo,
  to: ColumnInfo,
  losses: readonly Loss[],
  zero: Zero,
): Way {
  const convert = withGuards(half?.convert ?? null, losses);
  const { null: becomesNull, is: onNull = null } = zero;
  const refusesNull = from.nullable && !to.nullable && onNull === null;
  if (becomesNull === undefined && onNull === null && !refusesNull) {
    return convert && ((value) => (value === null ? null : convert(value)));
  }
  return (value) => {
    if (value === null) {
      if (refusesNull) throw new ConversionError('null', `is refused by "${to.name}"`);
      return onNull;
    }
    if (becomesNull !== undefined && value.startsWith('0000-00-00')) return null;
    return convert ? convert(value) : value;
  };
}

function withGuards(convert: Half['convert'], losses: readonly Loss[]): ((value: string) => string) | null {
  if (losses.length === 0) return convert;
  return (value) => {
    const converted = convert ? convert(value) : value;
    for (const loss of losses) {
      if (loss.isLost(converted)) throw new ConversionError(converted, `has ${loss.what}`);
    }
    return converted;
  };
}
