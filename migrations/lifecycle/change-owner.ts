import { setTimeout as pause } from 'node:timers/promises';
import { FenceTimeoutError } from '../databases/errors.ts';
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
import { RunRecorder } from './run-record.ts';
import type { RunRecord } from './run-record.ts';
import { becomeOwner, drain, fenceOldOwner, liftFence, settleKeys } from './hand-over.ts';

/** From the hold to the decision; what is left of the cap of two seconds is for taking it back. */
export const DECISION_BUDGET_MS = 1500;
/** An effect that keeps the time itself can say better why it did not end; it gets this much longer. */
const GRACE_MS = 100;
/** How long what is decided is tried again before the caller is told; the control process goes on with it later. */
const COMPLETION_BUDGET_MS = 20_000;

/** One change of owner of one migration, by whom and why. */
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

/** What one run knows: its time limits, and the newest journal entry that it has seen or written itself. */
interface Run {
  seq: number;
  decideBy: number;
  giveUpAt: number;
}

export interface ChangeOwnerContext {
  store: ControlStore;
  journal: JournalFollower;
  /** Null for a migration without tables. */
  ground: Ground | null;
  /** What carrying over needs besides; a change that was cut off does without. */
  synced: SyncedCapability | null;
  /** Told of each effect before it begins, which waits for the answer. */
  observe(effect: Effect): Promise<void> | undefined | void;
  /** Told of what came of it; nobody waits for the answer. */
  noted?(effect: Effect, outcome: Outcome, ms: number): void;
}

/**
 * Changes the owner by the protocol, from its beginning.
 *
 * @param seq newest entry that the gates were judged on: if there is a newer one, the change does not begin
 */
export function changeOwner(
  context: ChangeOwnerContext,
  order: OwnerChangeOrder,
  seq: number,
): Promise<ChangeState> {
  return run(context, order, 'order', seq);
}

/** Takes the one legal next step of a change that was cut off, and all that follow from it. */
export function resumeChange(
  context: ChangeOwnerContext,
  state: MigrationState,
  actor: string,
): Promise<ChangeState> {
  const { change } = state;
  if (!change) throw new MoveFailedError(`"${state.migration}": no change of owner was cut off`, false);
  const order: OwnerChangeOrder = {
    verb: change.verb,
    migration: state.migration,
    from: change.from,
    to: change.to,
    epoch: change.phase === 'owner-changed' ? change.epoch - 1 : state.epoch,
    newEpoch: change.epoch,
    oldOwner: oldOwnerOf(state),
    actor,
    reason: 'resumed after it was cut off',
    evidence: null,
  };
  return run(context, order, change.phase, state.seq);
}

async function run(
  context: ChangeOwnerContext,
  order: OwnerChangeOrder,
  from: RunRecord['beganFrom'],
  seq: number,
): Promise<ChangeState> {
  const { migration, newEpoch: epoch, actor } = order;
  const recorder = new RunRecorder(context.store, { migration, epoch, actor, beganFrom: from });
  const now = Date.now();
  const known: Run = { seq, decideBy: now + DECISION_BUDGET_MS, giveUpAt: now + COMPLETION_BUDGET_MS };
  let state = from === 'order' ? begin() : resumeFrom(from);
  while (state.doing !== null && Date.now() < known.giveUpAt) {
    await context.observe(state.doing);
    const startedAt = performance.now();
    const outcome = await carryOut(context, order, state, known);
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
  order: OwnerChangeOrder,
  state: ChangeState,
  known: Run,
): Promise<Outcome> {
  const { store, ground, synced } = context;
  const { decideBy } = known;
  const newOwner = otherSide(order.oldOwner);
  const journal = (decision: Decision, epoch: number): Promise<void> =>
    append(context, order, known, decision, epoch);
  const leftMs = decideBy - Date.now();
  const effects: Record<Effect, () => Promise<void>> = {
    'journal-started': () =>
      journal({ kind: `${order.verb}-started`, from: order.from, to: order.to }, order.newEpoch),
    'await-held': () => awaitHeld(store, known.seq, decideBy),
    'raise-fence': async () => ground && fenceOldOwner(ground, order.oldOwner, order.newEpoch, leftMs / 2),
    drain: async () => synced && drain(synced, order.oldOwner, order.epoch, decideBy),
    settle: async () => synced && settleKeys(synced, order.oldOwner, order.epoch, leftMs),
    'journal-owner-changed': () => {
      if (leftMs <= 0) throw new MoveFailedError('the time was over before the decision', true);
      return journal({ kind: 'owner-changed', owner: newOwner }, order.newEpoch);
    },
    open: async () => ground && becomeOwner(ground, newOwner, order.newEpoch),
    'journal-released': () => journal({ kind: 'writes-released' }, order.newEpoch),
    'journal-aborting': () => journal({ kind: 'aborting', why: state.reason ?? 'unknown' }, order.newEpoch),
    lift: async () => ground && liftFence(ground, order.oldOwner, order.epoch, order.newEpoch),
    'journal-aborted': () => journal({ kind: 'aborted', why: state.reason ?? 'unknown' }, order.newEpoch),
  } satisfies Record<Effect, () => Promise<unknown>> as Record<Effect, () => Promise<void>>;
  try {
    if (state.doing) await inTime(context, order, known, state.doing, effects[state.doing]());
    return { kind: 'done' };
  } catch (error) {
    if (error instanceof JournalConflictError) return contradiction(context, order, known, error);
    const late = error instanceof FenceTimeoutError || (error instanceof MoveFailedError && error.late);
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error), late };
  }
}

const BOUNDED: ReadonlySet<Effect> = new Set<Effect>(['await-held', 'raise-fence', 'drain', 'settle']);

/**
 * What comes before the decision must not outlast its time, whatever it hangs on. What it still does afterwards is
 * harmless: a late fence is refused by its attempt, a late applier by its epoch.
 */
async function inTime(
  { journal }: ChangeOwnerContext,
  order: OwnerChangeOrder,
  { seq, decideBy }: Run,
  effect: Effect,
  work: Promise<void>,
): Promise<void> {
  if (!BOUNDED.has(effect)) return work;
  const late = new AbortController();
  const limit = pause(Math.max(1, decideBy + GRACE_MS - Date.now()), undefined, { signal: late.signal }).then(
    () => {
      throw new MoveFailedError(`"${effect}" did not end in time`, true);
    },
  );
  work.catch(() => undefined);
  try {
    await Promise.race([work, limit, untilGivenUp(journal, order, seq, late.signal)]);
  } finally {
    late.abort();
    limit.catch(() => undefined);
  }
}

/** Expects the entry that this run knows of, not the newest that has arrived: a second coordinator is noticed. */
async function append(
  context: ChangeOwnerContext,
  order: OwnerChangeOrder,
  known: Run,
  decision: Decision,
  epoch: number,
): Promise<void> {
  const { migration, actor, reason } = order;
  const evidence = decision.kind === `${order.verb}-started` ? order.evidence : null;
  const entry = { migration, decision, epoch, actor, reason, evidence };
  known.seq = (await context.store.append(entry, known.seq)).seq;
  await context.journal.refresh();
}

async function contradiction(
  context: ChangeOwnerContext,
  order: OwnerChangeOrder,
  known: Run,
  error: JournalConflictError,
): Promise<Outcome> {
  await context.journal.refresh();
  const { change, seq } = context.journal.state(order.migration);
  known.seq = seq;
  const found = change?.epoch === order.newEpoch ? change.phase : 'over';
  return { kind: 'contradicted', found, reason: error.message };
}

async function awaitHeld(store: ControlStore, seq: number, decideBy: number): Promise<void> {
  for (;;) {
    const proxies = await store.liveProxies();
    const late = proxies.filter((proxy) => proxy.acked < seq);
    if (late.length === 0) return;
    if (Date.now() > decideBy) {
      const names = late.map((proxy) => proxy.id).join(', ');
      throw new MoveFailedError(
        `proxy ${names} did not hold its writes in time: a running write takes too long, or the proxy is stuck`,
        true,
      );
    }
    await pause(5);
  }
}
