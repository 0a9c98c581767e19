import { isDeepStrictEqual } from 'node:util';
import { foldEntry, newMigration } from './fold.ts';
import type { MigrationState } from './fold.ts';
import type { JournalEntry } from './journal.ts';
import type { ChangeState, Outcome } from './protocol.ts';
import { begin, resumeFrom, step } from './protocol.ts';
import type { RunRecord, StepRecord } from './run-record.ts';
import { ALLOWED_MOVES, changesOwner, otherSide } from './stages.ts';

/**
 * Holds what really happened against the protocol: the journal entry by entry, and each run step by step through the
 * very function that made it. Returns what the protocol does not allow, in words; nothing when all is as it should be.
 */
export function replay(entries: readonly JournalEntry[], runs: readonly RunRecord[]): string[] {
  return [
    ...wrongInJournal(entries),
    ...wrongInGroups(entries),
    ...runs.flatMap(wrongInRun),
    ...wrongBetween(entries, runs),
  ];
}

function wrongInJournal(entries: readonly JournalEntry[]): string[] {
  const states = new Map<string, MigrationState>();
  const highest = new Map<string, number>();
  const wrong: string[] = [];
  for (const entry of entries) {
    const { migration, seq, kind, epoch } = entry;
    const state = states.get(migration) ?? newMigration(migration);
    const why = whyNot(state, entry, highest.get(migration) ?? 0);
    if (why) wrong.push(`journal ${seq}: "${kind}" of "${migration}" to epoch ${epoch}, ${why}`);
    states.set(migration, foldEntry(state, entry));
    highest.set(migration, Math.max(highest.get(migration) ?? 0, epoch));
  }
  return wrong;
}

/** What is decided of several that move together is journaled of all of them, one right after the other. */
function wrongInGroups(entries: readonly JournalEntry[]): string[] {
  const states = new Map<string, MigrationState>();
  return entries.flatMap((entry, at) => {
    const { migration, seq, kind } = entry;
    const before = states.get(migration) ?? newMigration(migration);
    const after = foldEntry(before, entry);
    states.set(migration, after);
    // What is said besides, as of a backfill, is of one of them.
    if (isDeepStrictEqual(before.change, after.change)) return [];
    const together = after.change?.together ?? before.change?.together ?? [migration];
    const near = entries.slice(Math.max(0, at - together.length + 1), at + together.length);
    const missing = together.filter(
      (name) => !near.some((each) => each.migration === name && each.kind === kind),
    );
    return missing.map(
      (name) => `journal ${seq}: "${kind}" of "${migration}" without "${name}", which moves together with it`,
    );
  });
}

/** Why the entry must not follow; null when it may. */
function whyNot(
  { change, stage, owner, epoch: present }: MigrationState,
  entry: JournalEntry,
  highest: number,
): string | null {
  const { decision, epoch } = entry;
  const isIn = (phase: string): string | null =>
    change?.phase === phase && change.epoch === epoch
      ? null
      : `while ${change ? `the change to epoch ${change.epoch} is "${change.phase}"` : 'no change is under way'}`;
  switch (decision.kind) {
    case 'cutover-started':
    case 'rollback-started': {
      if (change) return `while the change to epoch ${change.epoch} is under way`;
      const verb = decision.kind === 'cutover-started' ? 'cutover' : 'rollback';
      const isAllowed = changesOwner(verb, stage) && ALLOWED_MOVES[verb][stage] === decision.to;
      if (!isAllowed) return `from stage ${stage} to ${decision.to}`;
      return epoch > highest ? null : `which is not above ${highest}`;
    }
    case 'owner-changed':
      return (
        isIn('started') ?? (decision.owner === otherSide(owner) ? null : `to ${decision.owner}, who has it`)
      );
    case 'aborting':
      return isIn('started');
    case 'writes-released':
      return isIn('owner-changed');
    case 'aborted':
      return isIn('aborting');
    case 'sync-started':
      if (change || stage !== 'legacy') return `in stage ${stage}`;
      return epoch > highest ? null : `which is not above ${highest}`;
    case 'stage-changed': {
      if (change) return `while the change to epoch ${change.epoch} is under way`;
      if (changesOwner(decision.verb, stage)) return 'without the protocol';
      if (ALLOWED_MOVES[decision.verb][stage] !== decision.to) return `from stage ${stage} to ${decision.to}`;
      return epoch === (decision.verb === 'sync' ? highest : present) ? null : `at epoch ${present}`;
    }
    default:
      return null;
  }
}

/** The steps must be those that the protocol says, one after the other; a run that was killed ends early. */
function wrongInRun(run: RunRecord): string[] {
  let state: ChangeState = run.beganFrom === 'order' ? begin() : resumeFrom(run.beganFrom);
  for (const record of run.steps) {
    // The same again, as often as it was tried.
    for (let n = 0; n < record.times; n += 1) {
      if (state.doing !== record.effect) {
        const should = state.doing === null ? 'ends' : `does "${state.doing}"`;
        return [`run ${run.id} of "${run.migration}" did "${record.effect}" where the protocol ${should}`];
      }
      state = step(state, outcomeOf(record));
    }
  }
  return [];
}

function outcomeOf({ outcome, late, found, reason = '' }: StepRecord): Outcome {
  if (outcome === 'done') return { kind: 'done' };
  if (outcome === 'failed') return { kind: 'failed', reason, late: late === true };
  return { kind: 'contradicted', found: found ?? 'over', reason };
}

const DECISIVE = { 'owner-changed': 'journal-owner-changed', 'writes-released': 'journal-released' } as const;

/** What a run says it has journaled must be there. An answer may be lost, so the other way round proves nothing. */
function wrongBetween(entries: readonly JournalEntry[], runs: readonly RunRecord[]): string[] {
  return runs.flatMap(({ id, migration, epoch, steps }) =>
    (Object.keys(DECISIVE) as (keyof typeof DECISIVE)[])
      .filter((kind) => steps.some(({ effect, outcome }) => effect === DECISIVE[kind] && outcome === 'done'))
      .filter(
        (kind) => !entries.some((e) => e.migration === migration && e.epoch === epoch && e.kind === kind),
      )
      .map(
        (kind) => `run ${id} of "${migration}" journaled "${kind}" for epoch ${epoch}, which is not there`,
      ),
  );
}
