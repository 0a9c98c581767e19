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
export function trafficReports(reports: ReadonlyMap<string, Report>): TrafficReport[] {
  return [...reports.values()]
    .filter((report) => report.name.startsWith('traffic:'))
    .map(({ at, ageMs, value }) => ({ at, isLive: ageMs < GONE_MS, stats: value as ProxyStats }));
}
