import type { CapturedTable, Change, Row, SourceTable, TargetTable } from '../databases/database.ts';

/** How rows of one table become rows of one other table. Pure. */
export interface EntryMapping {
  name: string;
  source: SourceTable;
  target: TargetTable;
  /** Key and columns of the target row. Throws `ConversionError` when a value has no equivalent. */
  toTarget(row: Row): Row;
  /** The target row's key for a source row's key. */
  toTargetKey(row: Row): Row;
  /** The source row's key for a target row's key: the way back. */
  toSourceKey(row: Row): Row;
}

/** One way of a migration's sync: from the owner to the follower. */
export interface DirectionMapping {
  captured: readonly CapturedTable[];
  /** Tables of the following side. */
  targets: readonly string[];
  /** In an order that foreign keys of the target allow. */
  entries: readonly EntryMapping[];
  entriesOf(sourceTable: string): readonly EntryMapping[];
}

/** Both ways of a migration's mapping. */
export interface MigrationMapping {
  toService: DirectionMapping;
  toMonolith: DirectionMapping;
  /** Columns that have no counterpart: they stay where they are. For `plan`, in words. */
  unmapped: readonly string[];
}

/** Splits changes into runs that one statement each can apply: same table and operation, no key twice. */
export function runsOf(changes: readonly Change[]): Change[][] {
  const runs: Change[][] = [];
  let current: Change[] = [];
  let keys = new Set<string>();
  for (const change of changes) {
    const [first] = current;
    const fits = first?.table === change.table && first.op === change.op && !keys.has(change.key);
    if (!fits) {
      if (current.length > 0) runs.push(current);
      current = [];
      keys = new Set();
    }
    current.push(change);
    keys.add(change.key);
  }
  if (current.length > 0) runs.push(current);
  return runs;
}
