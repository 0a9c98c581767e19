import { setTimeout as pause } from 'node:timers/promises';
import type { Applier, Change, ChangedKey, Pending } from '../databases/database.ts';
import { CaptureLostError } from '../databases/errors.ts';
import type { PreparedChanges } from '../apply/apply.ts';
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
 * So many changes of a round are committed at a time. What one transaction has written over and over, its server cannot
 * clear away before its end: the longer it lasts, the slower it becomes.
 */
const PIECE_CHANGES = 5000;

/**
 * Carries over everything that is committed on the source now, in one transaction of the target, or in several where it
 * is much. The last of them saves the new position: a crash before it lets all be read again, and the marks know what was
 * applied.
 *
 * @returns number of changes read
 */
export async function relayOnce(stream: Stream): Promise<number> {
  let count = 0;
  let round: Round;
  do {
    round = new Round(stream);
    try {
      while (!round.isOver) {
        await stream.target.applying(stream.migration, stream.epoch, (applier) => round.applyPiece(applier));
      }
    } finally {
      await round.stopReading();
    }
    count += round.count;
  } while (round.wasOvertaken);
  return count;
}

class Round {
  isOver = false;
  /**
   * Somebody else carried over the same meanwhile, and saved a position. It may have begun earlier and have seen less, so
   * another round has to look.
   */
  wasOvertaken = false;
  count = 0;
  private readonly stream: Stream;
  private readonly refused: ChangedKey[] = [];
  private since: string | null = null;
  private pages: AsyncGenerator<PreparedChanges, string, void> | null = null;

  constructor(stream: Stream) {
    this.stream = stream;
  }

  async applyPiece(applier: Applier): Promise<void> {
    const { mapping } = this.stream;
    this.since ??= applier.position;
    this.isOver = this.wasOvertaken = applier.position !== this.since;
    this.pages ??= this.read(this.since);
    for (const end = this.count + PIECE_CHANGES; !this.isOver && this.count < end;) {
      const page = await this.pages.next();
      if (page.done) {
        const { refused } = this;
        if (refused.length > 0) await tryAgain(applier, mapping, await applier.newestParked(refused));
        await applier.savePosition(page.value);
        this.isOver = true;
      } else {
        this.count += page.value.changes.length;
        const more = await applyPrepared(applier, mapping, page.value);
        const room = REFUSED - this.refused.length;
        this.refused.push(...more.slice(0, room).map(({ table, key }) => ({ table, key })));
      }
    }
  }

  async stopReading(): Promise<void> {
    // Whatever the reading failed with was told by the next page, or does not matter any more.
    await this.pages?.return('').catch(() => undefined);
  }

  private read(since: string): AsyncGenerator<PreparedChanges, string, void> {
    const { migration, source, mapping } = this.stream;
    return oneAhead(
      (take: (changes: Change[]) => Promise<void>) => source.readChanges(migration, since, take),
      (changes) => prepareChanges(mapping, changes),
    );
  }
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
