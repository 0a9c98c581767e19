import { setTimeout as pause } from 'node:timers/promises';
import type { Coordinator, Order } from './coordinator.ts';
import { GateRefusedError, JournalConflictError, MoveUnderWayError, OutdatedOrderError } from './errors.ts';
import type { MigrationState } from './fold.ts';
import type { JournalFollower } from './follow.ts';
import type { GuardrailResult, GuardrailThresholds, TrafficEvidence } from './guardrails.ts';
import { guardrailInWords, judgeGuardrails } from './guardrails.ts';
import type { RampVerdict } from './ramp.ts';
import { rampStepInWords, stepRamp } from './ramp.ts';

const LOOK_MS = 1000;
/** Gates cost requests and queries: a step that they refused is not tried again at once. */
const REFUSED_FOR_MS = 5000;

/** What was found when the traffic of a migration was last looked at. */
export interface Guarded {
  stageSeq: number;
  guardrails: readonly GuardrailResult[];
  reads: { soFar: number; needed: number };
  verdict: RampVerdict;
}

/** One look at what all proxies and the sync report. */
export interface TrafficLook {
  /** By the clock that dates the journal: that of the process may differ from that of the one that led before. */
  now: number;
  /** What it says of a migration within a window. */
  evidenceOf: (state: MigrationState, windowMs: number) => TrafficEvidence;
}

/** What the guard works with; the entry wires it. */
export interface TrafficGuardParts {
  coordinator: Pick<Coordinator, 'move'>;
  journal: Pick<JournalFollower, 'state'>;
  isLeading: () => boolean;
  /** By migration, of those that are configured now. */
  thresholds: () => ReadonlyMap<string, GuardrailThresholds>;
  /** Looks once at what all proxies and the sync report. */
  gather: () => Promise<TrafficLook>;
  warn: (fields: object, message: string) => void;
}

/**
 * Watches the reads that services answer: takes them back when a guardrail breaks, and takes a ramp a step further when
 * all of them hold. It remembers nothing that counts: where a ramp stands and since when is in the journal, so another
 * process goes on where this one was killed.
 *
 * After a cutover it watches and shows, but takes nothing back: writes have moved too, there is no other arm to compare
 * with, and a change of owner is the decision of a person.
 */
export class TrafficGuard {
  private readonly parts: TrafficGuardParts;
  private readonly stop = new AbortController();
  private readonly found = new Map<string, Guarded>();
  private readonly moves = new Map<string, Promise<void>>();
  private readonly refusals = new Map<string, { stageSeq: number; at: number; why: string }>();
  private readonly running: Promise<void>;

  constructor(parts: TrafficGuardParts) {
    this.parts = parts;
    this.running = this.run();
  }

  /** What was last found of a migration; null when nothing is watched at its stage and weight, or not yet. */
  of(migration: string): Guarded | null {
    const { stageSeq } = this.parts.journal.state(migration);
    const found = this.found.get(migration);
    return found?.stageSeq === stageSeq ? found : null;
  }

  /** Why the gates refused the next step of a ramp; null when they did not, or have not been asked. */
  refusalOf(migration: string): string | null {
    const refusal = this.refusals.get(migration);
    return refusal?.stageSeq === this.parts.journal.state(migration).stageSeq ? refusal.why : null;
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.running;
    await Promise.all(this.moves.values());
  }

  private async run(): Promise<void> {
    const { signal } = this.stop;
    let isBlind = false;
    while (!signal.aborted) {
      try {
        await this.look();
        isBlind = false;
      } catch (error) {
        // The store is away: nothing is known, so nothing is decided.
        if (!isBlind) this.parts.warn({ error }, 'the traffic cannot be looked at');
        isBlind = true;
      }
      await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async look(): Promise<void> {
    const { gather, journal, thresholds, isLeading } = this.parts;
    const look = await gather();
    for (const [migration, limits] of thresholds()) {
      const state = journal.state(migration);
      const guarded = this.judge(state, limits, look);
      if (!guarded) this.found.delete(migration);
      else this.found.set(migration, guarded);
      if (guarded && isLeading()) this.act(state, guarded);
    }
  }

  private judge(
    state: MigrationState,
    limits: GuardrailThresholds,
    { now, evidenceOf }: TrafficLook,
  ): Guarded | null {
    const { stage, stageSeq, since, change, ramp } = state;
    if ((stage !== 'canary' && stage !== 'extracted') || change || since === null) return null;
    const sinceMs = Date.parse(since);
    const evidence = evidenceOf(state, Math.max(0, Math.min(limits.windowMs, now - sinceMs)));
    const guardrails = judgeGuardrails(evidence, limits);
    const reads = { soFar: evidence.service.requests, needed: limits.minRequests };
    return { stageSeq, guardrails, reads, verdict: stepRamp(ramp, now, { sinceMs, guardrails, reads }) };
  }

  private act(state: MigrationState, guarded: Guarded): void {
    const { migration, stage } = state;
    if (stage !== 'canary') return;
    const order = this.orderOf(state, guarded);
    // Taking back does not wait for a step up whose gates may hang.
    const key = `${order?.verb} ${migration}`;
    if (!order || this.moves.has(key)) return;
    const move = this.carryOut(state, order).finally(() => this.moves.delete(key));
    this.moves.set(key, move);
  }

  private orderOf({ migration, stageSeq }: MigrationState, { verdict, guardrails }: Guarded): Order | null {
    const watched = { stageSeq, guardrails };
    if (verdict.kind === 'take back') {
      const reason = verdict.broken.map(guardrailInWords).join('; ');
      return { verb: 'rollback', weight: 0, actor: 'guardrail', reason, watched };
    }
    if (verdict.kind === 'stay' || this.wasRefusedLately(migration, stageSeq)) return null;
    const { steps, at } = verdict.to;
    const step = steps[at];
    if (!step) return null;
    const reason = `step ${at + 1} of ${steps.length}: ${rampStepInWords(step)}`;
    return { verb: 'canary', weight: step.weight, actor: 'ramp', reason, ramp: verdict.to, watched };
  }

  private wasRefusedLately(migration: string, stageSeq: number): boolean {
    const refusal = this.refusals.get(migration);
    return refusal?.stageSeq === stageSeq && performance.now() - refusal.at < REFUSED_FOR_MS;
  }

  private async carryOut({ migration, stageSeq }: MigrationState, order: Order): Promise<void> {
    const { coordinator, warn } = this.parts;
    try {
      await coordinator.move(migration, order);
      this.refusals.delete(migration);
      if (order.actor === 'guardrail')
        warn({ migration, why: order.reason }, 'a guardrail took the traffic back');
    } catch (error) {
      // Somebody else moves it: what was seen says nothing about what comes of that.
      if ([MoveUnderWayError, OutdatedOrderError, JournalConflictError].some((kind) => error instanceof kind))
        return;
      const why = error instanceof Error ? error.message : String(error);
      this.refusals.set(migration, { stageSeq, at: performance.now(), why });
      if (!(error instanceof GateRefusedError))
        warn({ migration, error }, `"${order.verb}" failed; it is tried again`);
    }
  }
}
