import type { Change, Row } from '../databases/database.ts';
import type { EntryMapping } from '../mapping/mapping.ts';
import type { Stream } from '../relay/stream.ts';
import { retryKeys } from '../parking/retry.ts';
import { lagOf, relayOnce } from '../relay/relay.ts';
import { describeDifference } from '../verify/compare.ts';
import { settle } from '../verify/settle.ts';
import type { Ground, SyncedCapability } from './capability.ts';
import { streamFrom } from './capability.ts';
import { MoveFailedError } from './errors.ts';
import type { Side } from './stages.ts';
import { otherSide } from './stages.ts';

/** How many of the newest changes are compared on both sides before the owner changes. */
const RECENT = 200;
/** How many parked changes are tried once more before a hand-over is given up. */
const TRIED_AGAIN = 100;
/** Connections that a hand-over has in use at once, of either database. */
const AT_ONCE = 3;

/** From whom the ownership goes to the other side, and by which epochs. */
export interface HandOver {
  oldOwner: Side;
  /** In force until now. */
  epoch: number;
  /** That is aimed at. */
  newEpoch: number;
}

/** Refuses writes at the old owner, from now until somebody lowers the fence. */
export function fenceOldOwner(
  { name, databases, tables }: Ground,
  { oldOwner, newEpoch }: HandOver,
  lockTimeoutMs: number,
): Promise<void> {
  const ms = Math.max(1, Math.floor(lockTimeoutMs));
  return databases[oldOwner].raiseFence(name, tables[oldOwner], BigInt(newEpoch), ms);
}

/**
 * Does beforehand, while no write has to wait, what takes time and changes nothing: opens as many connections as the
 * hand-over has in use at once, lets both databases see its statements, and compares the rows that were touched lately, so
 * that sides which differ hold up nobody. The hand-over itself relies on none of it.
 *
 * @param patienceMs rows that do not come to rest in this time are left to the comparison behind the fence
 * @throws MoveFailedError when the sides differ
 */
export async function prepareHandOver(
  synced: SyncedCapability,
  { oldOwner, epoch }: HandOver,
  patienceMs: number,
): Promise<void> {
  const stream = streamFrom(synced, oldOwner, epoch);
  const { source, target } = stream;
  const asked = [source, target].flatMap((side) => Array.from({ length: AT_ONCE }, () => side));
  await Promise.all(asked.map((side) => side.sideState(synced.name)));
  await Promise.all([
    lagOf(stream),
    ...stream.mapping.entries.map(({ source: { name } }) => source.identities(name)),
    ...stream.mapping.entries.map((entry) => target.identities(entry.target.name)),
  ]);
  const recent = await source.recentChanges(synced.name, RECENT);
  for (const entry of stream.mapping.entries) await refuseDifferent(stream, entry, recent, patienceMs);
}

/**
 * Carries over all that the fenced side still has. What is pending is read anew after each round: the barrier is
 * "nothing that is committed now is missing there", and after the fence nothing can be added to it.
 */
export async function drain(
  synced: SyncedCapability,
  { oldOwner, epoch }: HandOver,
  decideBy: number,
): Promise<void> {
  const stream = streamFrom(synced, oldOwner, epoch);
  for (;;) {
    const lag = await lagOf(stream);
    if (lag.changes === 0) break;
    if (performance.now() > decideBy) {
      throw new MoveFailedError(
        `${lag.changes} changes were still on their way when the time was over`,
        true,
      );
    }
    await relayOnce(stream);
  }
  const waiting = await stream.target.parkedChanges(synced.name, TRIED_AGAIN);
  if (waiting.length === 0) return;
  // Due or not: what they waited for may have come since.
  await retryKeys(stream, waiting);
  const { parked } = await stream.target.progress(synced.name);
  if (parked > 0)
    throw new MoveFailedError(`${parked} changes are parked on the side that was to take over`, false);
}

/** Compares what was touched lately, and raises the new owner's sequences above everything the old one gave out. */
export async function settleKeys(
  synced: SyncedCapability,
  { oldOwner, epoch }: HandOver,
  patienceMs: number,
): Promise<void> {
  const stream = streamFrom(synced, oldOwner, epoch);
  const recent = await stream.source.recentChanges(synced.name, RECENT);
  // Writes wait meanwhile, so everything that can go side by side does.
  await Promise.all([
    ...stream.mapping.entries.map((entry) => compareRecent(stream, entry, recent, patienceMs)),
    raiseSequences(synced, oldOwner),
  ]);
}

async function compareRecent(
  stream: Stream,
  entry: EntryMapping,
  recent: readonly Change[],
  patienceMs: number,
): Promise<void> {
  const unsettled = await refuseDifferent(stream, entry, recent, patienceMs / 2);
  if (unsettled > 0)
    throw new MoveFailedError(`${unsettled} rows of ${entry.name} did not come to rest`, true);
}

/** @returns how many rows did not come to rest */
async function refuseDifferent(
  stream: Stream,
  entry: EntryMapping,
  recent: readonly Change[],
  patienceMs: number,
): Promise<number> {
  const keys = new Map<string, Row>();
  for (const change of recent) {
    if (change.table !== entry.source.name) continue;
    const key = entry.source.key.map((column) => [column, change.row[column] ?? null]);
    keys.set(change.key, Object.fromEntries(key) as Row);
  }
  if (keys.size === 0) return 0;
  const { differences, unsettled } = await settle(stream, entry, [...keys.values()], patienceMs);
  const [first] = differences;
  if (first) throw new MoveFailedError(`the sides differ: ${describeDifference(first)}`, false);
  return unsettled;
}

async function raiseSequences(synced: SyncedCapability, oldOwner: Side): Promise<void> {
  const { mapping, databases } = synced;
  const direction = oldOwner === 'monolith' ? mapping.toService : mapping.toMonolith;
  const inserting = direction.entries.filter((entry) => !entry.target.part);
  await Promise.all(
    inserting.map(async ({ source, target }) => {
      const given = await databases[oldOwner].identities(source.name);
      const floors = new Map(
        source.key.flatMap((column, i) => {
          const [floor, name] = [given.get(column), target.key[i]];
          return floor === undefined || name === undefined ? [] : [[name, floor] as const];
        }),
      );
      await databases[otherSide(oldOwner)].raiseIdentities(target.name, floors);
    }),
  );
}

/** The old side follows first, so that at no time both take writes. Repeating it changes nothing. */
export async function becomeOwner(
  { name, databases, tables }: Ground,
  { oldOwner, newEpoch }: HandOver,
): Promise<void> {
  const epoch = BigInt(newEpoch);
  const newOwner = otherSide(oldOwner);
  await databases[oldOwner].becomeFollower(name, epoch, databases[newOwner].label);
  await databases[newOwner].becomeOwner(name, tables[newOwner], epoch, epoch);
}

/** Gives the tables back to the old owner. A fence that a late coordinator raises for this attempt is refused. */
export function liftFence(
  { name, databases, tables }: Ground,
  { oldOwner, epoch, newEpoch }: HandOver,
): Promise<void> {
  return databases[oldOwner].becomeOwner(name, tables[oldOwner], BigInt(epoch), BigInt(newEpoch));
}
