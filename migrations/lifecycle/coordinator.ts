import { abortMove } from './abort.ts';
import type { Capability } from './capability.ts';
import { groundOf, openSynced } from './capability.ts';
import type { ChangeOwnerContext } from './change-owner.ts';
import { changeOwner, resumeChange } from './change-owner.ts';
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
import type { MigrationState } from './fold.ts';
import type { JournalFollower } from './follow.ts';
import type { GateResult } from './gates.ts';
import type { JudgeContext } from './judge-group.ts';
import { judgeGroup } from './judge-group.ts';
import { membersOf, prepare } from './prepare-change.ts';
import { dropGuard, forgetKeys, retiredFacts } from './retire.ts';
import { moveStage } from './move-stage.ts';
import { mayPass, needReason } from './override.ts';
import { touchesData } from './moves.ts';
import type { MovePlan, MoveResult, Order, PlanOptions } from './order.ts';
import type { ChangeState, Effect } from './protocol.ts';
import type { Stage, Verb } from './stages.ts';
import { ALLOWED_MOVES, changesOwner, nextVerb } from './stages.ts';
import type { ControlStore } from './store.ts';
import { StepTeller, type ChangeStep, type ToldChange } from './tell-steps.ts';
import { gatesInWords, groupOf, refuseApart, withOthers } from './together.ts';
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
  private readonly judging: JudgeContext;
  private readonly isLeading: () => boolean;
  private readonly watchers = new Set<() => void>();
  private readonly stepWatchers = new Set<(step: ChangeStep) => void>();
  private readonly phases = new Map<string, Effect>();
  private readonly busy = new Map<string, { verb: Verb; actor: string; since: string }>();

  constructor(parts: JudgeContext & { isLeading: () => boolean }) {
    this.store = parts.store;
    this.journal = parts.journal;
    this.capabilities = parts.capabilities;
    this.judging = parts;
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
    const group = this.groupOf(migration);
    await this.journal.refresh();
    const states = this.statesOf(group);
    refuseApart(states);
    const state = this.journal.state(migration);
    const { stage: from } = state;
    const verb = asked ?? nextVerb(from);
    if (verb === null) throw new LifecycleError(`"${migration}" is retired: there is no next move`);
    const to = targetStage(state, verb);
    const synced = group.some(({ databases }) => databases !== null);
    const gates = await judgeGroup(this.judging, group, verb, options);
    const mapped = verb === 'sync' ? await Promise.all(group.map((each) => openSynced(each))) : [];
    const unmapped = mapped.flatMap((each) => each?.mapping.unmapped ?? []);
    const together = group.map(({ name }) => name);
    return {
      migration,
      together,
      verb,
      from,
      to,
      steps: [
        ...(group.length > 1 ? [`each step for ${together.join(' and ')}, and one decision for all`] : []),
        ...stepsOf(verb, from, to, synced, options.weight ?? null),
        ...(unmapped.length > 0 ? [`not copied, for want of a counterpart: ${unmapped.join(', ')}`] : []),
      ],
      gates: gatesInWords(together, gates),
      waits: waitsOf(verb, from, synced),
      writesWaitAtMostMs: writesWaitAtMost(verb, from),
      rollbackCost: rollbackCostOf(verb, from),
      allowed: gates.every(mayPass) && states.every(({ change }) => change === null),
    };
  }

  /** Checks the gates and carries the move out. */
  async move(migration: string, order: Order): Promise<MoveResult> {
    const group = this.groupOf(migration);
    needReason(order.override ?? [], order.reason);
    // Going back by the journal alone waits for nobody: a move whose gates hang must not keep bad answers in force.
    // Whatever else was about to be journaled is then refused by the journal.
    if (order.verb === 'rollback' && !touchesData(order.verb, this.journal.state(migration).stage)) {
      if (!this.isLeading()) throw new NotCoordinatorError();
      return this.decide(migration, group, order, false);
    }
    const names = group.map(({ name }) => name);
    this.claim(names, order);
    try {
      return await this.decide(migration, group, order, true);
    } finally {
      this.release(names);
    }
  }

  /**
   * @param migration that was named; the move is one of its whole group
   * @param mayTouchData whether the group is claimed for it
   */
  private async decide(
    migration: string,
    group: readonly Capability[],
    order: Order,
    mayTouchData: boolean,
  ): Promise<MoveResult> {
    await this.journal.refresh();
    const states = this.statesOf(group);
    const moving = states.find(({ change }) => change !== null);
    if (moving?.change) {
      const { verb, actor, at } = moving.change;
      throw new MoveUnderWayError(moving.migration, verb, actor, at);
    }
    refuseApart(states);
    const state = this.journal.state(migration);
    if (!mayTouchData && touchesData(order.verb, state.stage)) throw new OutdatedOrderError(migration);
    if (order.watched && order.watched.stageSeq !== state.stageSeq) throw new OutdatedOrderError(migration);
    const to = targetStage(state, order.verb);
    const gates = await judgeGroup(this.judging, group, order.verb, order);
    if (!gates.every(mayPass)) {
      const names = group.map(({ name }) => name);
      throw new GateRefusedError(migration, order.verb, gatesInWords(names, gates));
    }
    if (changesOwner(order.verb, state.stage))
      return this.moveOwner(migration, group, states, to, order, gates);
    // Going back has to be possible also while a database is away, where it needs none; and when its tables were changed
    // so that the mapping does not fit them any more.
    const open = order.verb === 'sync' ? openSynced : groundOf;
    const { store, journal, capabilities } = this;
    const moves = await Promise.all(
      group.map(async (capability, i) => {
        const ground = touchesData(order.verb, state.stage) ? await open(capability) : null;
        const retired = order.verb === 'retire' ? await retiredFacts(store, capability, order) : undefined;
        // As it stood when the gates were asked: whatever was journaled since then refuses the move.
        const own = { capability, state: states[i] ?? state, gates: gates[i] ?? [] };
        return { ...own, to, order, ground, ...(retired ? { retired } : {}) };
      }),
    );
    const result = await moveStage({ store, journal, capabilities }, moves);
    return withOthers({ ...result, migration, epoch: journal.state(migration).epoch }, group);
  }

  /** Takes on every change of owner that was cut off, beside each other: one that cannot go on keeps none waiting. */
  async resume(actor: string): Promise<MoveResult[]> {
    await this.journal.refresh();
    const open = [...this.journal.states.values()].filter(
      ({ change, migration }) => change !== null && !this.busy.has(migration),
    );
    // What moves together is named by the first of them.
    const groups = new Map(open.map(({ change, migration }) => [change?.together[0] ?? migration, change]));
    const ends = await Promise.allSettled(
      [...groups].map(([first, change]) => this.resumeOne(change?.together ?? [first], actor)),
    );
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

  /** Forgets the translated keys of a retired migration. Saying it twice changes nothing more. */
  forgetKeys(migration: string, actor: string, reason: string | null): Promise<{ changed: boolean }> {
    const capability = this.capability(migration);
    if (!this.isLeading()) throw new NotCoordinatorError();
    const all = this.capabilities.byName.values();
    return forgetKeys(this.store, this.journal, capability, all, { actor, reason });
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
    this.capability(migration);
    if (!this.isLeading()) throw new NotCoordinatorError();
    const { store, journal } = this;
    return abortMove(
      {
        store,
        journal,
        isBusy: () => this.busy.has(migration),
        subscribe: (changed) => this.subscribe(changed),
        resume: (together) => this.resumeOne(together, actor),
        move: (order) => this.move(migration, order),
        claim: async (together, work) => {
          this.claim(together, { verb: 'rollback', actor });
          return work().finally(() => this.release(together));
        },
        capability: (name) => this.capability(name),
      },
      migration,
      { actor, reason },
    );
  }

  private groupOf(migration: string): readonly Capability[] {
    return groupOf(this.capability(migration), this.capabilities.byName);
  }

  private statesOf(group: readonly Capability[]): MigrationState[] {
    return group.map(({ name }) => this.journal.state(name));
  }

  private release(migrations: readonly string[]): void {
    for (const migration of migrations) {
      this.busy.delete(migration);
      this.phases.delete(migration);
    }
    for (const changed of this.watchers) changed();
  }

  /** @param together all whose owner changes with one another, as the journal says: the configuration may have changed */
  private async resumeOne(together: readonly string[], actor: string): Promise<MoveResult[]> {
    const states = together.map((name) => this.journal.state(name)).filter(({ change }) => change !== null);
    const [first] = states;
    if (!first?.change) return [];
    this.claim(together, { verb: first.change.verb, actor });
    try {
      const started = performance.now();
      const cutOff = states.map((state) => ({
        state,
        ground: groundOf(this.capability(state.migration)),
      }));
      const changes = states.flatMap(({ migration, change }) =>
        change ? [{ migration, verb: change.verb, epoch: change.epoch }] : [],
      );
      const end = await resumeChange(this.contextOf(changes, true), cutOff, actor);
      return states.flatMap(({ migration, change }) =>
        change ? [this.resultOf({ migration, ...change }, end, started)] : [],
      );
    } finally {
      this.release(together);
    }
  }

  private async moveOwner(
    migration: string,
    group: readonly Capability[],
    states: readonly MigrationState[],
    to: Stage,
    order: Order,
    gates: readonly GateResult[][],
  ): Promise<MoveResult> {
    const verb = order.verb === 'cutover' ? 'cutover' : 'rollback';
    const started = performance.now();
    const change = { verb, to, order } as const;
    const members = await membersOf(this.journal, change, group, states, gates);
    const [first, ...others] = members;
    if (!first) throw new UnknownMigrationError(migration, []);
    await prepare(verb, members);
    const changes = members.map(({ order }) => ({ ...order, epoch: order.newEpoch }));
    const end = await changeOwner(this.contextOf(changes, false), [first, ...others]);
    const own = members.find((member) => member.order.migration === migration) ?? first;
    const { from, newEpoch: epoch } = own.order;
    return withOthers(this.resultOf({ migration, verb, from, to, epoch }, end, started), group);
  }

  private resultOf(change: EndedChange, end: ChangeState, started: number): MoveResult {
    const { journal } = this;
    const result = resultOf(journal.entries, change, end, Math.round(performance.now() - started));
    return { ...result, epoch: journal.state(change.migration).epoch };
  }

  private contextOf(changes: readonly ToldChange[], isHeld: boolean): ChangeOwnerContext {
    const teller = new StepTeller(changes, isHeld, (step) => {
      for (const watch of this.stepWatchers) watch(step);
    });
    const begun = (effect: Effect): void => {
      for (const { migration } of changes) this.phases.set(migration, effect);
      for (const changed of this.watchers) changed();
    };
    return { store: this.store, journal: this.journal, ...teller.observers(begun) };
  }

  /** For all of them, or for none. */
  private claim(migrations: readonly string[], order: Pick<Order, 'verb' | 'actor'>): void {
    if (!this.isLeading()) throw new NotCoordinatorError();
    for (const migration of migrations) {
      const other = this.busy.get(migration);
      if (other) throw new MoveUnderWayError(migration, other.verb, other.actor, other.since);
    }
    const since = new Date().toISOString();
    for (const migration of migrations)
      this.busy.set(migration, { verb: order.verb, actor: order.actor, since });
  }
}

function targetStage(state: MigrationState, verb: Verb): Stage {
  const to = ALLOWED_MOVES[verb][state.stage];
  if (!to) throw new MoveNotAllowedError(state.migration, verb, state.stage);
  return to;
}
