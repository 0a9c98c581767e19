import type { Kind } from '../../databases/kind.ts';
import type { Conversion, Half } from '../convert.ts';
import { ConversionError } from '../convert.ts';

/**
 * One code for another, value by value.
 *
 * @param values each value of the monolith with the one of the service; no two share one
 */
export function codes(values: Readonly<Record<string, string>>, monolith: Kind, service: Kind): Conversion {
  const pairs = Object.entries(values);
  return {
    toService: half(new Map(pairs), monolith),
    toMonolith: half(new Map(pairs.map(([from, to]) => [to, from])), service),
  };
}

function half(by: ReadonlyMap<string, string>, from: Kind): Half {
  const unlisted = labelsOf(from).filter((label) => !by.has(label));
  const convert = (value: string): string => {
    const found = by.get(value);
    if (found === undefined) {
      throw new ConversionError(value, `is none of the mapped values (${[...by.keys()].join(', ')})`);
    }
    return found;
  };
  const partial =
    unlisted.length === 0 ? null : `"${unlisted.join('", "')}", for which \`values\` has nothing`;
  return { convert, gives: { kind: 'enum', labels: [...by.values()] }, partial };
}

function labelsOf(kind: Kind): readonly string[] {
  if (kind.kind === 'boolean') return ['true', 'false'];
  return kind.kind === 'enum' ? kind.labels : [];
}
