import { abortMove } from './abort.ts';
import { readKept } from '../drift/keep.ts';
import type { Capability, Ground, SyncedCapability } from './capability.ts';
import { groundOf, openSynced } from './capability.ts';
import { changeOwner, resumeChange, type ChangeOwnerContext } from './change-owner.ts';
import {
  GateRefusedError,
  LifecycleError,
  MoveNotAllowedError,
  MoveUnderWayError,
  NotCoordinatorError,
  OutdatedOrderError,
  UnknownMigrationError,
} from './errors.ts';
import { rollbackCostOf, stepsOf, waitsOf, writesWaitAtMost } from './describe-move.ts';
import type { EndedChange } from './ended.ts';
import { resultOf } from './ended.ts';
import { gatherEvidence } from './evidence.ts';
import type { MigrationState } from './fold.ts';
import { nextEpoch } from './fold.ts';
import type { JournalFollower } from './follow.ts';
import type { GateResult } from './gates.ts';
import { gatesOf, judge } from './gates.ts';
import { precedenceOf } from './precedence.ts';
import { dropGuard, retiredFacts } from './retire.ts';
import { evidenceOf, moveStage } from './move-stage.ts';
import { isNamed, mayPass, needReason, override } from './override.ts';
import { touchesData } from './moves.ts';
import type { MovePlan, MoveResult, Order, PlanOptions } from './order.ts';
import type { ChangeState, Effect } from './protocol.ts';
import type { ShadowCounts } from './shadow-verdict.ts';
import type { Stage, Verb } from './stages.ts';
import { ALLOWED_MOVES, changesOwner, nextVerb } from './stages.ts';
import type { ControlStore } from './store.ts';
import { StepTeller, type ChangeStep } from './tell-steps.ts';
import type { MoveUnderWay } from './under-way.ts';
import { underWay } from './under-way.ts';

export type { MovePlan, MoveResult, Order, PlanOptions };

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
  private readonly stepWatchers = new Set<(step: ChangeStep) => void>();
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

  /** Calls back at the beginning and end of each step of a change of owner of this process; returns the way to stop. */
  followSteps(told: (step: ChangeStep) => void): () => void {
    this.stepWatchers.add(told);
    return () => this.stepWatchers.delete(told);
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

  /** What a move (null: the usual next one) would do and whether its gates hold. Changes nothing. */
  async plan(migration: string, asked: Verb | null, options: PlanOptions = {}): Promise<MovePlan> {
    const capability = this.capability(migration);
    await this.journal.refresh();
    const state = this.journal.state(migration);
    const { stage: from } = state;
    const verb = asked ?? nextVerb(from);
    if (verb === null) throw new LifecycleError(`"${migration}" is retired: there is no next move`);
    const to = targetStage(state, verb);
    const synced = capability.databases !== null;
    const gates = await this.judge(capability, state, verb, options);
    const unmapped = verb === 'sync' ? ((await openSynced(capability))?.mapping.unmapped ?? []) : [];
    return {
      migration,
      verb,
      from,
      to,
      steps: [
        ...stepsOf(verb, from, to, synced, options.weight ?? null),
        ...(unmapped.length > 0 ? [`not copied, for want of a counterpart: ${unmapped.join(', ')}`] : []),
      ],
      gates,
      waits: waitsOf(verb, from, synced),
      writesWaitAtMostMs: writesWaitAtMost(verb, from),
      rollbackCost: rollbackCostOf(verb, from),
      allowed: mayPass(gates) && state.change === null,
    };
  }

  /** Checks the gates and carries the move out. */
  async move(migration: string, order: Order): Promise<MoveResult> {
    const capability = this.capability(migration);
    needReason(order.override ?? [], order.reason);
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
      this.release(migration);
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
    const gates = await this.judge(capability, state, order.verb, order);
    if (!mayPass(gates)) throw new GateRefusedError(migration, order.verb, gates);
    if (changesOwner(order.verb, state.stage)) {
      return this.moveOwner(state, to, order, gates, await openSynced(capability, state.stage));
    }
    // Going back has to be possible also while a database is away, where it needs none; and when its tables were changed
    // so that the mapping does not fit them any more.
    const open = order.verb === 'sync' ? openSynced : groundOf;
    const ground = touchesData(order.verb, state.stage) ? await open(capability) : null;
    const { store, journal, capabilities } = this;
    const retired = order.verb === 'retire' ? await retiredFacts(store, capability, order) : undefined;
    const move = { capability, state, to, order, gates, ground, ...(retired ? { retired } : {}) };
    return moveStage({ store, journal, capabilities }, move);
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

  /** Lets writes into the monolith's tables of a retired migration again. Saying it twice changes nothing more. */
  dropGuard(migration: string, actor: string, reason: string | null): Promise<{ changed: boolean }> {
    const capability = this.capability(migration);
    if (!this.isLeading()) throw new NotCoordinatorError();
    return dropGuard(this.store, this.journal, capability, { actor, reason });
  }

  /** Every move that has begun and not ended, with its one legal next step. Changes nothing. */
  async underWay(): Promise<MoveUnderWay[]> {
    await this.journal.refresh();
    return [...this.journal.states.values()].flatMap(
      (state) => underWay(state, this.busy.has(state.migration)) ?? [],
    );
  }

  /**
   * Has the move that is under way given up, or the sync whose rows are still being copied, and resolves when everything
   * is as before it.
   *
   * @throws NothingToAbortError when none is, or when it is decided
   */
  abort(migration: string, actor: string, reason: string): Promise<MoveResult> {
    const capability = this.capability(migration);
    if (!this.isLeading()) throw new NotCoordinatorError();
    const { store, journal } = this;
    return abortMove(
      {
        store,
        journal,
        isBusy: () => this.busy.has(migration),
        subscribe: (changed) => this.subscribe(changed),
        resume: () => this.resumeOne(journal.state(migration), actor),
        move: (order) => this.move(migration, order),
        claim: async (work) => {
          this.claim(migration, { verb: 'rollback', weight: 0, actor, reason });
          return work().finally(() => this.release(migration));
        },
      },
      capability,
      { actor, reason },
    );
  }

  private release(migration: string): void {
    this.busy.delete(migration);
    for (const changed of this.watchers) changed();
  }

  private async resumeOne(state: MigrationState, actor: string): Promise<MoveResult[]> {
    const { change, migration } = state;
    if (!change) return [];
    this.claim(migration, { verb: change.verb, weight: 0, actor, reason: null });
    try {
      const started = Date.now();
      const ground = groundOf(this.capability(migration));
      const context = this.contextOf(
        { migration, verb: change.verb, epoch: change.epoch },
        ground,
        null,
        true,
      );
      const end = await resumeChange(context, state, actor);
      return [this.resultOf({ migration, ...change }, end, started)];
    } finally {
      this.phases.delete(migration);
      this.release(migration);
    }
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
        this.contextOf({ migration, verb, epoch: newEpoch }, synced, synced, false),
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
          evidence: evidenceOf(order, gates),
        },
        state.seq,
      );
      return this.resultOf({ migration, verb, from, to, epoch: newEpoch }, end, started);
    } finally {
      this.phases.delete(migration);
    }
  }

  private resultOf(change: EndedChange, end: ChangeState, started: number): MoveResult {
    const { journal } = this;
    const result = resultOf(journal.entries, change, end, Date.now() - started);
    return { ...result, epoch: journal.state(change.migration).epoch };
  }

  private contextOf(
    change: Pick<ChangeStep, 'migration' | 'verb' | 'epoch'>,
    ground: Ground | null,
    synced: SyncedCapability | null,
    isHeld: boolean,
  ): ChangeOwnerContext {
    const teller = new StepTeller(change, isHeld, (step) => {
      for (const told of this.stepWatchers) told(step);
    });
    return {
      store: this.store,
      journal: this.journal,
      ground,
      synced,
      observe: (effect) => {
        this.phases.set(change.migration, effect);
        for (const changed of this.watchers) changed();
        teller.begun(effect);
      },
      noted: (effect, outcome, ms) => teller.ended(effect, outcome, ms),
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
    { rehearse = true, override: names = [] }: PlanOptions,
  ): Promise<GateResult[]> {
    const after = new Map([...this.capabilities.byName].map(([name, each]) => [name, each.after ?? []]));
    const precedence = precedenceOf(capability.name, after, (name) => this.journal.state(name));
    const isOrdered = precedence.before.length + precedence.behind.length > 0;
    const gates = gatesOf(verb, state.stage, capability.databases !== null, rehearse, isOrdered);
    if (gates.length === 0) return override(verb, [], names);
    const { store, journal } = this;
    const [reports, shadow, shape] = await Promise.all([
      store.reports(),
      this.shadowOf(capability.name),
      readKept(store, capability.name, journal.entries),
    ]);
    const regardlessOfHealth = isNamed(names, 'health');
    const now = verb === 'retire' ? await store.now() : Date.now();
    const known = { precedence, reports, shadow, shape, rehearse, regardlessOfHealth, now };
    const evidence = await gatherEvidence(capability, state, verb, known);
    return override(verb, judge(gates, evidence, capability.thresholds), names);
  }
}

function targetStage(state: MigrationState, verb: Verb): Stage {
  const to = ALLOWED_MOVES[verb][state.stage];
  if (!to) throw new MoveNotAllowedError(state.migration, verb, state.stage);
  return to;
}
