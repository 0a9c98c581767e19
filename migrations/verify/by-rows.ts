import type { ColumnInfo, Row, SourceRow, SourceTable } from '../databases/database.ts';
import { ConversionError } from '../mapping/convert.ts';
import type { EntryMapping } from '../mapping/mapping.ts';
import type { Stream } from '../relay/stream.ts';
import { keyOf } from './chunks.ts';
import type { Difference } from './compare.ts';
import { compareRow } from './compare.ts';
import { keyOrNone } from './settle.ts';

/** Keys of the owner's rows that differ at first sight. */
export async function suspectsAmong(
  stream: Stream,
  entry: EntryMapping,
  chunk: readonly SourceRow[],
): Promise<Row[]> {
  const rows = chunk.map((row) => row.row);
  const [wanted, targetKeys] = await Promise.all([entry.toTargets(rows), entry.toTargetKeys(rows)]);
  const keys = chunk.map((row, i) => ({ sourceKey: row.key, key: keyOrNone(targetKeys[i]) }));
  const applied = await stream.target.readApplied(stream.migration, entry.target, keys);
  return chunk.flatMap((row, i) => {
    const [mapped, found] = [wanted[i] ?? null, applied[i]?.row ?? null];
    // A row that cannot be converted cannot be equal; the settling look says why.
    const isSuspect =
      mapped instanceof ConversionError || compareRow(entry.target, row.key, mapped, found) !== null;
    return isSuspect ? [keyOf(entry.source, row.row)] : [];
  });
}

/**
 * Rows that only the follower has. Some have keys that no row of the owner can have (a translated key without a
 * partner): those need no second look.
 */
export async function strangersAmong(
  stream: Stream,
  entry: EntryMapping,
  chunk: readonly SourceRow[],
): Promise<{ suspects: Row[]; orphans: Difference[] }> {
  const ours = chunk.map((row) => row.row).filter((row) => entry.belongs(row));
  const found = await entry.toSourceKeys(ours);
  const keys = found.flatMap((key) => (key === null || key instanceof ConversionError ? [] : [key]));
  const orphans = ours
    .filter((_, i) => found[i] === null || found[i] instanceof ConversionError)
    .map((row) => orphan(entry, keyOf(entry.target, row)));
  const owners = await stream.source.readRows(stream.migration, keysOf(entry.source), keys);
  return { suspects: keys.filter((_, i) => owners[i]?.row === null), orphans };
}

function orphan(entry: EntryMapping, followerKey: Row): Difference {
  const key = JSON.stringify(entry.target.key.map((column) => followerKey[column]));
  return { entry: entry.name, key, kind: 'extra', columns: [], followerKey };
}

/** The table as if it had nothing but its key, and what says whose row it is. */
export const keysOf = (
  { name, key, columns }: SourceTable,
  besides: readonly ColumnInfo[] = [],
): SourceTable => ({
  name,
  key,
  columns: [...columns.filter((column) => key.includes(column.name)), ...besides],
});
