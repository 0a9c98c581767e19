import type { GateResult } from './gates.ts';
import type { JournalEntry } from './journal.ts';
import type { Override } from './override.ts';
import type { Stage } from './stages.ts';

/** What a migration was, kept with its last decision: the configuration may forget it. */
export interface RetiredFacts {
  service: string;
  /** Method and path of each. */
  routes: string[];
  /** Pairs of tables; rows as the last comparison counted them, null when it did not. */
  tables: { from: string; to: string; rows: number | null }[];
  /** When rows were counted; null when they were not. */
  countedAt: string | null;
  /** Whether the monolith's tables still refuse writes. */
  keptGuard: boolean;
}

/** When a stage was entered, and on what grounds. */
export interface CertifiedStage {
  stage: Stage;
  at: string;
  by: string;
  reason: string | null;
  gates: GateResult[];
  overrides: Override[];
}

/** That a capability has left the monolith: nothing but what the journal says. */
export interface Certificate extends RetiredFacts {
  migration: string;
  retiredAt: string;
  by: string;
  reason: string | null;
  stages: CertifiedStage[];
  changesOfOwner: number;
  /** Changes of owner that were begun and taken back. */
  takenBack: number;
  journal: { entries: number; first: JournalPlace; last: JournalPlace };
}

interface JournalPlace {
  seq: number;
  at: string;
  hash: string;
}

interface SeenEvidence {
  gates?: GateResult[];
  overrides?: Override[];
  retired?: RetiredFacts;
}

/** The certificate of a migration; null when it was not retired. */
export function certificateOf(entries: readonly JournalEntry[], migration: string): Certificate | null {
  const own = entries.filter((entry) => entry.migration === migration);
  const end = own.findLast(({ decision }) => decision.kind === 'stage-changed' && decision.to === 'retired');
  const [begin] = own;
  if (!end || !begin) return null;
  const count = (kind: JournalEntry['kind']): number => own.filter((entry) => entry.kind === kind).length;
  const unknown: RetiredFacts = { service: '', routes: [], tables: [], countedAt: null, keptGuard: false };
  return {
    migration,
    ...(evidenceIn(end).retired ?? unknown),
    retiredAt: end.at,
    by: end.actor,
    reason: end.reason,
    stages: stagesOf(own),
    changesOfOwner: count('owner-changed'),
    takenBack: count('aborted'),
    journal: { entries: end.seq - begin.seq + 1, first: placeOf(begin), last: placeOf(end) },
  };
}

function stagesOf(own: readonly JournalEntry[]): CertifiedStage[] {
  const stages: CertifiedStage[] = [];
  let started: JournalEntry | null = null;
  for (const entry of own) {
    const { decision } = entry;
    if (decision.kind === 'cutover-started' || decision.kind === 'rollback-started') started = entry;
    else if (decision.kind === 'stage-changed') stages.push(stageOf(decision.to, entry, entry));
    else if (decision.kind === 'writes-released' && started && 'to' in started.decision)
      stages.push(stageOf(started.decision.to, entry, started));
  }
  return stages;
}

/** @param ordered the entry that says who wanted it, why and on which evidence */
function stageOf(stage: Stage, { at }: JournalEntry, ordered: JournalEntry): CertifiedStage {
  const { gates = [], overrides = [] } = evidenceIn(ordered);
  return { stage, at, by: ordered.actor, reason: ordered.reason, gates, overrides };
}

/** Gates stand in the evidence alone, or beside what else there was to the decision. */
function evidenceIn({ evidence }: JournalEntry): SeenEvidence {
  if (Array.isArray(evidence)) return { gates: evidence as GateResult[] };
  return typeof evidence === 'object' && evidence !== null ? evidence : {};
}

const placeOf = ({ seq, at, hash }: JournalEntry): JournalPlace => ({ seq, at, hash });
