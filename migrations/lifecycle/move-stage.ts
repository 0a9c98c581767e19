import { setTimeout as pause } from 'node:timers/promises';
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
import type { Stage } from './stages.ts';
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

/** Does what the move does in the databases, then journals the stage. */
export async function moveStage(context: MoveStageContext, move: StageMove): Promise<MoveResult> {
  const { store, journal } = context;
  const { state, to, order, ground } = move;
  const { migration, stage: from } = state;
  const { actor, reason, verb } = order;
  const started = Date.now();
  const { epoch, seq } = verb === 'sync' ? await startSync(context, move) : state;
  if (ground && order.keepGuard) await raiseGuard(ground, move);
  if (ground) await workOf(verb, from, true).run(ground, epoch);
  await refuseOtherGround(context, move, epoch);
  const evidence = evidenceOf(order, move.gates, move.retired);
  const entry = await store
    .append({ migration, decision: decisionOf(move), epoch, actor, reason, evidence }, seq)
    .catch((error: unknown) => takeBack(error, move, epoch));
  await journal.refresh();
  const late = await awaitProxies(store, entry.seq);
  const detail = late.length === 0 ? '' : `journaled; proxy ${late.join(', ')} does not follow yet`;
  const durationMs = Date.now() - started;
  return { migration, verb, from, to, epoch, done: true, late: false, detail, durationMs };
}

/**
 * Each start of a sync has an epoch of its own, taken before anything is installed: whoever slept through it, with an
 * installation, a stream or a chunk of an earlier one in hand, is refused by the databases.
 */
async function startSync(
  { store, journal }: MoveStageContext,
  { state, order }: StageMove,
): Promise<{ epoch: number; seq: number }> {
  const { migration } = state;
  const { actor, reason } = order;
  const epoch = nextEpoch(journal.entries, migration);
  const decision: Decision = { kind: 'sync-started' };
  const { seq } = await store.append(
    { migration, decision, epoch, actor, reason, evidence: null },
    state.seq,
  );
  await journal.refresh();
  return { epoch, seq };
}

/** Somebody else decided meanwhile: what was installed for a sync that is none must not stay. */
async function takeBack(error: unknown, { order, to, ground }: StageMove, epoch: number): Promise<never> {
  const isOverruled = error instanceof JournalConflictError;
  if (isOverruled && ground && order.verb === 'sync') await workOf('rollback', to, true).run(ground, epoch);
  throw error;
}

/** In stage legacy everything may be changed, also while the first move is under way. */
async function refuseOtherGround(
  { capabilities }: MoveStageContext,
  { capability, state, to, order, ground }: StageMove,
  epoch: number,
): Promise<void> {
  if (state.stage !== 'legacy' || isSameGround(capability, capabilities.byName.get(state.migration))) return;
  if (ground) await workOf('rollback', to, true).run(ground, epoch);
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
  const giveUpAt = Date.now() + FOLLOW_MS;
  for (;;) {
    const late = (await store.liveProxies()).filter((proxy) => proxy.acked < seq);
    if (late.length === 0 || Date.now() > giveUpAt) return late.map((proxy) => proxy.id);
    await pause(10);
  }
}
