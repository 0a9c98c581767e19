import type { JournalEntry, Verb } from './lifecycle.ts';

/** What happens while somebody looks, and what happened when the owner changed last. Part of the `Lifecycle`. */
export interface Happenings {
  /** Calls back with what happens from now on, in order and nothing left out; returns the way to stop. */
  follow(told: (happening: Happening) => void): () => void;
  /** How the newest change of owner of a migration went; rejects with `no-change-of-owner` when there was none. */
  lastChange(migration: string): Promise<LastChange>;
}

export type Happening = { kind: 'journal'; entry: JournalEntry } | { kind: 'step'; step: ChangeStep };

/** One step of a change of owner. */
export interface ChangeStep {
  migration: string;
  verb: Verb;
  /** That the change aims at. */
  epoch: number;
  /** As logs call it. */
  step: string;
  /** In words. */
  title: string;
  state: 'begun' | 'done' | 'failed';
  /** ISO time. */
  at: string;
  /** Null as long as it is being carried out. */
  tookMs: number | null;
  /** Why it failed; null unless it did. */
  reason: string | null;
  /** How long new writes have been waiting by now; null while none do. */
  writesWaitMs: number | null;
}

export interface LastChange {
  migration: string;
  verb: Verb;
  epoch: number;
  by: string;
  /** When this run began, as ISO time. */
  at: string;
  result: 'under way' | 'done' | 'taken back' | 'cut off';
  /** Those that have ended. */
  steps: ChangeStep[];
  /** How long writes waited in the proxies, in milliseconds; null where nobody knows any more, or none waited. */
  writesWaited: { count: number; p50: number; p99: number; max: number } | null;
}
