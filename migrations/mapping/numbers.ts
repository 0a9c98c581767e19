import type { Kind } from '../databases/kind.ts';

type Integer = Extract<Kind, { kind: 'integer' }>;
type Decimal = Extract<Kind, { kind: 'decimal' }>;

export function integerRange({ bits, unsigned }: Integer): { min: bigint; max: bigint } {
  const size = BigInt(bits);
  return unsigned
    ? { min: 0n, max: (1n << size) - 1n }
    : { min: -(1n << (size - 1n)), max: (1n << (size - 1n)) - 1n };
}

/** Digits of the largest number. */
export const decimalDigits = (kind: Integer): number => String(integerRange(kind).max).length;

/** Most digits before and behind the point. */
export function digitsOf({ precision, scale }: Decimal): { whole: number; scale: number } {
  return {
    whole: precision === null ? Infinity : precision - (scale ?? 0),
    scale: scale ?? (precision === null ? Infinity : 0),
  };
}
