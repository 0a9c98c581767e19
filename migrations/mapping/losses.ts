import type { Kind, TextKind } from '../databases/kind.ts';
import type { KindOf as Of } from './convert.ts';
import { decimalDigits, digitsOf, integerRange } from './numbers.ts';

/** Values of one column that another one cannot hold. */
export interface Loss {
  /** What is lost, in words: `more than 3 characters`. */
  what: string;
  /** Whether a value is among them. Databases round and cut some of these in silence, so it is asked before. */
  isLost(value: string): boolean;
}

/**
 * What is lost when values of one kind are put, as they are, into a column of another: nothing (an empty list), some
 * values, or all of them (null).
 */
export function lossesBetween(from: Kind, to: Kind): Loss[] | null {
  if (to.kind === 'text') return intoText(from, to);
  if (from.kind === 'enum' && to.kind !== 'enum') return intoCodes(from, to);
  if (to.kind === 'integer') return intoInteger(from, to);
  if (to.kind === 'decimal') return intoDecimal(from, to);
  if (from.kind !== to.kind) return null;
  return withinKind(from, to);
}

/** Both are of one kind, which the compiler does not see. */
function withinKind(from: Kind, to: Kind): Loss[] | null {
  switch (to.kind) {
    case 'float':
      return floats(from as Of<'float'>, to);
    case 'bytes':
      return bytes(from as Of<'bytes'>, to);
    case 'time':
    case 'timetz':
    case 'datetime':
    case 'instant':
      return precisions(from as Of<'time'>, to);
    case 'enum':
    case 'set':
      return labels(from as Of<'enum'>, to);
    case 'bits':
      return bits(from as Of<'bits'>, to);
    case 'array':
      return lossesBetween((from as Of<'array'>).of, to.of)?.length === 0 ? [] : null;
    case 'other':
      return (from as Of<'other'>).name === to.name && !to.local ? [] : null;
    default:
      return [];
  }
}

function intoText(from: Kind, to: TextKind): Loss[] | null {
  if (from.kind === 'enum' || from.kind === 'set') {
    const all = from.kind === 'set' ? [from.labels.join(',')] : from.labels;
    const lost = all.filter((label) => textLosses(to).some((loss) => loss.isLost(label)));
    return lost.length === 0 ? [] : [{ what: `the label "${lost[0]}"`, isLost: (v) => isTooLong(to, v) }];
  }
  if (from.kind === 'uuid') return isTooLong(to, '0'.repeat(36)) ? null : [];
  if (from.kind === 'json') return textLosses(to).filter(({ limit }) => limit !== 'blanks');
  if (from.kind !== 'text') return null;
  const [length, bytes] = [charactersOf(from), bytesOf(from)];
  return textLosses(to).filter(
    ({ limit }) =>
      (limit === 'length' && length > charactersOf(to)) ||
      (limit === 'bytes' && bytes > bytesOf(to)) ||
      (limit === 'blanks' && !from.fixed),
  );
}

const charactersOf = (kind: TextKind): number => Math.min(kind.length ?? Infinity, kind.bytes ?? Infinity);
const bytesOf = (kind: TextKind): number => Math.min((kind.length ?? Infinity) * 4, kind.bytes ?? Infinity);

function textLosses(to: TextKind): (Loss & { limit: 'length' | 'bytes' | 'blanks' })[] {
  const { length, bytes: most, fixed } = to;
  return [
    ...(length === null
      ? []
      : [{ limit: 'length', what: `more than ${length} characters`, isLost: longerThan(length) } as const]),
    ...(most === null
      ? []
      : [
          {
            limit: 'bytes',
            what: `more than ${most} bytes`,
            isLost: (value: string) => Buffer.byteLength(value) > most,
          } as const,
        ]),
    ...(fixed
      ? [
          {
            limit: 'blanks',
            what: 'blanks at the end',
            isLost: (value: string) => value.endsWith(' '),
          } as const,
        ]
      : []),
  ];
}

const isTooLong = (to: TextKind, value: string): boolean => textLosses(to).some((loss) => loss.isLost(value));

/** In characters, as databases count them: a pair of surrogates is one. */
const longerThan = (length: number) => (value: string) => {
  if (value.length <= length) return false;
  let characters = 0;
  for (const _ of value) if (++characters > length) return true;
  return false;
};

/** Codes are values that somebody listed: each is looked at. */
function intoCodes(from: Of<'enum'>, to: Kind): Loss[] | null {
  const holds: Partial<Record<Kind['kind'], (label: string) => boolean>> = {
    integer: (label) => /^(0|-?[1-9]\d*)$/.test(label) && isWithin(to as Of<'integer'>, label),
    boolean: (label) => label === 'true' || label === 'false',
    set: (label) => (to as Of<'set'>).labels.includes(label),
  };
  const hold = holds[to.kind];
  const bad = hold && from.labels.filter((label) => !hold(label));
  if (!bad) return null;
  return bad.length === 0 ? [] : [{ what: `the value "${bad[0]}"`, isLost: (value) => bad.includes(value) }];
}

const isWithin = (kind: Of<'integer'>, value: string): boolean => {
  const { min, max } = integerRange(kind);
  const number = BigInt(value);
  return number >= min && number <= max;
};

function intoInteger(from: Kind, to: Of<'integer'>): Loss[] | null {
  const { min, max } = integerRange(to);
  const loss = { what: `numbers below ${min} or above ${max}`, isLost: (v: string) => !isWithin(to, v) };
  if (from.kind === 'integer') {
    const range = integerRange(from);
    return range.min >= min && range.max <= max ? [] : [loss];
  }
  if (from.kind === 'year') return to.bits > 8 ? [] : [loss];
  if (from.kind !== 'decimal' || from.scale !== 0) return null;
  const { precision } = from;
  const largest = precision === null ? null : 10n ** BigInt(precision) - 1n;
  return largest !== null && largest <= max && -largest >= min ? [] : [loss];
}

function intoDecimal(from: Kind, to: Of<'decimal'>): Loss[] | null {
  if (from.kind !== 'integer' && from.kind !== 'decimal') return null;
  const given = from.kind === 'integer' ? { whole: decimalDigits(from), scale: 0 } : digitsOf(from);
  const { whole, scale } = digitsOf(to);
  const losses: Loss[] = [];
  if (given.whole > whole) {
    losses.push({
      what: `more than ${whole} digits before the point`,
      isLost: (value) => (/^-?0*(\d*)/.exec(value)?.[1]?.length ?? 0) > whole,
    });
  }
  if (given.scale > scale) losses.push(...fraction(scale));
  return losses;
}

function fraction(scale: number): Loss[] {
  return [
    {
      what: `more than ${scale} digits behind the point`,
      isLost: (value) => (/\.(\d*?)0*$/.exec(value)?.[1]?.length ?? 0) > scale,
    },
  ];
}

function floats(from: Of<'float'>, to: Of<'float'>): Loss[] {
  if (from.bits <= to.bits) return [];
  const isSpecial = (value: string): boolean => /[a-z]{3}/i.test(value);
  return [
    {
      what: 'digits that only 64 bits hold',
      isLost: (value) => !isSpecial(value) && Number(shortestOf32(Number(value))) !== Number(value),
    },
  ];
}

/** The shortest text that reads back to the same 32 bits: nine digits are always enough. */
function shortestOf32(value: number): string {
  const rounded = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const text = rounded.toPrecision(digits);
    if (Math.fround(Number(text)) === rounded) return text;
  }
  return rounded.toPrecision(9);
}

function bytes(from: Of<'bytes'>, to: Of<'bytes'>): Loss[] {
  const lengthOf = (value: string): number => (value.length - 2) / 2;
  const most = to.bytes;
  if (most === null) return [];
  if (to.fixed && !(from.fixed && from.bytes === most)) {
    return [{ what: `other than ${most} bytes`, isLost: (value) => lengthOf(value) !== most }];
  }
  if (from.bytes !== null && from.bytes <= most) return [];
  return [{ what: `more than ${most} bytes`, isLost: (value) => lengthOf(value) > most }];
}

function precisions(from: Of<'time'>, to: Of<'time'>): Loss[] {
  const most = to.precision;
  if (from.precision <= most) return [];
  return [
    {
      what: `more than ${most} digits behind the second's point`,
      isLost: (value) => (/\.(\d*)/.exec(value)?.[1]?.length ?? 0) > most,
    },
  ];
}

function labels(from: Of<'enum'>, to: Of<'enum'>): Loss[] {
  const missing = from.labels.filter((label) => !to.labels.includes(label));
  const isMissing = (label: string): boolean => missing.includes(label);
  const isLost = to.kind === 'set' ? (value: string) => value.split(',').some(isMissing) : isMissing;
  return missing.length === 0 ? [] : [{ what: `the label "${missing.join('", "')}"`, isLost }];
}

function bits(from: Of<'bits'>, to: Of<'bits'>): Loss[] {
  const { length } = to;
  if (length === null) return [];
  if (to.fixed && !(from.fixed && from.length === length)) {
    return [{ what: `other than ${length} bits`, isLost: (value) => value.length !== length }];
  }
  if (from.length !== null && from.length <= length) return [];
  return [{ what: `more than ${length} bits`, isLost: (value) => value.length > length }];
}
