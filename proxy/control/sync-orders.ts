import type { Actor } from './lifecycle.ts';

/** What a person can order and ask of a sync besides its moves. Part of the `Lifecycle`; rejects as it does. */
export interface SyncOrders {
  /** Holds the copy of existing rows, or lets it go on; saying it twice changes nothing more. */
  holdBackfill(migration: string, order: BackfillOrder, actor: Actor): Promise<BackfillHold>;
  /** What the last comparison of both sides found, row by row. */
  found(migration: string): Promise<FoundDifferences>;
}

export interface BackfillOrder {
  paused: boolean;
}

export interface BackfillHold {
  migration: string;
  paused: boolean;
  /** Whether it was otherwise before. */
  changed: boolean;
}

/** Of one mapping entry. */
export interface VerifyEntry {
  entry: string;
  by: 'checksum' | 'rows';
  /** Why every row had to be read; empty otherwise. */
  why: string;
  ownerRows: number;
  followerRows: number;
  /** Ranges that were hashed, and how many of them did not agree at first sight. */
  ranges: number;
  rangesOpened: number;
  differences: Record<'missing' | 'extra' | 'differs' | 'inconvertible', number>;
  /** How often each column differed. */
  columns: Record<string, number>;
  unsettled: number;
  parked: number;
  done: boolean;
}

export interface FoundDifferences {
  migration: string;
  /** When that comparison began; null when there was none. */
  at: string | null;
  /** The first ten thousand. */
  found: FoundDifference[];
}

export interface FoundDifference {
  entry: string;
  /** The row's key: a JSON array of texts. */
  key: string;
  kind: 'missing' | 'extra' | 'differs' | 'inconvertible';
  columns: { name: string; owner: string | null; follower: string | null }[];
}
