import type { Text } from '../databases/database.ts';
import type { ColumnMapping } from './schema.ts';

/** Turns one column's text into the other side's and back; each is the inverse of the other. */
export interface Converter {
  toService(value: Text): Text;
  toMonolith(value: Text): Text;
}

/** A value that the other side cannot hold. The change is parked, not guessed at. */
export class ConversionError extends Error {
  constructor(value: string, why: string) {
    super(`${JSON.stringify(value)} ${why}`);
    this.name = 'ConversionError';
  }
}

const unchanged: Converter = { toService: (value) => value, toMonolith: (value) => value };

/** The converter that a column's mapping names. */
export function converterOf(mapping: ColumnMapping): Converter {
  if (typeof mapping === 'string') return unchanged;
  if (mapping.convert === 'money') return moneyConverter(mapping.scale);
  if (mapping.convert === 'enum') return enumConverter(mapping.values);
  return unchanged;
}

/** Decimal text to whole minor units, without floating point: `"2.55"` ↔ `"255"` for a scale of 2. */
function moneyConverter(scale: number): Converter {
  return {
    toService(value) {
      if (value === null) return null;
      const parts = /^(-?)(\d+)(?:\.(\d*))?$/.exec(value);
      if (!parts) throw new ConversionError(value, 'is not an amount of money');
      const [, sign, whole = '', fraction = ''] = parts;
      if (/[1-9]/.test(fraction.slice(scale))) {
        throw new ConversionError(value, `has more than ${scale} digits behind the point`);
      }
      const minor = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
      return minor === 0n ? '0' : `${sign}${minor}`;
    },
    toMonolith(value) {
      if (value === null) return null;
      const parts = /^(-?)(\d+)$/.exec(value);
      if (!parts) throw new ConversionError(value, 'is not a whole number of minor units');
      const [, sign, digits = ''] = parts;
      if (scale === 0) return value;
      const padded = digits.padStart(scale + 1, '0');
      return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
    },
  };
}

function enumConverter(values: Record<string, string>): Converter {
  const forward = new Map(Object.entries(values));
  const backward = new Map(Object.entries(values).map(([from, to]) => [to, from]));
  const translate = (by: Map<string, string>, value: Text): Text => {
    if (value === null) return null;
    const found = by.get(value);
    if (found === undefined) {
      throw new ConversionError(value, `is none of the mapped values (${[...by.keys()].join(', ')})`);
    }
    return found;
  };
  return {
    toService: (value) => translate(forward, value),
    toMonolith: (value) => translate(backward, value),
  };
}
