import { Registry, collectDefaultMetrics } from 'prom-client';
import type { Standings } from '../../standing.ts';
import type { ProxyStats } from '../../stats.ts';
import type { LaneCounts } from '../lanes.ts';
import { register } from './family.ts';
import { laneFamilies } from './lane-families.ts';
import type { RequestCounts } from './request-counts.ts';
import { requestFamilies } from './request-families.ts';
import { journalFamilies, shadowFamilies, standingFamilies, writeFamilies } from './state-families.ts';
import { doorFamilies, sideFamilies } from './upstream-families.ts';

/** What figures are read from when somebody asks for them. */
export interface MetricsSource {
  requests: RequestCounts;
  lanes: LaneCounts;
  stats: ProxyStats;
  standings: Standings;
  leaseIsLive: boolean;
}

/**
 * Writes every figure in the text format of Prometheus. What a request costs is counted elsewhere, in arrays; it is
 * put in this form only here, for a scrape is rare.
 */
export function renderMetrics({ requests, lanes, stats, standings, leaseIsLive }: MetricsSource): Promise<string> {
  const registry = new Registry();
  register(registry, [
    ...requestFamilies(requests, Object.keys(stats.migrations)),
    ...writeFamilies(requests, stats),
    ...shadowFamilies(stats),
    ...standingFamilies(standings, stats),
    ...journalFamilies(stats, leaseIsLive),
    ...sideFamilies(stats.upstreams),
    ...doorFamilies(stats.refused),
    ...laneFamilies(lanes),
  ]);
  return Registry.merge([registry, processRegistry()]).metrics();
}

let ofProcess: Registry | undefined;

/** Once for the process, not for each proxy in it: what watches the garbage collector cannot be taken down again. */
function processRegistry(): Registry {
  if (!ofProcess) collectDefaultMetrics({ register: (ofProcess = new Registry()) });
  return ofProcess;
}
