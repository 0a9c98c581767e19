import type { RouteStatus, Side, Stage } from './lifecycle.ts';

/** Who asks for what, and how much of it the services have taken over. Part of the `Lifecycle`; rejects as it does. */
export interface Usage {
  /** Every route, and what no route claims; with `usedAfter` (ISO time) only those that were asked for since. */
  routes(usedAfter: string | null): Promise<RoutesUse>;
  /** What the services have taken over, over time. */
  progress(query: ProgressQuery): Promise<Progress>;
  /** How both sides of a migration answered lately. */
  traffic(migration: string): Promise<MigrationTraffic>;
}

export interface RoutesUse {
  /** ISO time. */
  at: string;
  routes: RouteUse[];
  /** The most frequent first, a thousand at most. */
  unmatched: UnmatchedUse[];
}

export interface RouteUse extends RouteStatus {
  /** Tells it from all others, also after a restart. */
  id: string;
  migration: string;
  service: string;
  stage: Stage;
  requests: Record<Side, number>;
  /** ISO time; null when it never was. */
  lastSeen: string | null;
  /** Since when it is counted, as ISO time; null for one that was added at this moment. */
  countedSince: string | null;
}

export interface UnmatchedUse {
  method: string;
  /** The path with `{…}` for what looks like a value. */
  path: string;
  requests: number;
  /** ISO times. */
  firstSeen: string;
  lastSeen: string;
}

export interface ProgressQuery {
  /** ISO time; null for all there is. */
  since: string | null;
  /** How many points at most. */
  points: number;
}

export interface Progress {
  /** Oldest first; the last one is of this moment. */
  points: ProgressPoint[];
}

/** What the services had taken over at one moment, and what was asked for since the point before. */
export interface ProgressPoint {
  /** ISO time. */
  at: string;
  /** Length of the time in which requests and writes were counted. */
  seconds: number;
  /** How many there were, and how many of them the services answered; shared ones count for their part. */
  routes: { total: number; service: number };
  /** Reads and writes. */
  requests: Record<Side, number>;
  writes: Record<Side, number>;
}

export interface MigrationTraffic {
  migration: string;
  /** How far back each point looks. */
  windowSeconds: number;
  now: TrafficPoint;
  /** One each five seconds of the last quarter of an hour, oldest first, as far as this process saw them. */
  points: TrafficPoint[];
}

export interface TrafficPoint {
  /** ISO time. */
  at: string;
  monolith: SideTraffic;
  service: SideTraffic;
}

export interface SideTraffic {
  reads: Rate;
  writes: Rate;
}

/** Latencies run to the first byte, in milliseconds. */
export interface Rate {
  perSecond: number;
  /** Null when nothing was asked. */
  failedPercent: number | null;
  p50: number | null;
  p99: number | null;
}
