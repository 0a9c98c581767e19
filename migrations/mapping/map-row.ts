import type { Row } from '../databases/database.ts';
import { ConversionError } from './convert.ts';
import type { Mapped } from './mapping.ts';
import type { Found } from './translate.ts';
import type { Way } from './way.ts';

/** A column in one direction. */
export interface Column {
  source: string;
  target: string;
  isKey: boolean;
  way: Way;
  /** Key space in which the value is looked up. */
  space: string | null;
  /** Whether `way` comes before the look-up and not behind it. */
  comesBefore: boolean;
}

/**
 * Maps one row: the hot path of backfill and live changes, so it makes one object and nothing else.
 *
 * @param unknown what the row is when a key of it is not known to the other side
 */
export function mapRow(
  columns: readonly Column[],
  constants: Readonly<Row>,
  row: Readonly<Row>,
  found: Found,
  unknown: 'is nowhere' | 'is a fault',
): Mapped {
  const target: Row = { ...constants };
  try {
    for (const column of columns) {
      const value = row[column.source] ?? null;
      if (column.space === null) {
        target[column.target] = column.way === null ? value : column.way(value);
      } else {
        const translated = translate(column, value, found);
        if (translated === undefined) return unknown === 'is nowhere' ? null : noPair(value, column);
        target[column.target] = translated;
      }
    }
    return target;
  } catch (error) {
    if (error instanceof ConversionError) return error;
    throw error;
  }
}

const noPair = (value: string | null, { space }: Column): ConversionError =>
  new ConversionError(
    String(value),
    `has no partner in the key space "${space}", and no table of this migration is its home (a key column that names it)`,
  );

/** Undefined when the pair is not known. */
function translate(
  { way, space, comesBefore }: Column,
  value: string | null,
  found: Found,
): string | null | undefined {
  const before = comesBefore && way ? way(value) : value;
  if (before === null) return null;
  const other = found.get(space ?? '')?.get(before);
  return other === undefined || comesBefore || !way ? other : way(other);
}
