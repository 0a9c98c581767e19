/**
 * What the data side needs from one database, whatever its make. Each dialect implements this interface; no dialect's
 * SQL stands anywhere else. Values travel in the database's own text form, so that nothing is rounded on the way.
 */
export interface Database {
  /** How messages call it, e.g. `monolith` or `service catalog`. */
  readonly label: string;
  close(): Promise<void>;

  /** @throws UnknownTableError */
  describe(table: string): Promise<TableInfo>;
  /** Whether the schema and triggers of this migration are there, and which tables are fenced now. */
  inspect(migration: string, tables: readonly string[]): Promise<Installation>;
  /**
   * Creates (idempotently) the bookkeeping tables, a capture trigger and a disabled fence on each table, and
   * starts this side's bookkeeping of the migration afresh in the given role.
   */
  install(migration: string, tables: readonly CapturedTable[], side: NewSide): Promise<void>;
  /** Removes what `install` made, and the schema too when no other migration uses it. */
  remove(migration: string, tables: readonly string[]): Promise<void>;

  /**
   * Refuses writes to the tables from everybody but the applier, once running writers have ended.
   * @param attempt the epoch that the move wants to reach; an attempt that is over is refused
   * @throws FenceTimeoutError when writers did not end within `lockTimeoutMs`; StaleEpochError
   */
  raiseFence(
    migration: string,
    tables: readonly string[],
    attempt: bigint,
    lockTimeoutMs: number,
  ): Promise<void>;
  /** Makes this side the owner at `epoch`; `attempt` (and all before it) can raise no fence any more. */
  becomeOwner(migration: string, tables: readonly string[], epoch: bigint, attempt: bigint): Promise<void>;
  /** Makes this (fenced) side follow `owner` at `epoch`. */
  becomeFollower(migration: string, epoch: bigint, owner: string): Promise<void>;
  sideState(migration: string): Promise<SideState | null>;

  /**
   * Hands over, in an order that keeps each key's order, every change that is committed now and was not at
   * `since`, in batches, and returns the new position.
   */
  readChanges(migration: string, since: string, batch: (changes: Change[]) => Promise<void>): Promise<string>;
  /** Counts what `readChanges` would hand over. */
  pending(migration: string, since: string): Promise<Pending>;
  /** The newest changes that are still kept, newest first. */
  recentChanges(migration: string, limit: number): Promise<Change[]>;
  /** The changes with these ids, as far as they are still kept. */
  findChanges(migration: string, ids: readonly bigint[]): Promise<ReadonlyMap<bigint, Change>>;
  /** Deletes changes that are applied everywhere up to `position`. Returns how many. */
  purge(migration: string, position: string): Promise<number>;

  /**
   * Runs `work` in one transaction that captures skip and fences let pass, alone among all appliers of the
   * migration.
   * @throws StaleEpochError when this side does not follow at `epoch`
   */
  applying<T>(migration: string, epoch: bigint, work: (applier: Applier) => Promise<T>): Promise<T>;

  /** Runs `work` as `applying` does, whatever this side's role, and undoes all of it. */
  rehearse(migration: string, work: (applier: Applier) => Promise<void>): Promise<void>;

  /** Reads the next rows in key order together with the version of each, in one snapshot. */
  readChunk(migration: string, table: SourceTable, after: Row | null, limit: number): Promise<SourceRow[]>;
  /** Reads the rows with these keys as `readChunk` does, in their order; a missing one has its version and no row. */
  readRows(migration: string, table: SourceTable, keys: readonly Row[]): Promise<FoundRow[]>;
  /** Reads what has been applied for these keys, in their order: the row (or null) and the mark, in one snapshot. */
  readApplied(migration: string, target: TargetTable, keys: readonly AppliedKey[]): Promise<AppliedRow[]>;
  hasRows(table: string): Promise<boolean>;
  /** Rough number of rows; null when the database has no estimate. */
  estimateRows(table: string): Promise<number | null>;
  /** Where each identity column's sequence stands. */
  identities(table: string): Promise<ReadonlyMap<string, bigint>>;
  /** Raises the sequence of each identity column above `floor` and above every value in the table. */
  raiseIdentities(table: string, floors: ReadonlyMap<string, bigint>): Promise<void>;
  /** Backfill progress and parked changes as kept on this (following) side. */
  progress(migration: string): Promise<FollowerProgress>;
  /** The oldest parked changes. */
  parkedChanges(migration: string, limit: number): Promise<ParkedChange[]>;
}

/** The applier's hands inside its transaction. */
export interface Applier {
  /** Up to where the other side's changes are applied. */
  readonly position: string;
  savePosition(position: string): Promise<void>;
  /** Writes rows whose version is newer than what is there. */
  upsert(target: TargetTable, rows: readonly TargetRow[]): Promise<void>;
  delete(target: TargetTable, rows: readonly TargetRow[]): Promise<void>;
  /** Writes backfilled rows, except over keys that a change has touched since. */
  fill(target: TargetTable, rows: readonly TargetRow[]): Promise<void>;
  /** Writes rows read just now from the owner, whatever is there: the owner is never behind. */
  mend(target: TargetTable, rows: readonly TargetRow[]): Promise<void>;
  /** Deletes rows that the owner does not have, without a trace in the marks. */
  discard(target: TargetTable, rows: readonly TargetRow[]): Promise<void>;
  saveCursor(source: string, cursor: BackfillCursor): Promise<void>;
  /** Runs `work`; undoes it and returns the error when the data were at fault, rethrows any other. */
  attempt(work: () => Promise<void>): Promise<Error | null>;
  park(change: Change, reason: string): Promise<void>;
  parked(): Promise<ParkedChange[]>;
  unpark(change: Change): Promise<void>;
}

/** A value in its database's text form. */
export type Text = string | null;
export type Row = Record<string, Text>;

export interface ColumnInfo {
  name: string;
  /** As a person would declare it, e.g. `numeric(12,2)`. */
  type: string;
  /** What a text is cast to before it is assigned: without length, so that too long a value is refused, not cut. */
  castType: string;
  nullable: boolean;
  hasDefault: boolean;
  generated: boolean;
}

export interface TableInfo {
  name: string;
  columns: ReadonlyMap<string, ColumnInfo>;
  primaryKey: readonly string[];
  /** Tables that this one's foreign keys point to. */
  references: readonly string[];
}

export interface CapturedTable {
  name: string;
  key: readonly string[];
  columns: readonly string[];
}

export interface NewSide {
  role: 'owner' | 'follower';
  epoch: bigint;
  /** Who owns the tables, for the message of the fence. */
  owner: string;
}

export interface SideState {
  role: 'owner' | 'fenced' | 'follower';
  epoch: bigint;
  attempt: bigint;
  position: string;
}

export interface Installation {
  captured: readonly string[];
  fenceable: readonly string[];
  fenced: readonly string[];
}

export interface Change {
  /** Grows with each change of one key; 0 for a backfilled row. */
  id: string;
  table: string;
  op: 'upsert' | 'delete';
  /** The row's key in the text form that the source gives it. */
  key: string;
  row: Row;
}

export interface ParkedChange extends Change {
  reason: string;
  parkedAt: string;
}

export interface Pending {
  changes: number;
  /** Age of the oldest one in seconds; 0 when there is none. */
  seconds: number;
}

export interface SourceTable {
  name: string;
  key: readonly string[];
  columns: readonly string[];
}

export interface SourceRow {
  key: string;
  /** Id of the newest change of this key that the row contains; 0 when none is known. */
  version: string;
  row: Row;
}

/** Like `SourceRow`, but the row may be gone. */
export interface FoundRow extends Omit<SourceRow, 'row'> {
  row: Row | null;
}

export interface TargetTable {
  name: string;
  /** Name of the mapping entry: high-water marks are kept per entry and key. */
  entry: string;
  key: readonly string[];
  columns: readonly { name: string; castType: string }[];
  /** True when another entry decides whether the row exists: this one only updates its columns. */
  part: boolean;
}

export interface TargetRow {
  sourceKey: string;
  version: string;
  values: Row;
}

export interface AppliedKey {
  sourceKey: string;
  key: Row;
}

export interface AppliedRow {
  sourceKey: string;
  row: Row | null;
  mark: { epoch: bigint; version: bigint; deleted: boolean } | null;
}

export interface BackfillCursor {
  after: Row | null;
  rows: number;
  done: boolean;
  /** Seconds spent copying, over all restarts. */
  seconds: number;
}

export interface FollowerProgress {
  position: string;
  parked: number;
  backfill: ReadonlyMap<string, BackfillCursor>;
}
