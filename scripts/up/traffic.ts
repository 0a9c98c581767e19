import type { MigrationState } from '../../migrations/lifecycle/fold.ts';
import type { Report } from '../../migrations/lifecycle/store.ts';
import type { ProxyStats } from '../../proxy/data-plane/stats.ts';

/** A proxy that has not reported for this long is gone. */
const GONE_MS = 10_000;

/** What one proxy counted, as it last said. */
export interface TrafficReport {
  /** ISO time. */
  at: string;
  isLive: boolean;
  stats: ProxyStats;
}

/** What every proxy counted last, those that are gone too. */
export function trafficReports(reports: ReadonlyMap<string, Report>, now: number): TrafficReport[] {
  return [...reports.values()]
    .filter((report) => report.name.startsWith('traffic:'))
    .map(({ at, value }) => ({ at, isLive: now - Date.parse(at) < GONE_MS, stats: value as ProxyStats }));
}

export interface ShadowTotals {
  compared: number;
  agreed: number;
  differed: number;
  dropped: number;
  examples: string[];
}

/**
 * Compared answers of one migration over all proxies since it entered stage `shadow`, so that neither a proxy that
 * was restarted takes its evidence along, nor an old fault counts for ever. Null when none was sampled.
 */
export function shadowTotals(
  traffic: readonly TrafficReport[],
  { migration, shadowSince }: Pick<MigrationState, 'migration' | 'shadowSince'>,
): ShadowTotals | null {
  const found = traffic
    .filter(({ at }) => shadowSince !== null && at > shadowSince)
    .flatMap(({ stats }) => stats.migrations[migration]?.shadow ?? []);
  if (found.length === 0) return null;
  const sum = (pick: (shadow: (typeof found)[number]) => number): number =>
    found.reduce((total, shadow) => total + pick(shadow), 0);
  return {
    compared: sum((shadow) => shadow.compared),
    agreed: sum((shadow) => shadow.agreed),
    differed: sum((shadow) => shadow.differed),
    dropped: sum((shadow) => shadow.dropped),
    examples: found.flatMap((shadow) => shadow.examples).slice(0, 10),
  };
}
