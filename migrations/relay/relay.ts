import { setTimeout as pause } from 'node:timers/promises';
import type { Change, ChangedKey, Pending } from '../databases/database.ts';
import { CaptureLostError } from '../databases/errors.ts';
import { applyPrepared, prepareChanges } from '../apply/apply.ts';
import { Retries, tryAgain } from '../parking/retry.ts';
import { oneAhead } from './one-ahead.ts';
import type { Stream } from './stream.ts';

/** Changes reach the follower at most this much later than they were committed, when nothing is in the way. */
const POLL_MS = 20;
/** How often an idle stream moves its position on and purges. */
const HOUSEKEEPING_MS = 1000;

/** What was refused is tried once more at the end of its round, when all that belongs to it is there: so much of it. */
const REFUSED = 1000;

/**
 * Carries over everything that is committed on the source now. The new position is saved in the target, in the
 * transaction that applies the changes: a crash loses neither or both.
 *
 * @returns number of changes read
 */
export async function relayOnce(stream: Stream): Promise<number> {
  const { migration, source, target, mapping } = stream;
  let count = 0;
  const refused: ChangedKey[] = [];
  await target.applying(migration, stream.epoch, async (applier) => {
    const position = await oneAhead(
      (take: (changes: Change[]) => Promise<void>) => source.readChanges(migration, applier.position, take),
      (changes) => prepareChanges(mapping, changes),
      async (prepared) => {
        count += prepared.changes.length;
        const more = await applyPrepared(applier, mapping, prepared);
        refused.push(...more.slice(0, REFUSED - refused.length).map(({ table, key }) => ({ table, key })));
      },
    );
    if (refused.length > 0) await tryAgain(applier, mapping, await applier.newestParked(refused));
    await applier.savePosition(position);
  });
  return count;
}

/** What the source has and the target has not yet. */
export async function lagOf(stream: Pick<Stream, 'migration' | 'source' | 'target'>): Promise<Pending> {
  const side = await stream.target.sideState(stream.migration);
  return stream.source.pending(stream.migration, side?.position ?? '');
}

/**
 * Called after each round of the relay: what was behind, and how much was carried over; what a person should know
 * though all goes on; and how many messages were put aside since the last call, being no changes.
 */
export type RelayObserver = (lag: Pending, applied: number, remark?: string, unreadable?: number) => void;

/**
 * Called before a round looks at its source; null when nobody wants to know. What it returns is called once everything
 * that was committed until then is applied.
 */
export type BeginRound = () => (() => void) | null;

/**
 * Relays until `signal` aborts.
 *
 * @throws StaleEpochError when the owner changed: the stream is over; any database error as it came
 */
export async function relayForever(
  stream: Stream,
  observe: RelayObserver,
  signal: AbortSignal,
  beginRound: BeginRound = () => null,
): Promise<void> {
  const retries = new Retries(stream);
  let housekeepingAt = 0;
  while (!signal.aborted) {
    const tellApplied = beginRound();
    const lag = await lagOf(stream);
    const isDue = performance.now() >= housekeepingAt;
    const applied = lag.changes > 0 || isDue ? await relayOnce(stream) : 0;
    observe(lag, applied);
    // What is parked was read and is not there; asked last, so that nothing is parked afterwards unseen.
    if (tellApplied && (await stream.target.parkedChanges(stream.migration, 1)).length === 0) tellApplied();
    await retries.whenDue();
    if (isDue) {
      await keepHouse(stream);
      housekeepingAt = performance.now() + HOUSEKEEPING_MS;
    }
    await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Removes what the follower has from the owner's database, and what neither needs of its log. */
export async function keepHouse(stream: Stream): Promise<void> {
  const { migration, source, target } = stream;
  // What the follower's log would lose is only what was applied to it: that breaks the way back, which a gate says.
  const back = target.tendCapture(migration).catch((error: unknown) => {
    if (!(error instanceof CaptureLostError)) throw error;
  });
  await Promise.all([source.tendCapture(migration), back]);
  const side = await target.sideState(migration);
  if (side?.role === 'follower') await source.purge(migration, side.position);
}
