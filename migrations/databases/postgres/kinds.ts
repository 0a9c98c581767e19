import type { Kind } from '../kind.ts';
import { TEXT } from '../kind.ts';

/** A column's type as the catalog has it; a domain comes as the type below it. */
export interface CatalogType {
  /** `pg_type.typname`: `int4`, `varchar`, … */
  name: string;
  /** `pg_type.typtype`: `b`ase, `e`num, … */
  type: string;
  /** -1 without one. */
  modifier: number;
  labels: readonly string[];
  /** False when the collation takes different texts for equal. */
  exact: boolean;
  element: CatalogType | null;
}

const HEADER = 4;

/** Says what a column can hold, by its type in the catalog. */
export function kindOf(type: CatalogType): Kind {
  if (type.element) return { kind: 'array', of: kindOf({ ...type.element, modifier: type.modifier }) };
  if (type.type === 'e') return { kind: 'enum', labels: type.labels };
  const length = type.modifier < 0 ? null : type.modifier - HEADER;
  const precision = type.modifier < 0 ? 6 : type.modifier;
  const loose = !type.exact;
  switch (type.name) {
    case 'int2':
      return { kind: 'integer', bits: 16, unsigned: false };
    case 'int4':
      return { kind: 'integer', bits: 32, unsigned: false };
    case 'int8':
      return { kind: 'integer', bits: 64, unsigned: false };
    case 'numeric':
      return decimalOf(type.modifier);
    case 'float4':
      return { kind: 'float', bits: 32 };
    case 'float8':
      return { kind: 'float', bits: 64 };
    case 'bool':
      return { kind: 'boolean' };
    case 'text':
      return { ...TEXT, loose };
    case 'varchar':
      return { ...TEXT, length, loose };
    case 'bpchar':
      return { ...TEXT, length, fixed: true, loose };
    case 'bytea':
      return { kind: 'bytes', bytes: null, fixed: false };
    case 'date':
      return { kind: 'date' };
    case 'time':
      return { kind: 'time', precision };
    case 'timetz':
      return { kind: 'timetz', precision };
    case 'timestamp':
      return { kind: 'datetime', precision };
    case 'timestamptz':
      return { kind: 'instant', precision };
    case 'interval':
      return { kind: 'interval' };
    case 'uuid':
      return { kind: 'uuid' };
    case 'json':
    case 'jsonb':
      return { kind: 'json' };
    case 'bit':
      return { kind: 'bits', length: type.modifier < 0 ? 1 : type.modifier, fixed: true };
    case 'varbit':
      return { kind: 'bits', length: type.modifier < 0 ? null : type.modifier, fixed: false };
    default:
      return { kind: 'other', name: type.name, ...(isLocal(type.name) && { local: true }) };
  }
}

/** The modifier of a numeric has precision and (signed, since 15) scale in it. */
function decimalOf(modifier: number): Kind {
  if (modifier < 0) return { kind: 'decimal', precision: null, scale: null };
  const packed = modifier - HEADER;
  return { kind: 'decimal', precision: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 };
}

/** Names of objects by number (`regclass`, …), and places in the database's own log or history. */
function isLocal(name: string): boolean {
  return /^(reg(class|type|proc|procedure|oper|operator|role|namespace|config|dictionary|collation)|[xc]id8?|tid)$/.test(
    name,
  );
}
