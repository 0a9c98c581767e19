import { createHash } from 'node:crypto';
import type { GuardrailResult } from './guardrails.ts';
import type { RampPosition } from './ramp.ts';
import type { Side, Stage, Verb } from './stages.ts';

/** What was decided. Today's state is a fold over these. */
export type Decision =
  | {
      kind: 'stage-changed';
      verb: Verb;
      from: Stage;
      to: Stage;
      weight: number;
      /** Step of a ramp that this begins; without one, no ramp runs any more. */
      ramp?: RampPosition;
      /** Guardrails that were broken, and took the traffic back. */
      broken?: readonly GuardrailResult[];
    }
  /** The epoch of a sync that begins; its stage follows once both databases are prepared. */
  | { kind: 'sync-started'; together?: readonly string[] }
  | {
      kind: 'cutover-started' | 'rollback-started';
      from: Stage;
      to: Stage;
      /** All migrations whose owner changes with it, itself among them; each has the same entries until the end. */
      together?: readonly string[];
      /** Of the run that carries it out: the same order at two coordinators is two. Older entries have none. */
      run?: string;
    }
  | { kind: 'owner-changed'; owner: Side }
  | { kind: 'writes-released' }
  | { kind: 'aborting'; why: string }
  | { kind: 'aborted'; why: string }
  | { kind: 'repaired'; rows: number }
  /** A person holds the copy of existing rows, or lets it go on. */
  | { kind: 'backfill-paused' | 'backfill-continued' }
  /** A person takes a part of the answers out of the comparison, or puts it back. */
  | { kind: 'field-ignored' | 'field-compared'; path: string }
  /** The monolith's tables of a retired migration refuse writes no longer. */
  | { kind: 'guard-dropped' }
  /** Nobody asks any more which key of one side is which of the other; the evidence has the spaces. */
  | { kind: 'keys-forgotten' }
  /** A person gave up changes of one key that the follower refuses; the evidence has them. */
  | { kind: 'skipped'; table: string; key: string; changes: number };

export interface JournalEntry {
  seq: number;
  /** ISO time. */
  at: string;
  migration: string;
  kind: Decision['kind'];
  decision: Decision;
  /** Epoch in force once this entry is written; for `…-started` and `aborting` the one that was aimed at. */
  epoch: number;
  actor: string;
  reason: string | null;
  /** What each gate saw. */
  evidence: unknown;
  previousHash: string;
  hash: string;
}

export const GENESIS_HASH = '0'.repeat(64);

/** SHA-256 over the entry and the hash before it: changing any entry breaks every later one. */
export function hashOf(entry: Omit<JournalEntry, 'hash'>): string {
  const { seq, at, migration, decision, epoch, actor, reason, evidence, previousHash } = entry;
  const text = canonical([previousHash, seq, at, migration, decision, epoch, actor, reason, evidence]);
  return createHash('sha256').update(text).digest('hex');
}

/** The first entry of a chain that is not as it was written, and what is wrong with it. */
export interface BrokenEntry {
  seq: number;
  problem: string;
  entry: JournalEntry;
}

/** Where the chain breaks; null when it holds. What is missing at its end, only somebody knows who has seen it. */
export function firstBrokenEntry(entries: readonly JournalEntry[]): BrokenEntry | null {
  let previousHash = GENESIS_HASH;
  let seq = 0;
  for (const entry of entries) {
    seq += 1;
    const problem = problemOf(entry, seq, previousHash);
    if (problem !== null) return { seq: entry.seq, problem, entry };
    previousHash = entry.hash;
  }
  return null;
}

function problemOf(entry: JournalEntry, seq: number, previousHash: string): string | null {
  if (entry.seq > seq) return `entry ${seq} is missing before it`;
  if (entry.seq < seq) return 'its number is there twice';
  if (entry.hash !== hashOf(entry)) return 'it does not say what it said when it was written';
  // Nothing is decided by this column, but people read it.
  if (entry.kind !== entry.decision.kind) return `it was written as "${entry.decision.kind}"`;
  if (entry.previousHash !== previousHash)
    return 'it does not follow from the entry before it, which was exchanged';
  return null;
}

/** JSON with sorted keys: the store may hand objects back in another order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}
