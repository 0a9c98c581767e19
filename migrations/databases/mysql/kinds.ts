import type { Kind } from '../kind.ts';
import { TEXT } from '../kind.ts';

/** A column's type as `information_schema.columns` has it. */
export interface CatalogType {
  /** `int`, `varchar`, … */
  data: string;
  /** `int(10) unsigned`, `enum('a','b')`, … */
  full: string;
  characters: number | null;
  bytes: number | null;
  precision: number | null;
  scale: number | null;
  /** Digits behind the second's point. */
  fraction: number | null;
  collation: string | null;
  /** MariaDB's JSON is a longtext with a check. */
  isJson: boolean;
}

const INTEGER_BITS = { tinyint: 8, smallint: 16, mediumint: 24, int: 32, bigint: 64 } as const;

/** Says what a column can hold, by its type in the catalog. */
export function kindOf(type: CatalogType): Kind {
  if (type.isJson) return { kind: 'json' };
  const loose = !isExact(type.collation);
  switch (type.data) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
      return { kind: 'integer', bits: INTEGER_BITS[type.data], unsigned: type.full.includes('unsigned') };
    case 'decimal':
      return { kind: 'decimal', precision: type.precision, scale: type.scale };
    case 'float':
      return { kind: 'float', bits: 32 };
    case 'double':
      return { kind: 'float', bits: 64 };
    case 'char':
      return { ...TEXT, length: type.characters, fixed: true, loose };
    case 'varchar':
      return { ...TEXT, length: type.characters, loose };
    case 'tinytext':
    case 'text':
    case 'mediumtext':
    case 'longtext':
      return { ...TEXT, bytes: type.bytes, loose };
    case 'binary':
      return { kind: 'bytes', bytes: type.bytes, fixed: true };
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      return { kind: 'bytes', bytes: type.bytes, fixed: false };
    case 'bit':
      return { kind: 'bits', length: type.precision, fixed: true };
    case 'time':
    case 'datetime':
      return { kind: type.data, precision: type.fraction ?? 0 };
    case 'timestamp':
      return { kind: 'instant', precision: type.fraction ?? 0 };
    case 'date':
    case 'year':
    case 'json':
    case 'uuid':
      return { kind: type.data };
    case 'enum':
    case 'set':
      return { kind: type.data, labels: labelsOf(type.full) };
    default:
      return { kind: 'other', name: declaredType(type.data) };
  }
}

/**
 * A column's type without the width of its display, which MySQL 8.0.19 and later leave out, and MariaDB and older ones
 * write: `int(10) unsigned` → `int unsigned`. Where it means something (`tinyint(1)`, zerofill) both write it. And of the
 * one type that has another name in MySQL 8, the older one.
 */
export const declaredType = (full: string): string =>
  /zerofill|^tinyint\(1\)$/i.test(full)
    ? full
    : full
        .replace(/^((?:tiny|small|medium|big)?int|year)\(\d+\)/i, '$1')
        .replace(/^geomcollection$/i, 'geometrycollection');

/** Of all collations these alone tell every two texts apart: the other binary ones do not see blanks at the end. */
const isExact = (collation: string | null): boolean =>
  collation === null || /(_0900_bin|_nopad_bin)$/.test(collation);

/** `enum('a','it''s')` → `a`, `it's`. */
function labelsOf(full: string): string[] {
  return [...full.matchAll(/'((?:[^']|'')*)'/g)].map(([, label = '']) => label.replaceAll("''", "'"));
}
