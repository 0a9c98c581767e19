import type { Capability } from './capability.ts';
import { groundOf } from './capability.ts';
import type { MoveResult, Order } from './order.ts';
import { JournalConflictError, MoveFailedError, MoveUnderWayError, NothingToAbortError } from './errors.ts';
import type { MigrationState, OwnerChange } from './fold.ts';
import type { JournalFollower } from './follow.ts';
import { workOf } from './moves.ts';
import type { ControlStore } from './store.ts';

/** Longer than a move may try to be taken back before whoever ordered it is told. */
const PATIENCE_MS = 25_000;
/** Each time somebody else was faster, there is something new to decide on; moves have few entries. */
const ATTEMPTS = 5;

/** What giving up needs of the coordinator. */
export interface AbortContext {
  store: ControlStore;
  journal: JournalFollower;
  /** Whether this process is at work with the migration. */
  isBusy(): boolean;
  /** Calls back when this process goes a step further. */
  subscribe(changed: () => void): () => void;
  resume(): Promise<MoveResult[]>;
  move(order: Order): Promise<MoveResult>;
  claim<T>(work: () => Promise<T>): Promise<T>;
}

interface Asked {
  actor: string;
  reason: string;
}

/** Has a move given up, by the journal: whoever carries it out finds it there, and takes it back. */
export async function abortMove(
  context: AbortContext,
  capability: Capability,
  asked: Asked,
): Promise<MoveResult> {
  const { journal } = context;
  for (let attempt = 1; ; attempt += 1) {
    await journal.refresh();
    const state = journal.state(capability.name);
    try {
      if (state.change) return await abortChange(context, state, state.change, asked);
      if (state.installing) return await abortSync(context, capability, state, state.installing.epoch, asked);
      if (state.stage === 'dual-write' && (await isCopying(capability)))
        return await takeSyncBack(context, asked);
    } catch (error) {
      if (error instanceof JournalConflictError && attempt < ATTEMPTS) continue;
      throw error;
    }
    throw new NothingToAbortError(
      `no move of "${capability.name}" is under way; it is in stage ${state.stage}, and \`strangler rollback\` goes back from there`,
    );
  }
}

async function abortChange(
  context: AbortContext,
  state: MigrationState,
  { verb, phase, epoch, from }: OwnerChange,
  { actor, reason }: Asked,
): Promise<MoveResult> {
  const { store, journal } = context;
  const { migration } = state;
  const started = Date.now();
  if (phase === 'owner-changed') {
    throw new NothingToAbortError(
      `"${verb}" of "${migration}" is past the point of no return: the ${state.owner} is the owner, and the rest is being finished. ` +
        'Wait for that (`strangler resume` takes it on if nobody does), then go the other way with a move of its own',
    );
  }
  if (phase === 'started') {
    const decision = { kind: 'aborting', why: reason } as const;
    await store.append({ migration, decision, epoch, actor, reason, evidence: null }, state.seq);
    await journal.refresh();
  }
  // Nobody is at work with it: it was cut off.
  if (!context.isBusy()) await context.resume().catch(unlessTakenOn);
  await until(context, () => journal.state(migration).change?.epoch !== epoch, `"${verb}" of "${migration}"`);
  const detail = `taken back, everything is as before: given up by ${actor}: ${reason}`;
  const { epoch: inForce } = journal.state(migration);
  const durationMs = Date.now() - started;
  return { migration, verb, from, to: from, epoch: inForce, done: false, late: false, detail, durationMs };
}

/** The sync that is installing finds the journal against it, and removes what it installed; else it is done here. */
async function abortSync(
  context: AbortContext,
  capability: Capability,
  { migration, seq }: MigrationState,
  epoch: number,
  { actor, reason }: Asked,
): Promise<MoveResult> {
  const { store, journal } = context;
  const started = Date.now();
  const decision = { kind: 'aborted', why: reason } as const;
  await store.append({ migration, decision, epoch, actor, reason, evidence: null }, seq);
  await journal.refresh();
  const ground = groundOf(capability);
  if (context.isBusy()) await until(context, () => !context.isBusy(), `"sync" of "${migration}"`);
  else if (ground) await context.claim(() => workOf('rollback', 'dual-write', true).run(ground, epoch));
  const detail = `what it had installed is removed: given up by ${actor}: ${reason}`;
  const result = { migration, verb: 'sync', from: 'legacy', to: 'legacy', epoch, detail } as const;
  return { ...result, done: false, late: false, durationMs: Date.now() - started };
}

/** What was cut off is taken on by itself, too: whoever was faster does the same. */
function unlessTakenOn(error: unknown): void {
  if (!(error instanceof MoveUnderWayError)) throw error;
}

async function isCopying(capability: Capability): Promise<boolean> {
  const ground = groundOf(capability);
  if (!ground) return false;
  const { backfill } = await ground.databases.service.progress(capability.name);
  return ground.tables.monolith.some((table) => backfill.get(table)?.done !== true);
}

/** Its rows are being copied: to the journal that is a stage of its own, and there is a move back from it. */
function takeSyncBack(context: AbortContext, { actor, reason }: Asked): Promise<MoveResult> {
  return context.move({ verb: 'rollback', weight: 0, actor, reason });
}

function until(context: AbortContext, isOver: () => boolean, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const stops: (() => void)[] = [];
    const end = (finish: () => void): void => {
      clearTimeout(timer);
      for (const stop of stops) stop();
      finish();
    };
    const late = new MoveFailedError(
      `${what} is being taken back, and not done with it; see the status`,
      true,
    );
    const timer = setTimeout(() => end(() => reject(late)), PATIENCE_MS);
    const look = (): void => void (isOver() && end(resolve));
    stops.push(context.journal.subscribe(look), context.subscribe(look));
    look();
  });
}
