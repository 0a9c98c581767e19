import type { Capability } from './capability.ts';
import { groundOf } from './capability.ts';
import type { Decision } from './journal.ts';
import type { MoveResult, Order } from './order.ts';
import { JournalConflictError, MoveFailedError, MoveUnderWayError, NothingToAbortError } from './errors.ts';
import type { MigrationState, OwnerChange } from './fold.ts';
import type { JournalFollower } from './follow.ts';
import { workOf } from './moves.ts';
import type { ControlStore } from './store.ts';
import { forEach } from './together.ts';

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
  resume(together: readonly string[]): Promise<MoveResult[]>;
  move(order: Order): Promise<MoveResult>;
  claim<T>(together: readonly string[], work: () => Promise<T>): Promise<T>;
  capability(migration: string): Capability;
}

interface Asked {
  actor: string;
  reason: string;
}

/** Has a move given up, by the journal: whoever carries it out finds it there, and takes it back. */
export async function abortMove(context: AbortContext, migration: string, asked: Asked): Promise<MoveResult> {
  const { journal } = context;
  const capability = context.capability(migration);
  for (let attempt = 1; ; attempt += 1) {
    await journal.refresh();
    const state = journal.state(migration);
    try {
      if (state.change) return await abortChange(context, state, state.change, asked);
      if (state.installing) return await abortSync(context, state, state.installing, asked);
      if (state.stage === 'dual-write' && (await isGroupCopying(context, capability)))
        return await takeSyncBack(context, asked);
    } catch (error) {
      if (error instanceof JournalConflictError && attempt < ATTEMPTS) continue;
      throw error;
    }
    throw new NothingToAbortError(
      `no move of "${migration}" is under way; it is in stage ${state.stage}, and \`strangler rollback\` goes back from there`,
    );
  }
}

async function abortChange(
  context: AbortContext,
  state: MigrationState,
  { verb, phase, epoch, from, together }: OwnerChange,
  asked: Asked,
): Promise<MoveResult> {
  const { journal } = context;
  const { migration } = state;
  const { actor, reason } = asked;
  const started = performance.now();
  if (phase === 'owner-changed') {
    throw new NothingToAbortError(
      `"${verb}" of "${migration}" is past the point of no return: the ${state.owner} is the owner, and the rest is being finished. ` +
        'Wait for that (`strangler resume` takes it on if nobody does), then go the other way with a move of its own',
    );
  }
  if (phase === 'started') {
    await appendForAll(context, together, { kind: 'aborting', why: reason }, asked);
  }
  // Nobody is at work with it: it was cut off.
  if (!context.isBusy()) await context.resume(together).catch(unlessTakenOn);
  await until(context, () => journal.state(migration).change?.epoch !== epoch, `"${verb}" of "${migration}"`);
  const detail = `taken back, everything is as before: given up by ${actor}: ${reason}`;
  const { epoch: inForce } = journal.state(migration);
  const durationMs = Math.round(performance.now() - started);
  return { migration, verb, from, to: from, epoch: inForce, done: false, late: false, detail, durationMs };
}

/** Of all that move together, or of none: who is at work with them finds the same of each. */
async function appendForAll(
  { store, journal }: AbortContext,
  together: readonly string[],
  decision: Decision,
  { actor, reason }: Asked,
): Promise<void> {
  await store.appendAll(
    together.map((migration) => {
      const { change, installing, epoch: inForce, seq } = journal.state(migration);
      const epoch = change?.epoch ?? installing?.epoch ?? inForce;
      return { entry: { migration, decision, epoch, actor, reason, evidence: null }, expectedSeq: seq };
    }),
  );
  await journal.refresh();
}

/** The sync that is installing finds the journal against it, and removes what it installed; else it is done here. */
async function abortSync(
  context: AbortContext,
  { migration }: MigrationState,
  { epoch, together }: { epoch: number; together: readonly string[] },
  asked: Asked,
): Promise<MoveResult> {
  const started = performance.now();
  const installed = together.map((name) => ({
    ground: groundOf(context.capability(name)),
    epoch: context.journal.state(name).installing?.epoch ?? epoch,
  }));
  await appendForAll(context, together, { kind: 'aborted', why: asked.reason }, asked);
  if (context.isBusy()) await until(context, () => !context.isBusy(), `"sync" of "${migration}"`);
  else
    await context.claim(together, () =>
      forEach(
        installed,
        async (each) => each.ground && workOf('rollback', 'dual-write', true).run(each.ground, each.epoch),
      ),
    );
  const detail = `what it had installed is removed: given up by ${asked.actor}: ${asked.reason}`;
  const result = { migration, verb: 'sync', from: 'legacy', to: 'legacy', epoch, detail } as const;
  return { ...result, done: false, late: false, durationMs: Math.round(performance.now() - started) };
}

/** What was cut off is taken on by itself, too: whoever was faster does the same. */
function unlessTakenOn(error: unknown): void {
  if (!(error instanceof MoveUnderWayError)) throw error;
}

async function isGroupCopying(context: AbortContext, capability: Capability): Promise<boolean> {
  const names = capability.together ?? [capability.name];
  const copying = await Promise.all(names.map((name) => isCopying(context.capability(name))));
  return copying.includes(true);
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
