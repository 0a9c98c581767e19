import type { Coordinator } from '../../migrations/lifecycle/coordinator.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import type { Effect } from '../../migrations/lifecycle/protocol.ts';
import { readLastRun, type LastRun, type StepRecord } from '../../migrations/lifecycle/run-record.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import type { ChangeStep as ToldStep } from '../../migrations/lifecycle/tell-steps.ts';
import type { ChangeStep, Happening, Happenings, LastChange } from '../../proxy/control/happenings.ts';
import { ControlError } from '../../proxy/control/lifecycle.ts';
import { toApiEntry } from './journal-entry.ts';
import { trafficReports, type TrafficReport } from './traffic.ts';

interface Parts {
  store: ControlStore;
  journal: JournalFollower;
  coordinator: Coordinator;
}

const TITLES: Readonly<Record<Effect, string>> = {
  'journal-started': 'journal that it begins: from now on new writes wait',
  'await-held': 'every live proxy holds new writes and lets running ones finish',
  'raise-fence': "fence the old owner's tables",
  drain: 'carry over everything up to the fence',
  settle: "compare the keys touched lately and raise the new owner's sequences",
  'journal-owner-changed': 'journal the new owner: the point of no return',
  open: 'the new owner takes writes, the old one follows',
  'journal-released': 'let the waiting writes go, to the new owner',
  'journal-aborting': 'journal that it is taken back',
  lift: 'the old owner takes writes again',
  'journal-aborted': 'let the waiting writes go, to the old owner',
};

/** What happens while somebody looks, and what happened when the owner changed last. */
export class HappeningsOf implements Happenings {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  follow(told: (happening: Happening) => void): () => void {
    const { journal, coordinator } = this.parts;
    let seen = journal.seq;
    const stops = [
      journal.subscribe(() => {
        const news = journal.entries.slice(firstAfter(journal, seen));
        seen = journal.seq;
        for (const entry of news) told({ kind: 'journal', entry: toApiEntry(entry) });
      }),
      coordinator.followSteps((step) => told({ kind: 'step', step: stepOf(step) })),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  async lastChange(migration: string): Promise<LastChange> {
    const { store, journal, coordinator } = this.parts;
    coordinator.capability(migration);
    const run = await readLastRun(store, migration);
    if (!run)
      throw new ControlError('no-change-of-owner', `The owner of "${migration}" has not changed yet.`);
    const started = journal.entries.findLast(
      (entry) =>
        entry.migration === migration && entry.epoch === run.epoch && entry.kind.endsWith('-started'),
    );
    const verb = started?.kind === 'rollback-started' ? 'rollback' : 'cutover';
    const { change } = journal.state(migration);
    const result = resultOf(
      run,
      change !== null && change.epoch === run.epoch,
      coordinator.phaseOf(migration),
    );
    const waited =
      result === 'done' ? writesWaited(trafficReports(await store.reports()), migration, run.epoch) : null;
    return {
      ...{ migration, verb, epoch: run.epoch, by: run.actor, at: run.at, result },
      steps: stepsOf(run, verb),
      writesWaited: waited,
    };
  }
}

/** What was told of a step, in the API's words. */
function stepOf({ migration, verb, epoch, effect, outcome, ms, writesWaitMs }: ToldStep): ChangeStep {
  return {
    ...{ migration, verb, epoch, step: effect, title: TITLES[effect] },
    state: outcome === null ? 'begun' : outcome.kind === 'done' ? 'done' : 'failed',
    at: new Date().toISOString(),
    tookMs: outcome === null ? null : Math.round(ms),
    reason: outcome === null || outcome.kind === 'done' ? null : outcome.reason,
    writesWaitMs: writesWaitMs === null ? null : Math.round(writesWaitMs),
  };
}

/** A record has no times of its own: each step begins when the one before has ended. */
function stepsOf({ migration, epoch, at, steps }: LastRun, verb: ChangeStep['verb']): ChangeStep[] {
  let endedAt = Date.parse(at);
  let heldFor: number | null = null;
  return steps.map(({ effect, outcome, reason, ms }: StepRecord) => {
    endedAt += ms;
    heldFor = effect === 'journal-started' ? ms : heldFor === null ? null : heldFor + ms;
    const step: ChangeStep = {
      ...{ migration, verb, epoch, step: effect, title: TITLES[effect] },
      state: outcome === 'done' ? 'done' : 'failed',
      ...{
        at: new Date(endedAt).toISOString(),
        tookMs: Math.round(ms),
        reason: reason ?? null,
        writesWaitMs: heldFor && Math.round(heldFor),
      },
    };
    if (outcome === 'done' && (effect === 'journal-released' || effect === 'journal-aborted')) heldFor = null;
    return step;
  });
}

function resultOf({ steps }: LastRun, isOpen: boolean, phase: Effect | null): LastChange['result'] {
  if (isOpen) return phase === null ? 'cut off' : 'under way';
  const has = (effect: Effect): boolean =>
    steps.some((step) => step.effect === effect && step.outcome === 'done');
  return has('journal-owner-changed') || has('journal-released') ? 'done' : 'taken back';
}

/** Over all proxies. Percentiles cannot be added up, so the worst proxy's stand for all. */
function writesWaited(
  traffic: readonly TrafficReport[],
  migration: string,
  epoch: number,
): LastChange['writesWaited'] {
  const waits = traffic.flatMap(({ stats }) => stats.migrations[migration]?.heldByEpoch[String(epoch)] ?? []);
  const count = waits.reduce((sum, wait) => sum + wait.count, 0);
  if (count === 0) return null;
  const worst = (of: (wait: (typeof waits)[number]) => number | null): number =>
    Math.max(...waits.map((wait) => of(wait) ?? 0));
  return { count, p50: worst(({ p50 }) => p50), p99: worst(({ p99 }) => p99), max: worst(({ max }) => max) };
}

/** Entries are in order, and the new ones are few. */
function firstAfter({ entries }: JournalFollower, seq: number): number {
  let at = entries.length;
  while (at > 0 && (entries[at - 1]?.seq ?? 0) > seq) at -= 1;
  return at;
}
