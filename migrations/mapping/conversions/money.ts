import type { Kind } from '../../databases/kind.ts';
import type { Conversion } from '../convert.ts';
import { ConversionError } from '../convert.ts';
import { decimalDigits, digitsOf } from '../numbers.ts';

/**
 * Decimal text to whole minor units, without floating point: `"2.55"` ↔ `"255"` for a scale of 2.
 *
 * @param scale digits behind the point
 * @returns why there is none, and what to do
 */
export function money(scale: number, monolith: Kind, service: Kind): Conversion | string {
  const isWhole = service.kind === 'integer' || (service.kind === 'decimal' && (service.scale ?? 0) <= 0);
  if (monolith.kind !== 'decimal' || !isWhole) {
    return '`convert: money` is for a decimal amount in the monolith and whole minor units in the service; the other way round, write a function (`using`)';
  }
  const given = digitsOf(monolith);
  const whole = given.whole + scale;
  const minor = service.kind === 'integer' ? decimalDigits(service) : null;
  return {
    toService: {
      convert: (value) => minorUnits(value, scale),
      gives: { kind: 'decimal', precision: Number.isFinite(whole) ? whole : null, scale: 0 },
      partial: given.scale > scale ? `more than ${scale} digits behind the point` : null,
    },
    toMonolith: {
      convert: (value) => decimal(value, scale),
      gives: { kind: 'decimal', precision: minor, scale: minor === null ? null : scale },
      partial: null,
    },
  };
}

function minorUnits(value: string, scale: number): string {
  const parts = /^(-?)(\d+)(?:\.(\d*))?$/.exec(value);
  if (!parts) throw new ConversionError(value, 'is not an amount of money');
  const [, sign = '', whole = '', fraction = ''] = parts;
  if (fraction.length > scale && /[1-9]/.test(fraction.slice(scale))) {
    throw new ConversionError(value, `has more than ${scale} digits behind the point`);
  }
  const digits = `${whole}${fraction.slice(0, scale).padEnd(scale, '0')}`.replace(/^0+(?=\d)/, '');
  return digits === '0' ? '0' : sign + digits;
}

function decimal(value: string, scale: number): string {
  const parts = /^(-?)(\d+)$/.exec(value);
  if (!parts) throw new ConversionError(value, 'is not a whole number of minor units');
  const [, sign = '', digits = ''] = parts;
  if (scale === 0) return value;
  const padded = digits.padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}
