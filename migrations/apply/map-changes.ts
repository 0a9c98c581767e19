import type { Change, Row, SourceRow } from '../databases/database.ts';
import { missingColumn } from '../drift/gone-columns.ts';
import { ConversionError } from '../mapping/convert.ts';
import type { DirectionMapping, EntryMapping, Mapped } from '../mapping/mapping.ts';

/** What a change means for one table of the other side: a row that is to be there, or a key that is not. */
export interface Effect {
  entry: EntryMapping;
  row: Row | null;
  /** Of the row, or of the one that is to go. Empty for a truncation. */
  key: Row;
}

/** A change with all its effects; all happen, or none. */
export interface MappedChange {
  change: Change;
  effects: readonly Effect[];
}

export interface MappedChanges {
  mapped: MappedChange[];
  faults: { change: Change; error: Error }[];
}

/** Says what a run of changes (of one table and operation) means on the other side. */
export async function mapChanges(mapping: DirectionMapping, run: readonly Change[]): Promise<MappedChanges> {
  const result: MappedChanges = { mapped: [], faults: [] };
  const whole = run.filter((change) => {
    const table = mapping.captured.find(({ name }) => name === change.table);
    const error = table ? missingColumn(table, change) : null;
    if (error) result.faults.push({ change, error });
    return !error;
  });
  const [first] = whole;
  if (!first) return result;
  const perEntry = await Promise.all(
    mapping.entriesOf(first.table).map((entry) => effectsOn(entry, first.op, whole)),
  );
  whole.forEach((change, i) => {
    const effects = perEntry.map((each) => each[i]);
    const error = effects.find((effect) => effect instanceof ConversionError);
    if (error) result.faults.push({ change, error });
    else result.mapped.push({ change, effects: effects as Effect[] });
  });
  return result;
}

/** A row that was read is a change like any other: one that brings it about. */
export const asChange = (table: string, row: SourceRow): Change => ({
  id: row.version,
  table,
  op: 'upsert',
  key: row.key,
  row: row.row,
});

async function effectsOn(
  entry: EntryMapping,
  op: Change['op'],
  run: readonly Change[],
): Promise<(Effect | ConversionError)[]> {
  if (op === 'truncate') return run.map(() => ({ entry, row: null, key: {} }));
  const rows = run.map((change) => change.row);
  const targets: Mapped[] = op === 'delete' ? run.map(() => null) : await entry.toTargets(rows);
  const keys = await keysOf(entry, rows, targets);
  return targets.map((row, i) => {
    const key = keys[i] ?? {};
    if (row instanceof ConversionError) return row;
    return key instanceof ConversionError ? key : { entry, row, key };
  });
}

/** The keys of mapped rows are in them; the others' have to be asked for. */
async function keysOf(
  entry: EntryMapping,
  rows: readonly Row[],
  targets: readonly Mapped[],
): Promise<Mapped[]> {
  if (targets.some((target) => target === null)) return entry.toTargetKeys(rows);
  return targets.map(
    (target) => target && (target instanceof ConversionError ? target : keyOf(entry.target.key, target)),
  );
}

const keyOf = (columns: readonly string[], row: Row): Row =>
  Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));
