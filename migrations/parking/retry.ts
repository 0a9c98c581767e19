import type { MappedChange } from '../apply/map-changes.ts';
import { mapChanges } from '../apply/map-changes.ts';
import { untangle } from '../apply/untangle.ts';
import type { Applier, ChangedKey, Database, ParkedChange } from '../databases/database.ts';
import type { DirectionMapping } from '../mapping/mapping.ts';
import { runsOf } from '../mapping/mapping.ts';
import type { Stream } from '../relay/stream.ts';

/** A key that was tried again: why it is still parked; null when it is applied. */
export interface Retried extends ChangedKey {
  reason: string | null;
}

/** A try that fails costs a round trip or three, under the lock that live changes wait for. */
const FEW = 10;
const MANY = 1000;
const EVERY_MS = 1000;

/**
 * Tries again what is due. A change carries the whole row, so the newest of each key stands for all before it: a value
 * that was bad for a moment is mended by the next good one. What fails stays, with its newest reason.
 */
export function retryParked(
  target: Database,
  migration: string,
  epoch: bigint,
  mapping: DirectionMapping,
  limit = MANY,
): Promise<Retried[]> {
  return target.applying(migration, epoch, async (applier) =>
    tryAgain(applier, mapping, await applier.dueParked(limit)),
  );
}

/** Tries these keys now, due or not. A key that has nothing parked is not in the answer. */
export function retryKeys(stream: Stream, keys: readonly ChangedKey[]): Promise<Retried[]> {
  return stream.target.applying(stream.migration, stream.epoch, async (applier) =>
    tryAgain(applier, stream.mapping, await applier.newestParked(keys)),
  );
}

/** Tries the newest parked change of some keys, in their order, as many together as keep it. */
export async function tryAgain(
  applier: Applier,
  mapping: DirectionMapping,
  newest: readonly ParkedChange[],
): Promise<Retried[]> {
  const tables = [...new Set(newest.map(({ table }) => table))].map((table) => ({ table, key: '' }));
  const cleared = new Set((await applier.parkedAmong(tables)).map(({ table }) => table));
  const result: Retried[] = [];
  const end = async (change: ParkedChange, fault: Error | null): Promise<void> => {
    if (fault) await applier.postpone(change, fault.message);
    else await applier.unpark(change);
    result.push({ table: change.table, key: change.key, reason: fault?.message ?? null });
  };
  const isFree = ({ table, key }: ChangedKey): boolean => key === '' || !cleared.has(table);
  for (const { table, key } of newest.filter((change) => !isFree(change))) {
    result.push({ table, key, reason: `waits for the truncation of ${table}, which is parked` });
  }
  const inOrder = newest.filter(isFree).sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
  const mapped: MappedChange[] = [];
  for (const run of runsOf(inOrder)) {
    const { mapped: some, faults } = await mapChanges(mapping, run);
    for (const { change, error } of faults) await end(change as ParkedChange, error);
    mapped.push(...some);
  }
  const refused = await untangle(applier, mapped);
  for (const { change } of mapped) await end(change as ParkedChange, refused.get(change) ?? null);
  return result;
}

/**
 * Retries what a stream has parked, without getting in its way: ten keys a second while they fail, however many there
 * are; more and more at once, and without a pause, as soon as they go through.
 */
export class Retries {
  private readonly stream: Stream;
  private limit = FEW;
  private dueAt = 0;

  constructor(stream: Stream) {
    this.stream = stream;
  }

  /** To be called in each round. */
  async whenDue(): Promise<void> {
    if (performance.now() < this.dueAt) return;
    const { target, migration, epoch, mapping } = this.stream;
    const tried = await retryParked(target, migration, epoch, mapping, this.limit);
    const isWell = tried.every(({ reason }) => reason === null);
    const isMore = isWell && tried.length === this.limit;
    this.limit = isWell ? Math.min(this.limit * 4, MANY) : FEW;
    this.dueAt = isMore ? 0 : performance.now() + EVERY_MS;
  }
}
