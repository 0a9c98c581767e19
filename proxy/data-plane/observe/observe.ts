import type { Kind } from '../../routes/route.ts';
import type { Exchange, Side } from '../exchange.ts';
import { timeNow } from '../moment.ts';
import type { Standing, Standings } from '../standing.ts';
import { ArmWindows, isWatched, type ArmsStats } from './arm-windows.ts';
import { Histogram } from './histogram.ts';
import { SlidingWindow } from './window.ts';

/** Counts of one group of requests. Latencies run to the first byte of the answer, in milliseconds. */
export interface Counts {
  requests: number;
  /** 5xx, or no answer. */
  failed: number;
  p50: number | null;
  p99: number | null;
}

/** Waits of writes for a change of owner, in milliseconds. */
export interface HeldCounts {
  count: number;
  p50: number | null;
  p99: number | null;
  max: number;
}

export interface SideStats extends Counts {
  /** Only reads, only the last minute. */
  lastMinuteReads: Counts;
  /** What came in the last minute, in a form that can be added up over proxies. */
  lastMinute: Record<Kind, WindowStats>;
}

export interface WindowStats {
  requests: number;
  failed: number;
  /** Microseconds to the first byte, as `Histogram.sparse` writes them. */
  latency: number[];
}

export interface TrafficStats {
  monolith: SideStats;
  service: SideStats;
  /** Share of the last minute's reads that the service answered, in percent; null when nothing was read. */
  weightActual: number | null;
  /** 503 instead of an answer, because a bound of the hold was reached. */
  heldTooLong: number;
  held: HeldCounts;
  /** By the epoch in which the write was let go; the newest twenty. */
  heldByEpoch: Record<string, HeldCounts>;
  /** Null in stages in which the service answers no reads. */
  arms: ArmsStats | null;
}

class Tally {
  requests = 0;
  failed = 0;
  readonly latency = new Histogram();

  record(latencyMs: number | null, failed: boolean): void {
    this.requests += 1;
    if (failed) this.failed += 1;
    if (latencyMs !== null) this.latency.record(latencyMs * 1000);
  }
}

const EPOCHS_KEPT = 20;
const LAST_MINUTE = { lengthMs: 60_000, slices: 6 };

class MigrationTraffic {
  readonly all: Record<Side, Tally> = { monolith: new Tally(), service: new Tally() };
  readonly lastMinute: Record<Side, SlidingWindow>;
  readonly lastMinuteWrites: Record<Side, SlidingWindow>;
  readonly held = new Histogram();
  readonly heldByEpoch = new Map<number, Histogram>();
  heldTooLong = 0;
  arms: ArmWindows | null = null;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
    const windows = (): Record<Side, SlidingWindow> => ({
      monolith: new SlidingWindow(LAST_MINUTE, now),
      service: new SlidingWindow(LAST_MINUTE, now),
    });
    this.lastMinute = windows();
    this.lastMinuteWrites = windows();
  }

  recordRead(decision: Exchange['decision'], latencyMs: number | null, failed: boolean): void {
    const latencyUs = latencyMs === null ? null : latencyMs * 1000;
    const now = this.#now();
    this.lastMinute[decision.side].record(latencyUs, failed, now);
    this.arms?.record(decision, latencyUs, failed, now);
  }

  recordHold(ms: number, epoch: number): void {
    this.held.record(ms * 1000);
    let ofEpoch = this.heldByEpoch.get(epoch);
    if (!ofEpoch) this.heldByEpoch.set(epoch, (ofEpoch = new Histogram()));
    ofEpoch.record(ms * 1000);
    const oldest = this.heldByEpoch.keys().next().value;
    if (this.heldByEpoch.size > EPOCHS_KEPT && oldest !== undefined) this.heldByEpoch.delete(oldest);
  }
}

/** Counts what happened, per migration and side. Recording allocates nothing; reading it out may. */
export class Traffic {
  readonly #now: () => number;
  readonly #migrations = new Map<string, MigrationTraffic>();
  readonly #unmatched = new Tally();
  #windowMsOf: (migration: string) => number | undefined = () => undefined;

  constructor(migrations: Iterable<string>, now: () => number = timeNow) {
    this.#now = now;
    for (const name of migrations) this.#migrations.set(name, new MigrationTraffic(now));
  }

  /** How long the window is in which the arms of a migration are compared; undefined when they are not. */
  configure(windowMsOf: (migration: string) => number | undefined, standings: Standings): void {
    this.#windowMsOf = windowMsOf;
    this.follow(standings);
  }

  /** Begins anew to compare the arms where stage or weight changed: what was before says nothing about now. */
  follow(standings: Standings): void {
    for (const standing of standings.byMigration.values()) this.#compareArms(standing);
  }

  /** Records one exchange that has ended. */
  record(exchange: Exchange): void {
    const { match, decision, outcome, heldMs } = exchange;
    if (!outcome) return;
    // Refused at the door: that says nothing about any side.
    if (exchange.problem && heldMs === null) return;
    if (!match) return this.#unmatched.record(outcome.firstByteMs, outcome.failed);
    const traffic = this.#of(match.migration);
    if (heldMs !== null) traffic.recordHold(heldMs, decision.epoch);
    if (exchange.problem) traffic.heldTooLong += 1;
    // No side was asked: either it waited in vain or its client left while it waited.
    if (exchange.problem || decision.waits) return;
    // A read that fell back is a failure of the side that it was meant for: to count it among the monolith's own
    // reads as well would make the arms look alike.
    const { firstByteMs, failed } = exchange.fellBack ?? outcome;
    if (exchange.fellBack) traffic.all.monolith.record(outcome.firstByteMs, outcome.failed);
    traffic.all[decision.side].record(firstByteMs, failed);
    if (match.kind !== 'reads') {
      const latencyUs = firstByteMs === null ? null : firstByteMs * 1000;
      if (latencyUs !== null || failed) traffic.lastMinuteWrites[decision.side].record(latencyUs, failed);
      return;
    }
    if (firstByteMs !== null || failed) traffic.recordRead(decision, firstByteMs, failed);
    // Its client left: it waited at least this long, or a side that hangs would look as if nobody had asked it.
    else traffic.arms?.record(decision, (timeNow() - exchange.startedAt) * 1000, false);
  }

  unmatched(): Counts {
    return countsOf(this.#unmatched);
  }

  of(migration: string): TrafficStats {
    const traffic = this.#of(migration);
    const { lastMinute, lastMinuteWrites } = traffic;
    const reads = { monolith: lastMinute.monolith.sum(), service: lastMinute.service.sum() };
    const sideOf = (side: Side): SideStats => ({
      ...countsOf(traffic.all[side]),
      lastMinuteReads: countsOf(reads[side]),
      lastMinute: { reads: windowOf(reads[side]), writes: windowOf(lastMinuteWrites[side].sum()) },
    });
    const read = reads.monolith.requests + reads.service.requests;
    return {
      monolith: sideOf('monolith'),
      service: sideOf('service'),
      weightActual: read === 0 ? null : (100 * reads.service.requests) / read,
      heldTooLong: traffic.heldTooLong,
      held: heldOf(traffic.held),
      heldByEpoch: Object.fromEntries(
        [...traffic.heldByEpoch].map(([epoch, held]) => [String(epoch), heldOf(held)]),
      ),
      arms: traffic.arms?.stats() ?? null,
    };
  }

  #compareArms({ migration, stage, stageSeq }: Standing): void {
    const traffic = this.#of(migration);
    const windowMs = isWatched(stage) ? this.#windowMsOf(migration) : undefined;
    const { arms } = traffic;
    if (windowMs === undefined) traffic.arms = null;
    else if (arms?.seq !== stageSeq || arms.windowMs !== windowMs)
      traffic.arms = new ArmWindows(stageSeq, windowMs, this.#now);
  }

  #of(migration: string): MigrationTraffic {
    let traffic = this.#migrations.get(migration);
    if (!traffic) this.#migrations.set(migration, (traffic = new MigrationTraffic(this.#now)));
    return traffic;
  }
}

function countsOf(tally: { requests: number; failed: number; latency: Histogram }): Counts {
  const { requests, failed, latency } = tally;
  return {
    requests,
    failed,
    p50: milliseconds(latency.quantile(0.5)),
    p99: milliseconds(latency.quantile(0.99)),
  };
}

function windowOf({ requests, failed, latency }: ReturnType<SlidingWindow['sum']>): WindowStats {
  return { requests, failed, latency: latency.sparse() };
}

function heldOf(held: Histogram): HeldCounts {
  return {
    count: held.total,
    p50: milliseconds(held.quantile(0.5)),
    p99: milliseconds(held.quantile(0.99)),
    max: held.max / 1000,
  };
}

function milliseconds(us: number | null): number | null {
  return us === null ? null : us / 1000;
}
