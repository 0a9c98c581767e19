import type { Actor, GateResult, Stage } from './lifecycle.ts';

/** What is left to ask of a migration that is retired. Part of the `Lifecycle`; rejects as it does. */
export interface Retirement {
  /** What the journal says of a migration from its first decision to its last. */
  certificate(migration: string): Promise<Certificate>;
  /** Lets writes into the monolith's tables again; saying it twice changes nothing more. */
  dropGuard(migration: string, actor: Actor): Promise<GuardRemoval>;
  /** Forgets which keys were translated into which; saying it twice changes nothing more. */
  forgetKeys(migration: string, actor: Actor): Promise<KeyRemoval>;
}

export interface Certificate {
  migration: string;
  service: string;
  /** ISO time. */
  retiredAt: string;
  by: string;
  reason: string | null;
  /** Method and path of each. */
  routes: string[];
  /** Rows as the last comparison counted them; null when it did not. */
  tables: { from: string; to: string; rows: number | null }[];
  countedAt: string | null;
  /** Whether the monolith's tables went on refusing writes. */
  keptGuard: boolean;
  stages: CertifiedStage[];
  changesOfOwner: number;
  /** Changes of owner that were begun and taken back. */
  takenBack: number;
  journal: { entries: number; first: JournalPlace; last: JournalPlace };
}

export interface CertifiedStage {
  stage: Stage;
  at: string;
  by: string;
  reason: string | null;
  gates: GateResult[];
  overrides: Override[];
}

/** A gate that did not hold, and who took that on. */
export interface Override {
  gate: string;
  value: string;
  threshold: string;
  by: string;
  why: string;
}

export interface JournalPlace {
  seq: number;
  at: string;
  hash: string;
}

export interface GuardRemoval {
  migration: string;
  /** Whether there was a guard. */
  changed: boolean;
}

export interface KeyRemoval {
  migration: string;
  /** Whether there were any. */
  changed: boolean;
}
