import { setTimeout as pause } from 'node:timers/promises';
import { backfill } from '../backfill/backfill.ts';
import type { BackfillReport } from '../backfill/progress.ts';
import type { BackfillSettings } from '../backfill/schema.ts';
import type { Pending } from '../databases/database.ts';
import type { Transport } from '../transport/transport.ts';
import type { BeginRound } from './relay.ts';
import { lagOf } from './relay.ts';
import type { Stream } from './stream.ts';
import { together } from './together.ts';

const RETRY_MS = 500;

/** How a stream is doing, for status and gates. */
export interface SyncReport {
  epoch: number;
  from: string;
  to: string;
  state: 'starting' | 'backfill' | 'live' | 'stalled';
  /** Why it is stalled, or what else a person should know; empty when all is well. */
  detail: string;
  lagSeconds: number;
  lagChanges: number;
  parked: number;
  parkedReasons: string[];
  /** Keys that have something parked. */
  parkedKeys: number;
  /** Changes carried over since this process took the stream up. */
  applied: number;
  /** Messages of the bus that were no changes and were put aside, since then. */
  unreadable: number;
  backfill: BackfillReport[];
}

/** How the existing rows are to be copied. */
export interface CopyOrder {
  settings(): BackfillSettings;
  /** Why a person holds the copy; null when nobody does. */
  heldBecause(): string | null;
}

/**
 * Keeps the follower in step until `signal` aborts, which the journal decides: live changes at once, existing rows beside
 * them where there is an order to copy them. A database that goes away is tried again until it is back.
 */
export async function keepInStep(
  stream: Stream,
  transport: Transport,
  copyOrder: CopyOrder | null,
  observe: (report: SyncReport) => void,
  signal: AbortSignal,
  beginRound: BeginRound = () => null,
): Promise<void> {
  const report = beginningOf(stream);
  let isCopied = copyOrder === null;
  let fault: string | null = null;
  const relaying = async (inner: AbortSignal): Promise<void> => {
    const watch = (lag: Pending, applied: number, remark = '', unreadable = 0): void => {
      report.unreadable += unreadable;
      report.lagSeconds = lag.seconds;
      report.lagChanges = lag.changes;
      report.applied += applied;
      // A transport that can begin anew tells of its lag at once, also when what failed is still before it.
      if (applied > 0 || lag.changes === 0) fault = null;
      report.state = fault !== null ? 'stalled' : isCopied ? 'live' : 'backfill';
      report.detail = fault ?? remark;
      observe(report);
    };
    // A row that is not copied yet is not there either.
    await transport.carry(stream, watch, inner, () => (isCopied ? beginRound() : null));
  };
  const copying = async (inner: AbortSignal): Promise<void> => {
    if (copyOrder === null || isCopied) return;
    await backfill(stream, {
      observe: (tables) => {
        report.backfill = tables;
        observe(report);
      },
      lagSeconds: () => report.lagSeconds,
      heldBecause: () => copyOrder.heldBecause(),
      settings: () => copyOrder.settings(),
      signal: inner,
    });
    isCopied = !inner.aborted;
  };
  const counting = async (inner: AbortSignal): Promise<void> => {
    while (!inner.aborted) {
      const { parked, parkedKeys } = await stream.target.progress(stream.migration);
      Object.assign(report, { parked, parkedKeys });
      report.parkedReasons = report.parked > 0 ? await reasonsOf(stream) : [];
      await pause(1000, undefined, { signal: inner }).catch(() => undefined);
    }
  };
  while (!signal.aborted) {
    try {
      await together([relaying, copying, counting], signal);
    } catch (error) {
      fault = error instanceof Error ? error.message : String(error);
      // What is behind grows while nothing is carried, and somebody may watch that alone.
      const lag = await lagOf(stream).catch(() => null);
      if (lag) Object.assign(report, { lagSeconds: lag.seconds, lagChanges: lag.changes });
      report.state = 'stalled';
      report.detail = fault;
      observe(report);
      await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

const beginningOf = ({ epoch, source, target }: Stream): SyncReport => ({
  epoch: Number(epoch),
  from: source.label,
  to: target.label,
  state: 'starting',
  detail: '',
  lagSeconds: 0,
  lagChanges: 0,
  parked: 0,
  parkedReasons: [],
  parkedKeys: 0,
  applied: 0,
  unreadable: 0,
  backfill: [],
});

async function reasonsOf(stream: Stream): Promise<string[]> {
  const changes = await stream.target.parkedChanges(stream.migration, 5);
  return changes.map((change) => `${change.table} ${change.key}: ${change.reason}`);
}
