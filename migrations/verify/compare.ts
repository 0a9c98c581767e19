import type { ColumnInfo, Row, TargetTable } from '../databases/database.ts';
import { meets } from '../mapping/where.ts';
import { normalise } from './normalise.ts';

/** One row on which the two sides do not agree. */
export interface Difference {
  /** Mapping entry, e.g. `tbl_products → product`. */
  entry: string;
  key: string;
  kind: 'missing' | 'extra' | 'differs' | 'inconvertible';
  /** For `differs`: the columns with both values, as the following side spells them. */
  columns: { name: string; owner: string | null; follower: string | null }[];
  /** Of an extra row whose key no row of the owner can have: `key` is the follower's then, too. */
  followerKey?: Row;
}

/** Compares what the follower should have with what it has. Pure. */
export function compareRow(
  target: TargetTable,
  key: string,
  wanted: Row | null,
  found: Row | null,
): Difference | null {
  const base = { entry: target.entry, key, columns: [] };
  // A row that is somebody else's, as the filter or a constant tells, is not there for this entry.
  if (found && !target.part && !meets(target.only ?? [], found)) found = null;
  if (wanted === null) {
    const isThere = found !== null && (!target.part || isFilled(target, found));
    return isThere ? { ...base, kind: 'extra' } : null;
  }
  if (found === null) return { ...base, kind: 'missing' };
  const columns = target.columns.flatMap(({ name, kind }) => {
    const [owner, follower] = [wanted[name] ?? null, found[name] ?? null];
    return normalise(kind, owner) === normalise(kind, follower) ? [] : [{ name, owner, follower }];
  });
  return columns.length === 0 ? null : { ...base, kind: 'differs', columns };
}

/**
 * Columns that tell whether a part is there, being null when it is not. One with a default may have that, and so tells
 * nothing.
 */
export const tellingColumns = ({ columns, clears }: TargetTable): ColumnInfo[] =>
  columns.filter(({ name, nullable, hasDefault }) => clears?.includes(name) && nullable && !hasDefault);

/** Whether a row of a part's table has what only that part can have brought. */
export function isFilled(target: TargetTable, found: Row): boolean {
  const known = (target.only ?? []).filter(({ column }) => column in found);
  return meets(known, found) && tellingColumns(target).some(({ name }) => (found[name] ?? null) !== null);
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
