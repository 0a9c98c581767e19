import type { Text } from '../databases/database.ts';
import type { Kind } from '../databases/kind.ts';

/**
 * One spelling for texts that mean the same, so that only differences in meaning count: `2.50` and `2.5` as
 * numbers, the key order of JSON. Anything else is compared letter by letter.
 *
 * @param kind of the column on the following side
 */
export function normalise({ kind }: Kind, value: Text): Text {
  if (value === null) return null;
  if (kind === 'decimal') return normaliseNumber(value);
  if (kind === 'json') return normaliseJson(value);
  if (kind === 'datetime' || kind === 'instant')
    return value.replace(/(\.\d*?)0+(?=$|[+-])/, '$1').replace(/\.(?=$|[+-])/, '');
  return value;
}

function normaliseNumber(value: string): string {
  const parts = /^(-?)0*(\d+?)(?:\.(\d*?)0*)?$/.exec(value);
  if (!parts) return value; // NaN, Infinity
  const [, sign = '', whole = '0', fraction = ''] = parts;
  const digits = fraction ? `${whole}.${fraction}` : whole;
  return digits === '0' ? '0' : sign + digits;
}

function normaliseJson(value: string): string {
  try {
    return JSON.stringify(sorted(JSON.parse(value)));
  } catch {
    return value;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
