import type { Row, TargetTable } from '../databases/database.ts';
import { normalise } from './normalise.ts';

/** One row on which the two sides do not agree. */
export interface Difference {
  /** Mapping entry, e.g. `tbl_products → product`. */
  entry: string;
  key: string;
  kind: 'missing' | 'extra' | 'differs' | 'inconvertible';
  /** For `differs`: the columns with both values, as the following side spells them. */
  columns: { name: string; owner: string | null; follower: string | null }[];
}

/** Compares what the follower should have with what it has. Pure. */
export function compareRow(
  target: TargetTable,
  key: string,
  wanted: Row | null,
  found: Row | null,
): Difference | null {
  const base = { entry: target.entry, key, columns: [] };
  if (wanted === null) return found === null || target.part ? null : { ...base, kind: 'extra' };
  if (found === null) return { ...base, kind: 'missing' };
  const columns = target.columns.flatMap(({ name, castType }) => {
    const [owner, follower] = [wanted[name] ?? null, found[name] ?? null];
    return normalise(castType, owner) === normalise(castType, follower) ? [] : [{ name, owner, follower }];
  });
  return columns.length === 0 ? null : { ...base, kind: 'differs', columns };
}

/** A difference in words, for a person. */
export function describeDifference(difference: Difference): string {
  const where = `${difference.entry} ${difference.key}`;
  if (difference.kind === 'missing') return `${where}: missing on the following side`;
  if (difference.kind === 'extra') return `${where}: only on the following side`;
  if (difference.kind === 'inconvertible') return `${where}: has a value that the following side cannot hold`;
  const columns = difference.columns.map(
    (column) =>
      `${column.name} should be ${JSON.stringify(column.owner)} and is ${JSON.stringify(column.follower)}`,
  );
  return `${where}: ${columns.join(', ')}`;
}
