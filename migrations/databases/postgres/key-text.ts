import type { ColumnInfo, SourceTable } from '../database.ts';
import type { Kind } from '../kind.ts';
import { ident } from './identifiers.ts';
import type { Spelling } from './spelling.ts';
import { plainly } from './spelling.ts';

/**
 * The text form in which a row's key is written everywhere: a JSON array of the key columns' texts. Where the database
 * takes differently spelled values for the same one (1.0 and 1.00, -0 and 0), they have the same text here: marks,
 * parked changes and the order of changes are kept by it, and there is one row.
 *
 * @param row alias of what has the key's columns
 */
export function keyExpression(
  table: Pick<SourceTable, 'key' | 'columns'>,
  row: string,
  spell: Spelling = plainly,
): string {
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const texts = table.key.map((name) => textOf(columns.get(name)?.kind, `${row}.${ident(name)}`, spell));
  return `json_build_array(${texts.join(', ')})::text`;
}

/**
 * Whether a key column's text differs between two rows. Of a loose collation or an array of numerics this is more than
 * to be unequal: there each spelling is a key of its own, so that a change of spelling arrives too.
 */
export function respelled({ name, kind }: ColumnInfo, before: string, after: string): string {
  const [old, new_] = [`${before}.${ident(name)}`, `${after}.${ident(name)}`];
  if (hasOneSpelling(kind)) return `${old} <> ${new_}`;
  return `${old}::text COLLATE "C" <> ${new_}::text COLLATE "C"`;
}

/** Whether a value can be spelled in other ways and be equal. */
export function canBeRespelled(kind: Kind): boolean {
  return kind.kind === 'decimal' || kind.kind === 'float' || !hasOneSpelling(kind);
}

/** Whether equal values of a key have the same key text. */
export function hasOneSpelling(kind: Kind): boolean {
  switch (kind.kind) {
    case 'text':
      return !kind.loose;
    case 'integer':
    case 'decimal':
    case 'float':
    case 'boolean':
    case 'bytes':
    case 'date':
    case 'time':
    case 'datetime':
    case 'instant':
    case 'uuid':
    case 'enum':
    case 'bits':
      return true;
    default:
      return false;
  }
}

function textOf(kind: Kind | undefined, value: string, spell: Spelling): string {
  if (kind?.kind === 'decimal') return `trim_scale(${value})::text`;
  if (kind?.kind === 'float') return `(${value} + '0'::float${kind.bits / 8})::text`;
  return spell(kind, value);
}
