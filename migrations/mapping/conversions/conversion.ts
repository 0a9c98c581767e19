import type { ColumnInfo } from '../../databases/database.ts';
import type { Kind } from '../../databases/kind.ts';
import type { Conversion, Half } from '../convert.ts';
import type { ColumnForm } from '../schema.ts';
import { betweenKinds } from './by-kind.ts';
import { codes } from './codes.ts';
import { money } from './money.ts';
import { Zone } from './zone.ts';

/**
 * The conversion that a column's mapping asks for, or the one that its types need.
 *
 * @returns why there is none, and what to do
 */
export function conversionBetween(
  form: ColumnForm,
  monolith: ColumnInfo,
  service: ColumnInfo,
): Conversion | string {
  const [m, s] = [monolith.kind, service.kind];
  switch (form.convert) {
    case 'money':
      return money(form.scale, m, s);
    case 'enum':
      return codes(form.values, m, s);
    case 'boolean':
      return booleanCodes(form.values, m, s);
    case 'time':
      return inZone(form.zone, form.zeroIsNull, m, s);
    case 'zero-date':
      return zeroDate(betweenKinds(monolith, service), m);
    default:
      return betweenKinds(monolith, service);
  }
}

function booleanCodes(
  { true: yes, false: no }: { true: string; false: string },
  monolith: Kind,
  service: Kind,
): Conversion | string {
  const isBoolean = service.kind === 'boolean';
  if (!isBoolean && service.kind !== 'integer' && service.kind !== 'bits') {
    return '`convert: boolean` needs a boolean on the side of the service; name its values with `convert: enum`';
  }
  const [on, off] = isBoolean ? ['true', 'false'] : ['1', '0'];
  return codes({ [yes]: on, [no]: off }, monolith, service);
}

function inZone(name: string, zeroIsNull: boolean, monolith: Kind, service: Kind): Conversion | string {
  const zone = new Zone(name);
  const half = (to: Kind, precision: number): Half => ({
    convert: to.kind === 'instant' ? (value) => zone.toInstant(value) : (value) => zone.toLocal(value),
    gives: { kind: to.kind === 'instant' ? 'instant' : 'datetime', precision },
    partial: null,
  });
  const isLocal = monolith.kind === 'datetime' && service.kind === 'instant';
  if (!isLocal && !(monolith.kind === 'instant' && service.kind === 'datetime')) {
    return '`convert: time` is for a time without a zone on the one side and one with it on the other';
  }
  const conversion = {
    toService: half(service, monolith.precision),
    toMonolith: half(monolith, 'precision' in service ? service.precision : 6),
  };
  return zeroIsNull ? zeroDate(conversion, monolith) : conversion;
}

const ZERO: Partial<Record<Kind['kind'], string>> = {
  date: '0000-00-00',
  datetime: '0000-00-00 00:00:00',
  instant: '0000-00-00 00:00:00+00',
};

function zeroDate(conversion: Conversion | string, monolith: Kind): Conversion | string {
  if (typeof conversion === 'string') return conversion;
  const zero = ZERO[monolith.kind];
  if (zero === undefined) return '`zero-date` is for dates and times of the monolith';
  return { ...conversion, zero };
}
