import type { BackfillProgress, Side } from './lifecycle.ts';

/** How the following side is kept in step. */
export interface SyncStatus {
  from: Side;
  to: Side;
  state: 'starting' | 'backfill' | 'live' | 'stalled';
  /** Why it is stalled, or what it waits for; empty when all is well. */
  detail: string;
  lagSeconds: number;
  lagChanges: number;
  /** Changes that the following side refused, or that wait behind one; and the keys they are of. */
  parked: number;
  parkedKeys: number;
  /** Changes carried since the sync process took this direction up. */
  applied: number;
  /** Messages of the bus that were no changes and were put aside, since then. */
  unreadable: number;
  /** Over the last ten seconds. */
  changesPerSecond: number;
  /** How the tables differ from what they were when the sync began; the first fifty. */
  drift: Drift[];
  /** What the owner's database keeps for a capture from its log; null where triggers capture. */
  slot: SlotStatus | null;
  /** The same of the following side, whose slot the way back needs. */
  followerSlot: SlotStatus | null;
  backfill: BackfillProgress[];
  /** Who holds the copy of existing rows; null when nobody does. */
  backfillHeld: { by: string; reason: string | null } | null;
  /** ISO time of the last report of the sync process. */
  reportedAt: string;
}

/** A table is not what it was when the sync began. */
export interface Drift {
  side: Side;
  table: string;
  /** Null where it is about the whole table. */
  column: string | null;
  /** Nothing is carried, rows are parked, the column stays behind, or there may be values that are parked. */
  effect: 'stops' | 'parks' | 'not carried' | 'risks';
  message: string;
  advice: string;
}

/** A replication slot keeps the database's log, and with it disk space, until it is read. */
export interface SlotStatus {
  slot: string;
  retainedBytes: number;
  /** The database gives the slot up beyond this; null: never, it rather fills the disk. */
  limitBytes: number | null;
  status: 'reserved' | 'extended' | 'unreserved' | 'lost';
  /** What is wrong with it, in words; empty when nothing is. */
  detail: string;
}
