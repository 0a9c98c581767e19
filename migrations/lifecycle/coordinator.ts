import { setTimeout as pause } from 'node:timers/promises';
import type { Capability, SyncedCapability } from './capability.ts';
import { isSameGround, openSynced } from './capability.ts';
import { changeOwner, resumeChange } from './change-owner.ts';
import {
  GateRefusedError,
  MoveFailedError,
  MoveNotAllowedError,
  MoveUnderWayError,
  NotCoordinatorError,
  OutdatedOrderError,
  UnknownMigrationError,
} from './errors.ts';
import { gatherEvidence } from './evidence.ts';
import type { MigrationState } from './fold.ts';
import { nextEpoch } from './fold.ts';
import type { JournalFollower } from './follow.ts';
import type { Decision } from './journal.ts';
import type { GateResult } from './gates.ts';
import type { GuardrailResult } from './guardrails.ts';
import { gatesOf, judge } from './gates.ts';
import { rollbackCostOf, touchesData, workOf, writesWaitAtMost } from './moves.ts';
import type { ChangeState, Effect } from './protocol.ts';
import type { RampPosition } from './ramp.ts';
import type { ShadowCounts } from './shadow-verdict.ts';
import type { Stage, Verb } from './stages.ts';
import { ALLOWED_MOVES, changesOwner } from './stages.ts';
import type { ControlStore } from './store.ts';

export interface Order {
  verb: Verb;
  /** Percent with one decimal; for `canary`. */
  weight: number;
  actor: string;
  reason: string | null;
  /** The step of a ramp that a `canary` begins. */
  ramp?: RampPosition;
  /** What a ramp or a guardrail decided on. */
  watched?: WatchedTraffic;
}

/** Traffic that was watched at one stage and weight; it says nothing any more once these have changed. */
export interface WatchedTraffic {
  stageSeq: number;
  guardrails: readonly GuardrailResult[];
}

export interface MovePlan {
  migration: string;
  verb: Verb;
  from: Stage;
  to: Stage;
  steps: string[];
  gates: GateResult[];
  writesWaitAtMostMs: number;
  rollbackCost: string;
  allowed: boolean;
}

export interface MoveResult {
  migration: string;
  verb: Verb;
  from: Stage;
  to: Stage;
  epoch: number;
  done: boolean;
  /** Not done, because its time was over. */
  late: boolean;
  detail: string;
  durationMs: number;
}

/** Waits this long at most for proxies to follow a stage that is journaled already. */
const FOLLOW_MS = 5000;

/**
 * Makes decisions: checks gates, journals, and carries moves out. There is one at work; a second one is harmless,
 * because the journal takes each decision only from who knew the one before.
 */
export class Coordinator {
  private readonly store: ControlStore;
  private readonly journal: JournalFollower;
  private readonly capabilities: { readonly byName: ReadonlyMap<string, Capability> };
  private readonly shadowOf: (migration: string) => Promise<ShadowCounts | null>;
  private readonly isLeading: () => boolean;
  private readonly watchers = new Set<() => void>();
  private readonly phases = new Map<string, Effect>();
  private readonly busy = new Map<string, { verb: Verb; actor: string; since: string }>();

  constructor(parts: {
    store: ControlStore;
    journal: JournalFollower;
    /** Read anew each time: the configuration may change. */
    capabilities: { readonly byName: ReadonlyMap<string, Capability> };
    shadowOf: (migration: string) => Promise<ShadowCounts | null>;
    isLeading: () => boolean;
  }) {
    this.store = parts.store;
    this.journal = parts.journal;
    this.capabilities = parts.capabilities;
    this.shadowOf = parts.shadowOf;
    this.isLeading = parts.isLeading;
  }

  /** Calls back when a move of this process goes a step further; returns the way to stop. */
  subscribe(changed: () => void): () => void {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  }

  /** Which step a change of owner is at in this process; null when none is carried out here. */
  phaseOf(migration: string): Effect | null {
    return this.phases.get(migration) ?? null;
  }

  capability(migration: string): Capability {
    const { byName } = this.capabilities;
    const capability = byName.get(migration);
    if (!capability) throw new UnknownMigrationError(migration, [...byName.keys()]);
    return capability;
  }

  /**
   * What a move would do and whether its gates hold. Changes nothing.
   *
   * @param rehearse false leaves out the gates that cost locks on real rows: for those who look all the time
   */
  async plan(migration: string, verb: Verb, rehearse = true): Promise<MovePlan> {
    const capability = this.capability(migration);
    await this.journal.refresh();
    const state = this.journal.state(migration);
    const to = targetStage(state, verb);
    const synced = capability.databases !== null;
    const gates = await this.judge(capability, state, verb, rehearse);
    const unmapped = verb === 'sync' ? ((await openSynced(capability))?.mapping.unmapped ?? []) : [];
    return {
      migration,
      verb,
      from: state.stage,
      to,
      steps: [
        ...workOf(verb, state.stage, synced).steps,
        ...(unmapped.length > 0 ? [`not copied, for want of a counterpart: ${unmapped.join(', ')}`] : []),
        `journal the stage ${to}`,
      ],
      gates,
      writesWaitAtMostMs: writesWaitAtMost(verb, state.stage),
      rollbackCost: rollbackCostOf(verb),
      allowed: gates.every((gate) => gate.passed),
    };
  }

  /** Checks the gates and carries the move out. */
  async move(migration: string, order: Order): Promise<MoveResult> {
    const capability = this.capability(migration);
    // Going back by the journal alone waits for nobody: a move whose gates hang must not keep bad answers in force.
    // Whatever else was about to be journaled is then refused by the journal.
    if (order.verb === 'rollback' && !touchesData(order.verb, this.journal.state(migration).stage)) {
      if (!this.isLeading()) throw new NotCoordinatorError();
      return this.decide(capability, order, false);
    }
    this.claim(migration, order);
    try {
      return await this.decide(capability, order, true);
    } finally {
      this.busy.delete(migration);
    }
  }

  /** @param mayTouchData whether the migration is claimed for it */
  private async decide(capability: Capability, order: Order, mayTouchData: boolean): Promise<MoveResult> {
    const { name: migration } = capability;
    await this.journal.refresh();
    const state = this.journal.state(migration);
    if (state.change) {
      throw new MoveUnderWayError(migration, state.change.verb, state.change.actor, state.change.at);
    }
    if (!mayTouchData && touchesData(order.verb, state.stage)) throw new OutdatedOrderError(migration);
    if (order.watched && order.watched.stageSeq !== state.stageSeq) throw new OutdatedOrderError(migration);
    const to = targetStage(state, order.verb);
    const gates = await this.judge(capability, state, order.verb);
    if (!gates.every((gate) => gate.passed)) throw new GateRefusedError(migration, order.verb, gates);
    // Going back has to be possible also while a database is away, where it needs none.
    const synced = touchesData(order.verb, state.stage) ? await openSynced(capability) : null;
    return changesOwner(order.verb, state.stage)
      ? this.moveOwner(state, to, order, gates, synced)
      : this.moveStage(capability, state, to, order, gates, synced);
  }

  /** Takes on every change of owner that was cut off, beside each other: one that cannot go on keeps none waiting. */
  async resume(actor: string): Promise<MoveResult[]> {
    await this.journal.refresh();
    const open = [...this.journal.states.values()].filter(
      ({ change, migration }) => change !== null && !this.busy.has(migration),
    );
    const ends = await Promise.allSettled(open.map((state) => this.resumeOne(state, actor)));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
    return ends.flatMap((end) => (end.status === 'fulfilled' ? end.value : []));
  }

  private async resumeOne(state: MigrationState, actor: string): Promise<MoveResult[]> {
    const { change, migration } = state;
    if (!change) return [];
    this.claim(migration, { verb: change.verb, weight: 0, actor, reason: null });
    try {
      const synced = await openSynced(this.capability(migration));
      const started = Date.now();
      const end = await resumeChange(this.contextOf(migration, synced), state, actor);
      return [this.resultOf(migration, change, end, started)];
    } finally {
      this.phases.delete(migration);
      this.busy.delete(migration);
    }
  }

  private async moveStage(
    capability: Capability,
    state: MigrationState,
    to: Stage,
    order: Order,
    gates: GateResult[],
    synced: SyncedCapability | null,
  ): Promise<MoveResult> {
    const { migration, stage: from, epoch } = state;
    const started = Date.now();
    if (synced) await workOf(order.verb, from, true).run(synced, epoch);
    // In stage legacy everything may be changed, also while the first move is under way.
    if (from === 'legacy' && !isSameGround(capability, this.capabilities.byName.get(migration))) {
      if (synced) await workOf('rollback', to, true).run(synced, epoch);
      throw new MoveFailedError(
        `the configuration of "${migration}" was changed while "${order.verb}" was under way; nothing was moved, order it again`,
        false,
      );
    }
    const weight = to === 'canary' ? order.weight : to === 'extracted' || to === 'retired' ? 100 : 0;
    const { verb, actor, reason, ramp, watched } = order;
    const broken = watched?.guardrails.filter((guardrail) => guardrail.verdict === 'broken') ?? [];
    const decision: Decision = {
      kind: 'stage-changed',
      verb,
      from,
      to,
      weight,
      ...(ramp ? { ramp } : {}),
      ...(broken.length > 0 ? { broken } : {}),
    };
    const evidence = watched ? { gates, guardrails: watched.guardrails } : gates;
    const entry = await this.store.append({ migration, decision, epoch, actor, reason, evidence }, state.seq);
    await this.journal.refresh();
    const late = await this.awaitProxies(entry.seq);
    const detail = late.length === 0 ? '' : `journaled; proxy ${late.join(', ')} does not follow yet`;
    return {
      migration,
      verb,
      from,
      to,
      epoch,
      done: true,
      late: false,
      detail,
      durationMs: Date.now() - started,
    };
  }

  private async moveOwner(
    state: MigrationState,
    to: Stage,
    order: Order,
    gates: GateResult[],
    synced: SyncedCapability | null,
  ): Promise<MoveResult> {
    const { migration, stage: from, epoch, owner: oldOwner } = state;
    const verb = order.verb === 'cutover' ? 'cutover' : 'rollback';
    const newEpoch = nextEpoch(this.journal.entries, migration);
    const { actor, reason } = order;
    const started = Date.now();
    try {
      const end = await changeOwner(
        this.contextOf(migration, synced),
        {
          verb,
          migration,
          from,
          to,
          epoch,
          newEpoch,
          oldOwner,
          actor,
          reason,
          evidence: gates,
        },
        state.seq,
      );
      return this.resultOf(migration, { verb, from, to }, end, started);
    } finally {
      this.phases.delete(migration);
    }
  }

  private resultOf(
    migration: string,
    change: { verb: 'cutover' | 'rollback'; from: Stage; to: Stage },
    end: ChangeState,
    started: number,
  ): MoveResult {
    if (end.result === 'open') {
      throw new MoveFailedError(
        `"${change.verb}" of "${migration}" is decided but not finished: ${end.reason ?? 'unknown'}; it goes on by itself, or with \`strangler resume\``,
        false,
      );
    }
    const done = end.result === 'completed';
    return {
      migration,
      ...change,
      to: done ? change.to : change.from,
      epoch: this.journal.state(migration).epoch,
      done,
      late: end.late,
      detail: done ? '' : `taken back, everything is as before: ${end.reason ?? 'unknown'}`,
      durationMs: Date.now() - started,
    };
  }

  private contextOf(migration: string, synced: SyncedCapability | null) {
    return {
      store: this.store,
      journal: this.journal,
      synced,
      observe: (effect: Effect): void => {
        this.phases.set(migration, effect);
        for (const changed of this.watchers) changed();
      },
    };
  }

  private claim(migration: string, order: Order): void {
    if (!this.isLeading()) throw new NotCoordinatorError();
    const other = this.busy.get(migration);
    if (other) throw new MoveUnderWayError(migration, other.verb, other.actor, other.since);
    this.busy.set(migration, { verb: order.verb, actor: order.actor, since: new Date().toISOString() });
  }

  private async judge(
    capability: Capability,
    state: MigrationState,
    verb: Verb,
    rehearse = true,
  ): Promise<GateResult[]> {
    const gates = gatesOf(verb, state.stage, capability.databases !== null, rehearse);
    if (gates.length === 0) return [];
    const [reports, shadow] = await Promise.all([this.store.reports(), this.shadowOf(capability.name)]);
    const evidence = await gatherEvidence(capability, state, verb, { reports, shadow, rehearse });
    return judge(gates, evidence, capability.thresholds);
  }

  /** Proxies that do not follow the entry in time; the move is made all the same. */
  private async awaitProxies(seq: number): Promise<string[]> {
    const giveUpAt = Date.now() + FOLLOW_MS;
    for (;;) {
      const late = (await this.store.liveProxies()).filter((proxy) => proxy.acked < seq);
      if (late.length === 0 || Date.now() > giveUpAt) return late.map((proxy) => proxy.id);
      await pause(10);
    }
  }
}

function targetStage(state: MigrationState, verb: Verb): Stage {
  const to = ALLOWED_MOVES[verb][state.stage];
  if (!to) throw new MoveNotAllowedError(state.migration, verb, state.stage);
  return to;
}
