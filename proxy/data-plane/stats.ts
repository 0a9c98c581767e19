import type { RefusedCounts } from './admit/admit.ts';
import type { ShadowStats } from './shadow/mirror.ts';
import type { Counts, TrafficStats } from './observe/observe.ts';
import type { Parts } from './pipeline.ts';
import type { UpstreamsHealth } from './upstreams/upstreams.ts';

export interface MigrationStats extends TrafficStats {
  /** Writes that wait right now. */
  waitingWrites: number;
  /** Writes that were sent on and have not ended. */
  runningWrites: number;
  /** Null when no read was sampled yet: no data is no verdict. */
  shadow: ShadowStats | null;
}

/** Everything that one proxy counted since it started, as plain JSON. */
export interface ProxyStats {
  /** Journal position that requests are decided on. */
  seq: number;
  /** Journal position that was acknowledged last; -1 before the first. */
  acknowledged: number;
  migrations: Record<string, MigrationStats>;
  /** Requests that no side was asked for, because their client may not ask. */
  refused: RefusedCounts;
  /** Requests that no route claims; the monolith answers them. */
  unmatched: Counts;
  /** How the addresses of both sides fare. */
  upstreams: UpstreamsHealth;
}

/** Reads all counters out. */
export function statsOf(parts: Parts): ProxyStats {
  const names = new Set(parts.table.routes.map((route) => route.migration));
  const migrations: Record<string, MigrationStats> = {};
  for (const name of names) {
    migrations[name] = {
      ...parts.observers.traffic.of(name),
      waitingWrites: parts.held.count(name),
      runningWrites: parts.running.count(name),
      shadow: parts.shadow.stats(name),
    };
  }
  return {
    seq: parts.follower.newest().seq,
    acknowledged: parts.follower.acknowledged,
    migrations,
    refused: parts.admission.refused(),
    unmatched: parts.observers.traffic.unmatched(),
    upstreams: parts.upstreams.health,
  };
}
