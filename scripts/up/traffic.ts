import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import type { ProxyStats } from '../../proxy/data-plane/stats.ts';

/** A proxy that has not reported for this long is gone. */
const GONE_MS = 10_000;

/** What the live proxies counted last, each under its name. */
export async function trafficReports(store: ControlStore): Promise<ProxyStats[]> {
  const reports = await store.reports();
  return [...reports.values()]
    .filter((report) => report.name.startsWith('traffic:') && Date.now() - Date.parse(report.at) < GONE_MS)
    .map((report) => report.value as ProxyStats);
}

export interface ShadowTotals {
  compared: number;
  agreed: number;
  differed: number;
  dropped: number;
  examples: string[];
}

/** Compared answers of one migration over all proxies; null when none was sampled. */
export function shadowTotals(proxies: readonly ProxyStats[], migration: string): ShadowTotals | null {
  const found = proxies.flatMap((proxy) => proxy.migrations[migration]?.shadow ?? []);
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
