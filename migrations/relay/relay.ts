import { setTimeout as pause } from 'node:timers/promises';
import type { Pending } from '../databases/database.ts';
import { applyChanges, retryParked } from '../apply/apply.ts';
import type { Stream } from './stream.ts';

/** Changes reach the follower at most this much later than they were committed, when nothing is in the way. */
const POLL_MS = 20;
/** How often an idle stream moves its position on, purges, and retries what is parked. */
const HOUSEKEEPING_MS = 1000;

/**
 * Carries over everything that is committed on the source now. The new position is saved in the target, in the
 * transaction that applies the changes: a crash loses neither or both.
 *
 * @returns number of changes read
 */
export async function relayOnce(stream: Stream): Promise<number> {
  const { migration, source, target, mapping } = stream;
  let count = 0;
  await target.applying(migration, stream.epoch, async (applier) => {
    const parked = new Set((await applier.parked()).map((change) => `${change.table} ${change.key}`));
    const position = await source.readChanges(migration, applier.position, async (changes) => {
      count += changes.length;
      await applyChanges(applier, mapping, changes, parked);
    });
    await applier.savePosition(position);
  });
  return count;
}

/** What the source has and the target has not yet. */
export async function lagOf(stream: Stream): Promise<Pending> {
  const side = await stream.target.sideState(stream.migration);
  return stream.source.pending(stream.migration, side?.position ?? '');
}

/** Called after each round of the relay: what was behind, and how much was carried over. */
export type RelayObserver = (lag: Pending, applied: number) => void;

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
  let housekeepingAt = 0;
  while (!signal.aborted) {
    const tellApplied = beginRound();
    const lag = await lagOf(stream);
    const isDue = Date.now() >= housekeepingAt;
    const applied = lag.changes > 0 || isDue ? await relayOnce(stream) : 0;
    observe(lag, applied);
    // What is parked was read and is not there; asked last, so that nothing is parked afterwards unseen.
    if (tellApplied && (await stream.target.parkedChanges(stream.migration, 1)).length === 0) tellApplied();
    if (isDue) {
      await keepHouse(stream);
      housekeepingAt = Date.now() + HOUSEKEEPING_MS;
    }
    await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function keepHouse(stream: Stream): Promise<void> {
  const { migration, source, target, mapping } = stream;
  await retryParked(target, migration, stream.epoch, mapping);
  const side = await target.sideState(migration);
  if (side?.role === 'follower') await source.purge(migration, side.position);
}
