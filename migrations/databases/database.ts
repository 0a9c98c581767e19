import type { ExamineQuestion, Finding } from './finding.ts';
import type { Kind } from './kind.ts';

/**
 * What the data side needs from one database, whatever its make. Each dialect implements this interface; no dialect's
 * SQL stands anywhere else. Values travel as canonical texts (see `kind.ts`), so that nothing is rounded on the way.
 */
export interface Database {
  readonly dialect: 'postgres' | 'mysql';
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
   *
   * @throws StaleEpochError when this side is at this epoch already, or at a later one: whoever asks was asleep meanwhile
   */
  install(migration: string, tables: readonly SourceTable[], side: NewSide): Promise<void>;
  /**
   * Removes what `install` made, and the schema too when no other migration uses it.
   *
   * @throws StaleEpochError when this side is at a later epoch: whoever asks was asleep meanwhile
   */
  remove(migration: string, tables: readonly string[], epoch: bigint): Promise<void>;

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
  /** Who holds a lock for writing on one of the tables now, we ourselves left out; null where that cannot be seen. */
  writersOf(tables: readonly string[]): Promise<Writer[] | null>;
  /** How many statements the fence has refused since the sync began; null where nobody can count them. */
  refusedWrites(migration: string): Promise<number | null>;

  /** Refuses writes to the tables of a migration that is over, by a trigger that knows nothing of the rest. */
  guard(tables: readonly string[], words: string): Promise<void>;
  dropGuard(tables: readonly string[]): Promise<void>;
  /** Which of the tables have such a guard. */
  guarded(tables: readonly string[]): Promise<readonly string[]>;

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
  /**
   * Lets go of what the database keeps of its log for us and we do not need any more. To be called every second or so,
   * on the following side too. Does nothing where only triggers capture.
   * @throws CaptureLostError when the database did not keep what we do need
   */
  tendCapture(migration: string): Promise<void>;
  /** How the capture from the log stands; null where only triggers capture. */
  captureHealth(migration: string): Promise<CaptureHealth | null>;
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

  /**
   * Reads the next rows in key order together with the version of each, in one snapshot. There are fewer than `limit`
   * where rows are long, and none only behind the last one.
   */
  readChunk(migration: string, table: SourceTable, after: Row | null, limit: number): Promise<SourceRow[]>;
  /**
   * Reads what `readChunk` reads, as lines that the other database can take as they are: for tables that it has under
   * other names only. Null where there are none for this table; absent where there never are.
   *
   * @param columns in the order of the lines
   */
  readLines?(
    migration: string,
    table: SourceTable,
    columns: readonly string[],
    after: Row | null,
    limit: number,
  ): Promise<LineChunk | null>;
  /** Reads the rows with these keys as `readChunk` does, in their order; a missing one has its version and no row. */
  readRows(migration: string, table: SourceTable, keys: readonly Row[]): Promise<FoundRow[]>;
  /** Reads what has been applied for these keys, in their order: the row (or null) and the mark, in one snapshot. */
  readApplied(migration: string, target: TargetTable, keys: readonly AppliedKey[]): Promise<AppliedRow[]>;
  /** Counts the rows whose key is in the range, and sums up a hash of each. */
  digest(table: DigestTable, range: KeyRange): Promise<Digest>;
  /** The key of the row that closes the first `rows` rows of the range; null when there are fewer. */
  keyBehind(table: DigestTable, range: KeyRange, rows: number): Promise<Row | null>;
  /** The first keys of the range, in their order. */
  keysWithin(table: DigestTable, range: KeyRange, limit: number): Promise<Row[]>;
  /** @param only of the rows, those that meet all of these */
  hasRows(table: string, only?: readonly Demand[]): Promise<boolean>;
  /** Rough number of rows; null when the database has no estimate. */
  estimateRows(table: string): Promise<number | null>;
  /** Where each identity column's sequence stands. */
  identities(table: string): Promise<ReadonlyMap<string, bigint>>;
  /** Raises the sequence of each identity column above `floor` and above every value in the table. */
  raiseIdentities(table: string, floors: ReadonlyMap<string, bigint>): Promise<void>;
  /** The pairs of a key space that have one of these keys on `side`. Kept in the monolith's database. */
  findKeys(space: string, side: keyof KeyPair, keys: readonly string[]): Promise<KeyPair[]>;
  /** Adds pairs in their order, but none whose number or key has a partner already: who asks again finds that one. */
  addKeys(space: string, pairs: readonly KeyPair[]): Promise<void>;
  /** As many new numbers for a key column: never seen in it, nor (where it has a sequence) ever given out. */
  newNumbers(space: string, column: { table: string; column: string }, count: number): Promise<string[]>;
  /** Removes the pairs of these key spaces, and what they were kept in once it is empty; says how many. */
  forgetKeys(spaces: readonly string[]): Promise<number>;
  /** Backfill progress and parked changes as kept on this (following) side. */
  progress(migration: string): Promise<FollowerProgress>;
  /**
   * Looks for what keeps these tables from being moved in slices by these columns, or keeps this slice: keys that both
   * sides would give out, rows that refer to another slice. Changes nothing.
   */
  examineSlices(tables: readonly SlicedTable[]): Promise<Finding[]>;
  /** Looks for what stands in the way of a sync of these tables, or might. Changes nothing. */
  examine(question: ExamineQuestion): Promise<Finding[]>;
  /** The oldest parked changes. */
  parkedChanges(migration: string, limit: number): Promise<ParkedChange[]>;
  /** Keys that have something parked, by table and key; the next ones after `after`. */
  parkedKeys(migration: string, after: ChangedKey | null, limit: number): Promise<ParkedKey[]>;
  /** What is parked of one key, oldest first. */
  parkedOf(migration: string, key: ChangedKey, limit: number): Promise<ParkedChange[]>;
}

/** Somebody who writes to a table, as far as the database knows. */
export interface Writer {
  user: string;
  /** What it calls itself; empty when it does not. */
  application: string;
}

/** The applier's hands inside its transaction. */
export interface Applier {
  /** Up to where the other side's changes are applied. */
  readonly position: string;
  savePosition(position: string): Promise<void>;
  /** Writes rows whose version is newer than what is there. */
  upsert(target: TargetTable, rows: readonly TargetRow[]): Promise<void>;
  delete(target: TargetTable, rows: readonly TargetRow[]): Promise<void>;
  /**
   * Deletes every row, as a `TRUNCATE` of version `version` at the owner did: no older change or backfilled row of any
   * key comes back.
   */
  clear(target: TargetTable, version: string): Promise<void>;
  /** Writes backfilled rows, except over keys that a change has touched since. */
  fill(target: TargetTable, rows: readonly TargetRow[]): Promise<void>;
  /**
   * Writes backfilled rows as `fill` does, from lines as a database of the same make has read them.
   * @returns those that are not written, and have to be filled: all when anything is unusual
   */
  fillLines?(target: TargetTable, chunk: LineChunk): Promise<SourceRow[]>;
  /** Writes rows read just now from the owner, whatever is there: the owner is never behind. */
  mend(target: TargetTable, rows: readonly TargetRow[]): Promise<void>;
  /**
   * Takes the unique values from those of these rows that hold what another of them is to get: each has some other
   * value, or none, until it is written. For rows that change places, which no order of writing lets through.
   * @returns how many rows that were; 0 also where nothing can stand in for a value
   */
  vacate(target: TargetTable, rows: readonly TargetRow[]): Promise<number>;
  /** Deletes rows that the owner does not have, without a trace in the marks. */
  discard(target: TargetTable, rows: readonly TargetRow[]): Promise<void>;
  saveCursor(source: string, cursor: BackfillCursor): Promise<void>;
  /** Runs `work`; undoes it and returns the error when the data were at fault, rethrows any other. */
  attempt(work: () => Promise<void>): Promise<Error | null>;
  /** Keeps a change that cannot be applied; it is due for another try at once. */
  park(change: Change, reason: string): Promise<void>;
  /** Keeps changes, of one key each, behind what is parked of their keys. */
  queue(changes: readonly Change[]): Promise<void>;
  /** Which of these keys have something parked; a whole table has it under the empty key. */
  parkedAmong(keys: readonly ChangedKey[]): Promise<ChangedKey[]>;
  /** The newest parked change of each key whose next try is due: the least tried first, then the longest due. */
  dueParked(limit: number): Promise<ParkedChange[]>;
  /** The newest parked change of each of these keys. */
  newestParked(keys: readonly ChangedKey[]): Promise<ParkedChange[]>;
  /** Says why a parked change failed again; the next try is due after twice the time, five minutes at most. */
  postpone(change: Change, reason: string): Promise<void>;
  /** Removes what is parked of the change's key (of a truncation: of its table), up to the change. Returns how many. */
  unpark(change: Change): Promise<number>;
  /** Advances the mark of the change's key as applying it would, and leaves the row as it is. */
  pass(target: TargetTable, change: Change): Promise<void>;
}

/** A table as both sides of a comparison can hash it: its rows give the same text on both when they mean the same. */
export interface DigestTable {
  name: string;
  key: readonly ColumnInfo[];
  /** In the same order on both sides. */
  columns: readonly DigestColumn[];
  /** Both sides are of the same make: it may use a hash of its own. */
  alike: boolean;
}

export interface DigestColumn {
  column: ColumnInfo;
  as: DigestSpelling;
}

/** How a column is spelled for the hash. */
export type DigestSpelling =
  /** Its canonical text. */
  | { kind: 'text' }
  /** Without zeros behind the point. */
  | { kind: 'number' }
  /** A decimal amount in whole minor units. */
  | { kind: 'minor'; scale: number }
  /** One code for another. */
  | { kind: 'codes'; codes: ReadonlyMap<string, string> };

/** Keys behind `after` (null: from the first), up to and with `upTo` (null: to the last). */
export interface KeyRange {
  after: Row | null;
  upTo: Row | null;
}

/** Of a range: how many rows, and the sum of their hashes. */
export interface Digest {
  rows: number;
  sum: string;
}

/** A value as its canonical text. */
export type Text = string | null;
export type Row = Record<string, Text>;

export interface ColumnInfo {
  name: string;
  /** As a person would declare it, e.g. `numeric(12,2)`. */
  type: string;
  kind: Kind;
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
  /** The columns of each foreign key, and the table it points to. */
  foreignKeys?: readonly { columns: readonly string[]; table: string }[];
  /** Columns of each unique constraint or index besides the primary key, where it covers all rows. */
  uniques: readonly (readonly string[])[];
  /** Foreign keys by which rows of this table change without a trigger; absent where triggers see that too. */
  cascades?: readonly Cascade[];
}

/** What the database itself does to rows of `to` when one of `from` goes or gets another key. */
export interface Cascade {
  from: string;
  to: string;
  /** As it is declared, e.g. `ON DELETE CASCADE`. */
  action: string;
}

/** One row's key in the monolith, a whole number, and in the service. */
export interface KeyPair {
  monolith: string;
  service: string;
}

/** A table whose rows are captured and read: its key, and all columns that are wanted, the key's among them. */
export interface SourceTable {
  name: string;
  key: readonly string[];
  columns: readonly ColumnInfo[];
  /** Where its changes are taken from; `trigger` unless it says otherwise. */
  capture?: CaptureKind;
  /** Only rows of this slice are captured and fenced; other slices of the table belong to other migrations. */
  slice?: { column: string; values: readonly string[] };
}

/** A table that is moved in slices, and the column that tells them apart. */
export interface SlicedTable {
  name: string;
  key: readonly string[];
  column: string;
}

/** A trigger on the table, or the database's log (logical replication): writes do not pay for that. */
export type CaptureKind = 'trigger' | 'replication';

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
  /** A truncation has an empty key and row: it concerns every key of its table. */
  op: 'upsert' | 'delete' | 'truncate';
  /** The row's key: a JSON array of the key columns' canonical texts. */
  key: string;
  /** The captured columns; of a deleted row, its key columns. */
  row: Row;
}

/** A key with its table; the empty key stands for the whole table. */
export type ChangedKey = Pick<Change, 'table' | 'key'>;

export interface ParkedChange extends Change {
  reason: string;
  parkedAt: string;
}

/** A key that has something parked. */
export interface ParkedKey extends ChangedKey {
  /** Of the newest change. */
  op: Change['op'];
  /** When its first change was parked. */
  since: string;
  /** Changes that wait behind the first. */
  waiting: number;
  reason: string;
  /** How often the newest change was tried in vain since it was parked. */
  tries: number;
}

/** A replication slot keeps the database's log, and with it disk space, until we have read it. */
export interface CaptureHealth {
  slot: string;
  /** Of the log on disk for us; 0 when the slot is lost. */
  retainedBytes: number;
  /** The database gives up the slot beyond this (`max_slot_wal_keep_size`); null: never, it rather fills the disk. */
  limitBytes: number | null;
  /** `unreserved`: it is about to be lost. `lost`: changes are missing, and only a new `sync` helps. */
  status: 'reserved' | 'extended' | 'unreserved' | 'lost';
  /** What is wrong with it, in words; empty when nothing is. */
  detail: string;
}

export interface Pending {
  changes: number;
  /** Age of the oldest one in seconds; 0 when there is none. */
  seconds: number;
}

export interface SourceRow {
  key: string;
  /** Id of the newest change of this key that the row contains; 0 when none is known. */
  version: string;
  row: Row;
}

/** Rows of a chunk in the form in which the database itself hands tables on, still to be read where somebody has to. */
export interface LineChunk {
  readonly size: number;
  /** Id of the newest change that the row contains, as `SourceRow.version`. */
  version(i: number): string;
  key(i: number): string;
  /** Lines of the chosen columns. */
  lines(chosen: readonly number[]): Uint8Array;
  row(i: number): SourceRow;
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
  columns: readonly ColumnInfo[];
  /** True when another entry decides whether the row exists: this one only updates its columns. */
  part: boolean;
  /** Of a part: columns that go back to null, or to their default where they take no null, when it is deleted. */
  clears?: readonly string[];
  /** What rows of the table have that are this entry's business; it deletes no others. Without it, all are. */
  only?: readonly Demand[];
}

/** What a row has to have in one column: one of these values, or, `not`, none of them. */
export interface Demand {
  column: string;
  not: boolean;
  values: ReadonlySet<Text>;
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
  /** Changes that are parked, and how many keys they are of. */
  parked: number;
  parkedKeys: number;
  backfill: ReadonlyMap<string, BackfillCursor>;
}
