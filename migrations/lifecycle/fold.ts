import type { GuardrailResult } from './guardrails.ts';
import type { JournalEntry } from './journal.ts';
import type { RampPosition } from './ramp.ts';
import type { Side, Stage } from './stages.ts';
import { otherSide } from './stages.ts';

/** Where a migration stands: nothing but a fold over the journal. */
export interface MigrationState {
  migration: string;
  stage: Stage;
  owner: Side;
  epoch: number;
  weight: number;
  /** A change of owner under way; writes wait as long as it is there. */
  change: OwnerChange | null;
  /** A sync that has begun to install, and is in force only once its stage is journaled. */
  installing: { epoch: number; at: string; actor: string; together: readonly string[] } | null;
  /** Position of the migration's newest entry; 0 when it has none. */
  seq: number;
  /** When the owner, stage or weight last changed; null at the start. */
  since: string | null;
  /** Position of the entry that brought the present stage and weight. */
  stageSeq: number;
  /** The ramp that runs; null when a person sets the weight. */
  ramp: RampPosition | null;
  /** What a guardrail took back to get here; null when it was no guardrail. */
  takenBack: TakenBack | null;
  /** Who holds the copy of existing rows; null when nobody does. */
  backfillPaused: { actor: string; reason: string | null } | null;
  /** When stage `shadow` was last entered: answers compared before then say nothing about now. */
  shadowSince: string | null;
  /** Parts of the answers that somebody took out of the comparison, besides those of the configuration. */
  ignored: readonly IgnoredField[];
}

export interface IgnoredField {
  /** JSONPath. */
  path: string;
  actor: string;
  reason: string | null;
  /** ISO time. */
  at: string;
}

export interface TakenBack {
  /** Weight that the service had. */
  weight: number;
  broken: readonly GuardrailResult[];
}

export interface OwnerChange {
  verb: 'cutover' | 'rollback';
  from: Stage;
  to: Stage;
  /** Epoch that is aimed at. */
  epoch: number;
  /** All migrations whose owner changes with it, itself among them. */
  together: readonly string[];
  phase: 'started' | 'owner-changed' | 'aborting';
  seq: number;
  at: string;
  actor: string;
}

export const newMigration = (migration: string): MigrationState => ({
  migration,
  stage: 'legacy',
  owner: 'monolith',
  epoch: 0,
  weight: 0,
  change: null,
  installing: null,
  seq: 0,
  since: null,
  stageSeq: 0,
  ramp: null,
  takenBack: null,
  backfillPaused: null,
  shadowSince: null,
  ignored: [],
});

/** Folds the journal into the state of each migration it mentions. */
export function fold(entries: Iterable<JournalEntry>): Map<string, MigrationState> {
  const states = new Map<string, MigrationState>();
  for (const entry of entries) {
    const before = states.get(entry.migration) ?? newMigration(entry.migration);
    states.set(entry.migration, foldEntry(before, entry));
  }
  return states;
}

/** `(state, entry) → state`. */
export function foldEntry(state: MigrationState, entry: JournalEntry): MigrationState {
  const { decision, seq, at, epoch, actor } = entry;
  switch (decision.kind) {
    case 'stage-changed':
      return {
        ...entered(state, decision.to, entry),
        installing: null,
        weight: decision.weight,
        epoch,
        ramp: decision.ramp ?? null,
        takenBack: decision.broken ? { weight: state.weight, broken: decision.broken } : null,
      };
    case 'cutover-started':
    case 'rollback-started': {
      const verb = decision.kind === 'cutover-started' ? 'cutover' : 'rollback';
      const change = {
        verb,
        from: decision.from,
        to: decision.to,
        epoch,
        together: decision.together ?? [state.migration],
        phase: 'started',
        seq,
        at,
        actor,
      } as const;
      return { ...state, change, seq };
    }
    case 'owner-changed':
      return { ...state, owner: decision.owner, epoch, seq, change: inPhase(state, 'owner-changed') };
    case 'writes-released': {
      const stage = state.change?.to ?? state.stage;
      return { ...entered(state, stage, entry), weight: stage === 'extracted' ? 100 : 0, change: null };
    }
    case 'aborting':
      return { ...state, seq, change: inPhase(state, 'aborting') };
    case 'aborted':
      return { ...state, seq, change: null, installing: null };
    case 'backfill-paused':
      return { ...state, seq, backfillPaused: { actor, reason: entry.reason } };
    case 'sync-started':
      return {
        ...state,
        seq,
        backfillPaused: null,
        installing: { epoch, at, actor, together: decision.together ?? [state.migration] },
      };
    case 'backfill-continued':
      return { ...state, seq, backfillPaused: null };
    case 'field-ignored': {
      const field = { path: decision.path, actor, reason: entry.reason, at };
      return { ...state, seq, ignored: [...without(state.ignored, decision.path), field] };
    }
    case 'field-compared':
      return { ...state, seq, ignored: without(state.ignored, decision.path) };
    case 'repaired':
    case 'guard-dropped':
    case 'keys-forgotten':
    case 'skipped':
      return { ...state, seq };
  }
}

/** Epoch to aim at next: never one that somebody aimed at before. */
export function nextEpoch(entries: Iterable<JournalEntry>, migration: string): number {
  let highest = 0;
  for (const entry of entries) if (entry.migration === migration) highest = Math.max(highest, entry.epoch);
  return highest + 1;
}

/** Which side the change takes the ownership from. */
export const oldOwnerOf = (state: MigrationState): Side =>
  state.change?.phase === 'owner-changed' ? otherSide(state.owner) : state.owner;

function entered(state: MigrationState, stage: Stage, { at, seq }: JournalEntry): MigrationState {
  const shadowSince = stage === 'shadow' ? at : state.shadowSince;
  return { ...state, stage, since: at, seq, stageSeq: seq, ramp: null, takenBack: null, shadowSince };
}

const without = (fields: readonly IgnoredField[], path: string): IgnoredField[] =>
  fields.filter((field) => field.path !== path);

function inPhase(state: MigrationState, phase: OwnerChange['phase']): OwnerChange | null {
  return state.change && { ...state.change, phase };
}
