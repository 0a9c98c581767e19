import type { Actor } from './lifecycle.ts';

/** What can be done about changes that the following side refused. Part of the `Lifecycle`; rejects as it does. */
export interface ParkedChanges {
  /** Keys that have something parked, a page of them. */
  parked(migration: string, page: PageRequest): Promise<ParkedPage>;
  /** What is parked of one key, with its rows. */
  parkedRows(migration: string, key: RowKey): Promise<ParkedRows>;
  /** Tries parked changes now, without regard to when they are due; says what became of each key. */
  retry(migration: string, request: RetryRequest): Promise<RetryOutcome>;
  /** Gives up what is parked of a key: it is not applied any more, and stays a difference until it is repaired. */
  skip(migration: string, key: RowKey, actor: SkipActor): Promise<SkipOutcome>;
}

/** A row by its key, as a JSON array of texts; the empty key stands for the whole table (a truncation). */
export interface RowKey {
  table: string;
  key: string;
}

export interface PageRequest {
  /** Where the page before ended; null for the first. */
  after: string | null;
  limit: number;
}

export type RowOperation = 'upsert' | 'delete' | 'truncate';

export interface ParkedPage {
  migration: string;
  /** All that is parked, not only on this page. */
  changes: number;
  keys: number;
  parked: ParkedKey[];
  /** Where the next page begins; null when this is the last. */
  next: string | null;
}

export interface ParkedKey extends RowKey {
  operation: RowOperation;
  /** ISO time. */
  since: string;
  /** Later changes of the key that wait behind the first. */
  waiting: number;
  reason: string;
  /** How often the newest change was tried in vain. */
  tries: number;
}

export interface ParkedRows extends RowKey {
  migration: string;
  /** Oldest first; the first hundred. */
  changes: ParkedRow[];
}

export interface ParkedRow {
  id: string;
  operation: RowOperation;
  /** ISO time. */
  parkedAt: string;
  reason: string;
  /** Values as the owner's database writes them; of a deleted row, its key. */
  row: Record<string, string | null>;
}

/** One key, or a page of all. */
export interface RetryRequest {
  key: RowKey | null;
  after: string | null;
}

export interface RetryOutcome {
  migration: string;
  tried: RetriedKey[];
  /** Where the next page of keys to be tried begins; null when all were. */
  next: string | null;
}

export interface RetriedKey extends RowKey {
  applied: boolean;
  /** Why it is still parked; null when it was applied. */
  reason: string | null;
}

/** Nothing is given up without a reason. */
export interface SkipActor extends Actor {
  reason: string;
}

export interface SkipOutcome extends RowKey {
  migration: string;
  /** It was applied when it fitted after all; and then there was nothing to give up. */
  outcome: 'skipped' | 'applied' | 'nothing parked';
  /** Changes that were given up. */
  changes: number;
}
