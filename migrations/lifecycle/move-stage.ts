import { setTimeout as pause } from 'node:timers/promises';
import { SilentDatabaseError } from '../databases/errors.ts';
import { within } from '../databases/within.ts';
import type { Capability, Ground } from './capability.ts';
import { isSameGround } from './capability.ts';
import type { MoveResult, Order } from './order.ts';
import type { RetiredFacts } from './certificate.ts';
import { JournalConflictError, MoveFailedError } from './errors.ts';
import type { MigrationState } from './fold.ts';
import { nextEpoch } from './fold.ts';
import type { JournalFollower } from './follow.ts';
import type { GateResult } from './gates.ts';
import type { Decision } from './journal.ts';
import { workOf } from './moves.ts';
import { overridesOf } from './override.ts';
import type { Stage, Verb } from './stages.ts';
import type { ControlStore } from './store.ts';

/** Waits this long at most for proxies to follow a stage that is journaled already. */
const FOLLOW_MS = 5000;

export interface MoveStageContext {
  store: ControlStore;
  journal: JournalFollower;
  capabilities: { readonly byName: ReadonlyMap<string, Capability> };
}

/** A move whose gates hold and that leaves the owner as it is. */
export interface StageMove {
  capability: Capability;
  state: MigrationState;
  to: Stage;
  order: Order;
  gates: GateResult[];
  /** Null when the move touches no data. */
  ground: Ground | null;
  /** What the certificate is to say; for `retire`. */
  retired?: RetiredFacts;
}

/** What a decision rested on, as the journal keeps it: its gates, and what else there was to it. */
export function evidenceOf(
  { actor, reason, watched }: Order,
  gates: readonly GateResult[],
  retired?: RetiredFacts,
): unknown {
  const overrides = overridesOf(gates, actor, reason);
  if (!watched && !retired && overrides.length === 0) return gates;
  return {
    gates,
    ...(retired ? { retired } : {}),
    ...(watched ? { guardrails: watched.guardrails } : {}),
    ...(overrides.length > 0 ? { overrides } : {}),
  };
}

/** Before the fence goes: there must be no moment without either. */
function raiseGuard({ databases, tables }: Ground, { capability }: StageMove): Promise<void> {
  const words = `migration "${capability.name}" has moved to service ${capability.service}`;
  return databases.monolith.guard(tables.monolith, words);
}

/**
 * Does what the move does in the databases, then journals the stage: of all that move together, or of none.
 *
 * @returns how it ended, as told of the first of them
 */
export async function moveStage(
  context: MoveStageContext,
  moves: readonly StageMove[],
): Promise<Omit<MoveResult, 'migration' | 'epoch'>> {
  const { store, journal } = context;
  const [first] = moves;
  if (!first) throw new MoveFailedError('nothing was to be moved', false);
  const { to, order } = first;
  const { stage: from } = first.state;
  const { actor, reason, verb } = order;
  const started = performance.now();
  const begun = verb === 'sync' ? await startSync(context, moves) : moves.map((move) => beginningOf(move));
  await within(WORK_MS, silence(verb), async () => {
    for (const { move, epoch } of begun) await work(move, epoch);
  });
  await refuseOtherGround(context, begun);
  const entries = begun.map(({ move, epoch, seq }) => {
    const evidence = evidenceOf(order, move.gates, move.retired);
    const { migration } = move.state;
    const entry = { migration, decision: decisionOf(move), epoch, actor, reason, evidence };
    return { entry, expectedSeq: seq };
  });
  const written = await store.appendAll(entries).catch((error: unknown) => takeBack(error, begun));
  await journal.refresh();
  const late = await awaitProxies(store, written.at(-1)?.seq ?? 0);
  const detail = late.length === 0 ? '' : `journaled; proxy ${late.join(', ')} does not follow yet`;
  return {
    verb,
    from,
    to,
    done: true,
    late: false,
    detail,
    durationMs: Math.round(performance.now() - started),
  };
}

/** A move that has begun: the epoch that it has, and the newest entry that is known of its migration. */
interface Begun {
  move: StageMove;
  epoch: number;
  seq: number;
}

const beginningOf = (move: StageMove): Begun => ({ move, epoch: move.state.epoch, seq: move.state.seq });

/** Creating and dropping triggers waits for whoever uses the tables, a slot for every transaction that runs. */
const WORK_MS = 600_000;
const silence =
  (verb: Verb) =>
  (waitedFor: readonly string[]): Error =>
    new SilentDatabaseError(`what "${verb}" does in the databases`, waitedFor, WORK_MS);

async function work(move: StageMove, epoch: number): Promise<void> {
  const { ground, order, state } = move;
  if (ground && order.keepGuard) await raiseGuard(ground, move);
  if (ground) await workOf(order.verb, state.stage, true).run(ground, epoch);
}

/** What a rollback of this very move would do. */
async function undo(begun: readonly Begun[]): Promise<void> {
  for (const { move, epoch } of begun)
    if (move.ground) await workOf('rollback', move.to, true).run(move.ground, epoch);
}

/**
 * Each start of a sync has an epoch of its own, taken before anything is installed: whoever slept through it, with an
 * installation, a stream or a chunk of an earlier one in hand, is refused by the databases.
 */
async function startSync(
  { store, journal }: MoveStageContext,
  moves: readonly StageMove[],
): Promise<Begun[]> {
  const together = moves.length > 1 ? { together: moves.map(({ state }) => state.migration) } : {};
  const decision: Decision = { kind: 'sync-started', ...together };
  const entries = moves.map(({ state, order }) => {
    const { migration, seq: expectedSeq } = state;
    const { actor, reason } = order;
    const epoch = nextEpoch(journal.entries, migration);
    return { entry: { migration, decision, epoch, actor, reason, evidence: null }, expectedSeq };
  });
  const written = await store.appendAll(entries);
  await journal.refresh();
  return moves.flatMap((move, i) => {
    const entry = written[i];
    return entry ? [{ move, epoch: entry.epoch, seq: entry.seq }] : [];
  });
}

/** Somebody else decided meanwhile: what was installed for a sync that is none must not stay. */
async function takeBack(error: unknown, begun: readonly Begun[]): Promise<never> {
  const isOverruled = error instanceof JournalConflictError;
  if (isOverruled && begun[0]?.move.order.verb === 'sync') await undo(begun);
  throw error;
}

/** In stage legacy everything may be changed, also while the first move is under way. */
async function refuseOtherGround({ capabilities }: MoveStageContext, begun: readonly Begun[]): Promise<void> {
  const other = begun.find(
    ({ move: { state, capability } }) =>
      state.stage === 'legacy' && !isSameGround(capability, capabilities.byName.get(state.migration)),
  );
  if (!other) return;
  await undo(begun);
  const { state, order } = other.move;
  throw new MoveFailedError(
    `the configuration of "${state.migration}" was changed while "${order.verb}" was under way; nothing was moved, order it again`,
    false,
  );
}

function decisionOf({ state, to, order }: StageMove): Decision {
  const { verb, ramp, watched } = order;
  const weight = to === 'canary' ? order.weight : to === 'extracted' || to === 'retired' ? 100 : 0;
  const broken = watched?.guardrails.filter((guardrail) => guardrail.verdict === 'broken') ?? [];
  return {
    kind: 'stage-changed',
    verb,
    from: state.stage,
    to,
    weight,
    ...(ramp ? { ramp } : {}),
    ...(broken.length > 0 ? { broken } : {}),
  };
}

/** Proxies that do not follow the entry in time; the move is made all the same. */
async function awaitProxies(store: ControlStore, seq: number): Promise<string[]> {
  const giveUpAt = performance.now() + FOLLOW_MS;
  for (;;) {
    const late = (await store.liveProxies()).filter((proxy) => proxy.acked < seq);
    if (late.length === 0 || performance.now() > giveUpAt) return late.map((proxy) => proxy.id);
    await pause(10);
  }
}
