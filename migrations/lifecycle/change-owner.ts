import { setTimeout as pause } from 'node:timers/promises';
import { FenceTimeoutError } from '../databases/errors.ts';
import { within } from '../databases/within.ts';
import { ProxyWatch } from './await-held.ts';
import { untilGivenUp } from './contradicted.ts';
import { JournalConflictError, MoveFailedError } from './errors.ts';
import { oldOwnerOf } from './fold.ts';
import type { MigrationState } from './fold.ts';
import type { JournalFollower } from './follow.ts';
import type { Decision } from './journal.ts';
import type { ChangeState, Effect, Outcome } from './protocol.ts';
import { begin, resumeFrom, step } from './protocol.ts';
import type { Side, Stage } from './stages.ts';
import { otherSide } from './stages.ts';
import type { ControlStore } from './store.ts';
import type { Ground, SyncedCapability } from './capability.ts';
import { forEach } from './together.ts';
import { RunRecorder } from './run-record.ts';
import type { RunRecord } from './run-record.ts';
import { becomeOwner, drain, fenceOldOwner, liftFence, settleKeys } from './hand-over.ts';

/** From the hold to the decision; what is left of the cap of two seconds is for taking it back. */
export const DECISION_BUDGET_MS = 1500;
/** An effect that keeps the time itself can say better why it did not end; it gets this much longer. */
const GRACE_MS = 100;
/** How long a database may be silent while it is told what is decided: much longer than it waits for any lock then. */
const ANSWER_MS = 12_000;
/** How long what is decided is tried again before the caller is told; the control process goes on with it later. */
const COMPLETION_BUDGET_MS = 20_000;

/** The change of owner of one migration, by whom and why. */
export interface OwnerChangeOrder {
  verb: 'cutover' | 'rollback';
  migration: string;
  from: Stage;
  to: Stage;
  epoch: number;
  newEpoch: number;
  oldOwner: Side;
  actor: string;
  reason: string | null;
  evidence: unknown;
}

/** One migration whose owner changes: alone, or together with others by the same verb, actor and reason. */
export interface Member {
  order: OwnerChangeOrder;
  /** Newest entry that is known of it: if there is a newer one, the change does not begin. */
  seq: number;
  /** Null for a migration without tables. */
  ground: Ground | null;
  /** What carrying over needs besides; a change that was cut off does without. */
  synced: SyncedCapability | null;
}

/** At least one; the decision is one for all of them. */
export type Members = readonly [Member, ...Member[]];

/** What one run knows: its time limits, and the newest journal entries that it has seen or written itself. */
interface Run {
  /** Distinguishes it from every other run, also by the same person and with the same aim. */
  id: string;
  proxies: ProxyWatch;
  /** By migration. */
  seqs: Map<string, number>;
  decideBy: number;
  giveUpAt: number;
}

export interface ChangeOwnerContext {
  store: ControlStore;
  journal: JournalFollower;
  /** Told of each effect before it begins, which waits for the answer. */
  observe(effect: Effect): Promise<void> | undefined | void;
  /** Told of what came of it; nobody waits for the answer. */
  noted?(effect: Effect, outcome: Outcome, ms: number): void;
}

/** Changes the owner by the protocol, from its beginning. Each member's gates were judged on its `seq`. */
export function changeOwner(context: ChangeOwnerContext, members: Members): Promise<ChangeState> {
  return run(context, members, 'order');
}

/** A change that was cut off: where the journal says it stands, and what fencing needs. */
export interface CutOff {
  state: MigrationState;
  ground: Ground | null;
}

/** Takes the one legal next step of a change that was cut off, and all that follow from it. */
export function resumeChange(
  context: ChangeOwnerContext,
  cutOff: readonly CutOff[],
  actor: string,
): Promise<ChangeState> {
  const [first, ...others] = cutOff.map((each) => memberOf(each, actor));
  const phase = cutOff[0]?.state.change?.phase;
  if (!first || !phase) throw new MoveFailedError('no change of owner was cut off', false);
  return run(context, [first, ...others], phase);
}

function memberOf({ state, ground }: CutOff, actor: string): Member {
  const { change, migration, seq } = state;
  if (!change) throw new MoveFailedError(`"${migration}": no change of owner was cut off`, false);
  const order: OwnerChangeOrder = {
    verb: change.verb,
    migration,
    from: change.from,
    to: change.to,
    epoch: change.phase === 'owner-changed' ? change.epoch - 1 : state.epoch,
    newEpoch: change.epoch,
    oldOwner: oldOwnerOf(state),
    actor,
    reason: 'resumed after it was cut off',
    evidence: null,
  };
  return { order, seq, ground, synced: null };
}

async function run(
  context: ChangeOwnerContext,
  members: Members,
  from: RunRecord['beganFrom'],
): Promise<ChangeState> {
  const { migration, newEpoch: epoch, actor } = members[0].order;
  const together = Object.fromEntries(members.map(({ order }) => [order.migration, order.newEpoch]));
  const recorder = new RunRecorder(context.store, { migration, epoch, actor, beganFrom: from, together });
  const over = new AbortController();
  const { store } = context;
  // What takes time and changes nothing comes before the first write has to wait.
  const proxies = from === 'order' ? await ProxyWatch.begin(store, over.signal) : ProxyWatch.idle(store);
  const now = performance.now();
  const known: Run = {
    id: recorder.id,
    proxies,
    seqs: new Map(members.map(({ order, seq }) => [order.migration, seq])),
    decideBy: now + DECISION_BUDGET_MS,
    giveUpAt: now + COMPLETION_BUDGET_MS,
  };
  try {
    return await follow(context, members, recorder, known, from === 'order' ? begin() : resumeFrom(from));
  } finally {
    over.abort();
  }
}

/** Does one effect after the other, as the protocol says, until it is over or nobody waits any longer. */
async function follow(
  context: ChangeOwnerContext,
  members: Members,
  recorder: RunRecorder,
  known: Run,
  first: ChangeState,
): Promise<ChangeState> {
  let state = first;
  while (state.doing !== null && performance.now() < known.giveUpAt) {
    await context.observe(state.doing);
    const startedAt = performance.now();
    const outcome = await carryOut(context, members, state, known);
    const ms = performance.now() - startedAt;
    recorder.note(state.doing, outcome, ms);
    context.noted?.(state.doing, outcome, ms);
    const next = step(state, outcome);
    // The same effect again: something is away. Give it a moment.
    if (next.doing === state.doing && outcome.kind === 'failed') await pause(100);
    state = outcome.kind === 'failed' ? { ...next, reason: next.reason ?? outcome.reason } : next;
  }
  return state;
}

async function carryOut(
  context: ChangeOwnerContext,
  members: Members,
  state: ChangeState,
  known: Run,
): Promise<Outcome> {
  const { decideBy } = known;
  const leftMs = decideBy - performance.now();
  const why = state.reason ?? 'unknown';
  const journal = (decide: (order: OwnerChangeOrder) => Decision): Promise<void> =>
    append(context, members, known, decide);
  const together = members.length > 1 ? { together: members.map(({ order }) => order.migration) } : {};
  const fence = (): Promise<void> =>
    forEach(members, async ({ ground, order }) => ground && fenceOldOwner(ground, order, leftMs / 2));
  const carryOver = (): Promise<void> =>
    forEach(members, async ({ synced, order }) => synced && drain(synced, order, decideBy));
  const effects: Record<Effect, () => Promise<void>> = {
    'journal-started': () =>
      journal(({ verb, from, to }) => ({
        kind: `${verb}-started`,
        from,
        to,
        ...together,
        run: known.id,
      })),
    'await-held': () => known.proxies.awaitHeld(Math.max(...known.seqs.values()), decideBy),
    'raise-fence': () => fence(),
    drain: () => carryOver(),
    settle: () => forEach(members, async ({ synced, order }) => synced && settleKeys(synced, order, leftMs)),
    'journal-owner-changed': () => {
      if (leftMs <= 0) throw new MoveFailedError('the time was over before the decision', true);
      return journal(({ oldOwner }) => ({ kind: 'owner-changed', owner: otherSide(oldOwner) }));
    },
    open: () => forEach(members, async ({ ground, order }) => ground && becomeOwner(ground, order)),
    'journal-released': () => journal(() => ({ kind: 'writes-released' })),
    'journal-aborting': () => journal(() => ({ kind: 'aborting', why })),
    lift: () => forEach(members, async ({ ground, order }) => ground && liftFence(ground, order)),
    'journal-aborted': () => journal(() => ({ kind: 'aborted', why })),
  };
  try {
    if (state.doing) await inTime(context, members[0].order, known, state.doing, effects[state.doing]);
    return { kind: 'done' };
  } catch (error) {
    if (error instanceof JournalConflictError) return contradiction(context, members, known, error);
    const late = error instanceof FenceTimeoutError || (error instanceof MoveFailedError && error.late);
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error), late };
  }
}

const BOUNDED: ReadonlySet<Effect> = new Set<Effect>(['await-held', 'raise-fence', 'drain', 'settle']);

/**
 * What comes before the decision must not outlast its time, whatever it hangs on, and nothing waits for ever. What is still
 * done afterwards is harmless: a late fence or lift is refused by its attempt, a late applier by its epoch.
 */
async function inTime(
  { journal }: ChangeOwnerContext,
  order: OwnerChangeOrder,
  { seqs, decideBy }: Run,
  effect: Effect,
  work: () => Promise<void>,
): Promise<void> {
  const isBounded = BOUNDED.has(effect);
  const late = (waitedFor: readonly string[]): Error =>
    new MoveFailedError(
      `"${effect}" did not end in time${waitedFor.length > 0 ? `: no answer from ${waitedFor.join(', ')}` : ''}`,
      true,
    );
  const ms = isBounded ? decideBy + GRACE_MS - performance.now() : ANSWER_MS;
  const working = within(ms, late, work);
  if (!isBounded) return working;
  const over = new AbortController();
  try {
    await Promise.race([working, untilGivenUp(journal, order, seqs.get(order.migration) ?? 0, over.signal)]);
  } finally {
    over.abort();
    working.catch(() => undefined);
  }
}

/**
 * Expects the entries that this run knows of, not the newest that have arrived: a second coordinator is noticed. What is
 * said of several migrations is written for all of them or for none.
 */
async function append(
  { store, journal }: ChangeOwnerContext,
  members: Members,
  { seqs }: Run,
  decide: (order: OwnerChangeOrder) => Decision,
): Promise<void> {
  const all = members.map(({ order, seq }) => {
    const { migration, actor, reason, newEpoch: epoch } = order;
    const decision = decide(order);
    const evidence = decision.kind === `${order.verb}-started` ? order.evidence : null;
    const entry = { migration, decision, epoch, actor, reason, evidence };
    return { entry, expectedSeq: seqs.get(migration) ?? seq };
  });
  const written = await store.appendAll(all);
  for (const { migration, seq } of written) seqs.set(migration, seq);
  await journal.learn(written);
}

/** Whoever wrote something of one of them wrote it of all. */
async function contradiction(
  { journal }: ChangeOwnerContext,
  members: Members,
  { seqs }: Run,
  error: JournalConflictError,
): Promise<Outcome> {
  await journal.refresh();
  for (const { order } of members) seqs.set(order.migration, journal.state(order.migration).seq);
  const { migration, newEpoch } = members[0].order;
  const { change } = journal.state(migration);
  const found = change?.epoch === newEpoch ? change.phase : 'over';
  return { kind: 'contradicted', found, reason: error.message };
}
