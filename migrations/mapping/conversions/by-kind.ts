import type { ColumnInfo } from '../../databases/database.ts';
import type { Kind } from '../../databases/kind.ts';
import type { Conversion, Half, KindOf } from '../convert.ts';
import { ConversionError, same, turned } from '../convert.ts';
import { lossesBetween } from '../losses.ts';
import { digitsOf } from '../numbers.ts';
import { bitsAndBytes, uuidAndBytes, uuidAndText } from './binary.ts';
import { setAndArray } from './sets.ts';

type Between = (a: ColumnInfo, b: ColumnInfo) => Conversion;

/** By the kinds of both columns in alphabetical order; the conversion goes from the first to the second and back. */
const BETWEEN: Readonly<Record<string, Between>> = {
  'array set': (array, set) => turned(setAndArray(set, array)),
  'bits boolean': (bit) => ({
    toService: {
      ...flag('1', '0', { kind: 'boolean' }),
      partial: bit.kind.kind === 'bits' && bit.kind.length === 1 ? null : 'bits other than a single one',
    },
    toMonolith: flagBack('1', '0', { kind: 'bits', length: 1, fixed: true }),
  }),
  'bits bytes': (bit, bytes) => bitsAndBytes(bit.kind, bytes.kind),
  'boolean integer': (_, integer) => ({
    toService: flagBack('1', '0', { kind: 'integer', bits: 8, unsigned: false }),
    // `tinyint(1)` is how MySQL spells a boolean: nobody has to say more.
    toMonolith: {
      ...flag('1', '0', { kind: 'boolean' }),
      partial: /^tinyint\(1\)/i.test(integer.type) ? null : 'numbers other than 0 and 1',
    },
  }),
  'bytes uuid': (bytes) => turned(uuidAndBytes(bytes.kind)),
  'date datetime': dateAndDatetime,
  'decimal integer': decimalAndInteger,
  'enum text': (labels) => ({ toService: same(labels.kind), toMonolith: listed(labels.kind) }),
  'integer year': (_, year) => ({ toService: years(year.kind), toMonolith: plainYears() }),
  'json text': (json) => ({ toService: same(json.kind), toMonolith: parsed() }),
  'set text': (labels) => ({ toService: same(labels.kind), toMonolith: listed(labels.kind) }),
  'text uuid': (text) => turned(uuidAndText(text.kind)),
};

/**
 * The conversion between two columns by their kinds alone, where there is one that comes back as it went.
 *
 * @returns what to do instead when there is none
 */
export function betweenKinds(monolith: ColumnInfo, service: ColumnInfo): Conversion | string {
  const [m, s] = [monolith.kind, service.kind];
  if (m.kind === s.kind && lossesBetween(m, s) && lossesBetween(s, m)) {
    return { toService: same(m), toMonolith: same(s) };
  }
  const forward = BETWEEN[`${m.kind} ${s.kind}`];
  if (forward) return forward(monolith, service);
  const backward = BETWEEN[`${s.kind} ${m.kind}`];
  if (backward) return turned(backward(service, monolith));
  if (m.kind === 'integer' && s.kind === 'uuid') {
    return 'a number is no UUID: name a key space, in which the pairs are kept (`translate: some-name`, the same at the key and at all that refers to it)';
  }
  if ([m.kind, s.kind].sort().join(' ') === 'datetime instant') {
    return 'one of them has no time zone: name the zone that it is written in (`convert: time, zone: Europe/Berlin`)';
  }
  return 'there is no conversion between these types that comes back as it went: change one of them, or write a function (`using`)';
}

function flag(yes: string, no: string, gives: Kind): Half {
  const convert = (value: string): string => {
    if (value === yes) return 'true';
    if (value === no) return 'false';
    throw new ConversionError(value, `is neither ${yes} nor ${no}`);
  };
  return { convert, gives, partial: null };
}

function flagBack(yes: string, no: string, gives: Kind): Half {
  return { convert: (value) => (value === 'true' ? yes : no), gives, partial: null };
}

function dateAndDatetime(): Conversion {
  return {
    toService: {
      convert: (value) => (/\d$/.test(value) ? `${value} 00:00:00` : value),
      gives: { kind: 'datetime', precision: 0 },
      partial: null,
    },
    toMonolith: {
      convert(value) {
        const [date = '', time] = value.split(' ');
        if (time !== undefined && time !== '00:00:00') throw new ConversionError(value, 'has a time of day');
        return date;
      },
      gives: { kind: 'date' },
      partial: 'times of day',
    },
  };
}

function decimalAndInteger(decimal: ColumnInfo, integer: ColumnInfo): Conversion {
  const { whole, scale } = digitsOf(decimal.kind as KindOf<'decimal'>);
  return {
    toService: {
      convert(value) {
        const parts = /^(-?)0*(\d+)(?:\.0*)?$/.exec(value);
        if (!parts) throw new ConversionError(value, 'is not a whole number');
        return parts[2] === '0' ? '0' : `${parts[1]}${parts[2]}`;
      },
      gives: { kind: 'decimal', precision: Number.isFinite(whole) ? whole : null, scale: 0 },
      partial: scale > 0 ? 'digits behind the point' : null,
    },
    toMonolith: same(integer.kind),
  };
}

function listed(kind: Kind): Half {
  const { labels } = kind as KindOf<'enum'>;
  const known = new Set(labels);
  const isKnown = (value: string): boolean =>
    kind.kind === 'enum' ? known.has(value) : value === '' || value.split(',').every((one) => known.has(one));
  const convert = (value: string): string => {
    if (!isKnown(value)) throw new ConversionError(value, `is none of ${labels.join(', ')}`);
    return value;
  };
  return { convert, gives: kind, partial: `texts other than ${labels.join(', ')}` };
}

function parsed(): Half {
  const convert = (value: string): string => {
    try {
      JSON.parse(value);
    } catch {
      throw new ConversionError(value, 'is not JSON');
    }
    return value;
  };
  return { convert, gives: { kind: 'json' }, partial: 'texts that are not JSON' };
}

/** A year of MySQL is 0000 or one of 1901 to 2155. */
function years(gives: Kind): Half {
  const convert = (value: string): string => {
    const year = Number(value);
    if (year !== 0 && (year < 1901 || year > 2155)) throw new ConversionError(value, 'is not a year');
    return value.padStart(4, '0');
  };
  return { convert, gives, partial: 'numbers other than 0 and 1901 to 2155' };
}

function plainYears(): Half {
  return { convert: (value) => String(Number(value)), gives: { kind: 'year' }, partial: null };
}
