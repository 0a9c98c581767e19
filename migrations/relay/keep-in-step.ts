import { setTimeout as pause } from 'node:timers/promises';
import type { BackfillReport } from '../backfill/backfill.ts';
import { backfill } from '../backfill/backfill.ts';
import type { Pending } from '../databases/database.ts';
import { relayForever, type BeginRound } from './relay.ts';
import type { Stream } from './stream.ts';

const RETRY_MS = 500;
/** Live changes come first: the copy rests while they are behind by more than this. */
const BACKFILL_LAG_SECONDS = 2;

/** How a stream is doing, for status and gates. */
export interface SyncReport {
  epoch: number;
  from: string;
  to: string;
  state: 'starting' | 'backfill' | 'live' | 'stalled';
  /** Why it is stalled; empty when all is well. */
  detail: string;
  lagSeconds: number;
  lagChanges: number;
  parked: number;
  parkedReasons: string[];
  /** Changes carried over since this process took the stream up. */
  applied: number;
  backfill: BackfillReport[];
}

/**
 * Keeps the follower in step until `signal` aborts, which the journal decides: live changes at once, existing rows beside
 * them where the direction has any to copy. A database that goes away is tried again until it is back.
 */
export async function keepInStep(
  stream: Stream,
  withBackfill: boolean,
  observe: (report: SyncReport) => void,
  signal: AbortSignal,
  beginRound: BeginRound = () => null,
): Promise<void> {
  const report: SyncReport = {
    epoch: Number(stream.epoch),
    from: stream.source.label,
    to: stream.target.label,
    state: 'starting',
    detail: '',
    lagSeconds: 0,
    lagChanges: 0,
    parked: 0,
    parkedReasons: [],
    applied: 0,
    backfill: [],
  };
  let isCopied = !withBackfill;
  const relaying = async (inner: AbortSignal): Promise<void> => {
    const watch = (lag: Pending, applied: number): void => {
      report.lagSeconds = lag.seconds;
      report.lagChanges = lag.changes;
      report.applied += applied;
      report.state = isCopied ? 'live' : 'backfill';
      report.detail = '';
      observe(report);
    };
    // A row that is not copied yet is not there either.
    await relayForever(stream, watch, inner, () => (isCopied ? beginRound() : null));
  };
  const copying = async (inner: AbortSignal): Promise<void> => {
    if (isCopied) return;
    await backfill(stream, {
      observe: (tables) => {
        report.backfill = tables;
        observe(report);
      },
      mustWait: () => report.lagSeconds > BACKFILL_LAG_SECONDS,
      signal: inner,
    });
    isCopied = !inner.aborted;
  };
  const counting = async (inner: AbortSignal): Promise<void> => {
    while (!inner.aborted) {
      report.parked = (await stream.target.progress(stream.migration)).parked;
      report.parkedReasons = report.parked > 0 ? await reasonsOf(stream) : [];
      await pause(1000, undefined, { signal: inner }).catch(() => undefined);
    }
  };
  while (!signal.aborted) {
    try {
      await together([relaying, copying, counting], signal);
    } catch (error) {
      report.state = 'stalled';
      report.detail = error instanceof Error ? error.message : String(error);
      observe(report);
      await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function reasonsOf(stream: Stream): Promise<string[]> {
  const changes = await stream.target.parkedChanges(stream.migration, 5);
  return changes.map((change) => `${change.table} ${change.key}: ${change.reason}`);
}

/** Runs the tasks beside each other; the first that fails stops the others and its error is the result. */
async function together(
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
  outer: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([outer, failed.signal]);
  const running = tasks.map((task) =>
    task(signal).catch((error: unknown) => {
      failed.abort();
      throw error;
    }),
  );
  const results = await Promise.allSettled(running);
  const first = results.find((result) => result.status === 'rejected');
  if (first) throw first.reason;
}
