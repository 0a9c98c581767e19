import type { Change, ColumnInfo, Row, SourceTable, TargetTable } from '../databases/database.ts';
import type { ConversionError } from './convert.ts';

/**
 * What becomes of one row on the other side: its row there; null when it has none there (it is filtered out); the
 * error when a value has no equivalent.
 */
export type Mapped = Row | null | ConversionError;

/**
 * How rows of one table become rows of one other table. Many at a time, because translated keys are looked up; all
 * answers are in the order of the questions.
 */
export interface EntryMapping {
  name: string;
  source: SourceTable;
  target: TargetTable;
  /** Whole source rows to whole target rows. */
  toTargets(rows: readonly Row[]): Promise<Mapped[]>;
  /** The target rows' keys for source rows or their keys alone; null when no row there can be theirs. */
  toTargetKeys(keys: readonly Row[]): Promise<Mapped[]>;
  /** The source rows' keys for target rows' keys: the way back. Null when no source row can have made it. */
  toSourceKeys(keys: readonly Row[]): Promise<Mapped[]>;
  /** Columns of the target besides its key that `belongs` looks at. */
  belonging: readonly ColumnInfo[];
  /**
   * Whether a row of the target is this entry's business. A filter and constants leave rows there that have nothing to
   * do with the source: these are no strangers.
   *
   * @param targetRow its key and the columns in `belonging`
   */
  belongs(targetRow: Row): boolean;
  /**
   * How each column is carried, for those who compare in the databases; null where a row takes more than its columns:
   * a filter, a function, translated keys.
   */
  plain: readonly CarriedColumn[] | null;
  /**
   * The source's column for each of the target's, in their order, where every row goes over and every value as it is, to
   * be refused by nobody but the database; else null.
   */
  straight: readonly string[] | null;
}

/** A column and its counterpart, in the direction of the entry. */
export interface CarriedColumn {
  source: ColumnInfo;
  target: ColumnInfo;
  how: Carriage;
}

/** What becomes of the value; `other` is known to the mapping alone. */
export type Carriage =
  | { kind: 'same' }
  /** The decimal amount of the one side in whole minor units on the other. */
  | { kind: 'money'; scale: number; to: 'minor' | 'decimal' }
  /** One code for another, by the source's code. */
  | { kind: 'codes'; codes: ReadonlyMap<string, string> }
  | { kind: 'other' };

/** One way of a migration's sync: from the owner to the follower. */
export interface DirectionMapping {
  captured: readonly SourceTable[];
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

/** Splits changes into runs that can be applied together: same table and operation, no key twice. */
export function runsOf(changes: readonly Change[]): Change[][] {
  const runs: Change[][] = [];
  let current: Change[] = [];
  let keys = new Set<string>();
  for (const change of changes) {
    const [first] = current;
    const fits =
      first?.table === change.table &&
      first.op === change.op &&
      change.op !== 'truncate' &&
      !keys.has(change.key);
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
