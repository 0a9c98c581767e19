import type { ColumnInfo } from '../../databases/database.ts';
import type { Conversion, KindOf } from '../convert.ts';
import { ConversionError } from '../convert.ts';

/** MySQL's `set('a','b')` and an array of texts or labels: the same values, in the order of the declaration. */
export function setAndArray(set: ColumnInfo, array: ColumnInfo): Conversion {
  const { labels } = set.kind as KindOf<'set'>;
  const element = (array.kind as KindOf<'array'>).of;
  const places = new Map(labels.map((label, place) => [label, place]));
  return {
    toService: {
      convert: (value) => `{${value === '' ? '' : value.split(',').map(quote).join(',')}}`,
      gives: { kind: 'array', of: element },
      partial: null,
    },
    toMonolith: {
      convert(value) {
        let last = -1;
        const found = elementsOf(value);
        for (const label of found) {
          const place = places.get(label);
          if (place === undefined)
            throw new ConversionError(value, `has other elements than ${labels.join(', ')}`);
          if (place <= last) throw new ConversionError(value, `is not in the order of ${labels.join(', ')}`);
          last = place;
        }
        return found.join(',');
      },
      gives: set.kind,
      partial: `arrays with other elements, or in another order, than ${labels.join(', ')}`,
    },
  };
}

/** As PostgreSQL prints it: quotes only where they are needed. */
function quote(element: string): string {
  const isPlain = !/[{}",\\\s]/.test(element) && element !== '' && element.toUpperCase() !== 'NULL';
  return isPlain ? element : `"${element.replace(/["\\]/g, '\\$&')}"`;
}

/** The elements of an array of one dimension without nulls. */
function elementsOf(array: string): string[] {
  const inner = /^\{(.*)\}$/s.exec(array)?.[1];
  if (inner === undefined) throw new ConversionError(array, 'is not an array of one dimension');
  if (inner === '') return [];
  const elements = [...inner.matchAll(/(?:^|,)(?:"((?:[^"\\]|\\.)*)"|([^",{}]+))/gs)];
  if (
    elements.map(([whole]) => whole).join('') !== inner ||
    elements.some(([, , plain]) => plain === 'NULL')
  ) {
    throw new ConversionError(array, 'is not an array of one dimension without nulls');
  }
  return elements.map(([, quoted, plain]) => quoted?.replace(/\\(.)/gs, '$1') ?? plain ?? '');
}
