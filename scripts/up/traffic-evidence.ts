import type { MigrationState } from '../../migrations/lifecycle/fold.ts';
import type { ArmEvidence, TrafficEvidence } from '../../migrations/lifecycle/guardrails.ts';
import type { Report } from '../../migrations/lifecycle/store.ts';
import type { SyncReport } from '../../migrations/relay/keep-in-step.ts';
import type { ArmStats } from '../../proxy/data-plane/observe/arm-windows.ts';
import { Histogram } from '../../proxy/data-plane/observe/histogram.ts';
import { shadowTotals } from './shadow-totals.ts';
import type { TrafficReport } from './traffic.ts';
import { trafficReports } from './traffic.ts';

/** A report of the sync that is older than this says nothing about now. */
const STALE_MS = 5000;

/** What of strangler.yaml decides what there is to see. */
export interface WatchedMigration {
  hasTables: boolean;
  /** Share of reads that are compared, in percent. */
  shadowSample: number;
}

/** Turns what proxies and sync report into the evidence that guardrails judge. */
export class TrafficEvidenceReader {
  private readonly compared = new Map<string, ComparedLately>();

  /** What the reports say of a migration at its present stage and weight. */
  read(
    state: MigrationState,
    migration: WatchedMigration,
    windowMs: number,
    reports: ReadonlyMap<string, Report>,
    now: number,
  ): TrafficEvidence {
    const traffic = trafficReports(reports);
    const isCanary = state.stage === 'canary';
    return {
      windowMs,
      service: armOf(traffic, state, 'service'),
      monolith: isCanary ? armOf(traffic, state, 'monolith') : null,
      shadow:
        isCanary && migration.shadowSample > 0 ? this.comparedOf(state).within(traffic, windowMs, now) : null,
      lag: migration.hasTables ? { seconds: lagOf(state, reports) } : null,
    };
  }

  private comparedOf(state: MigrationState): ComparedLately {
    let compared = this.compared.get(state.migration);
    if (compared?.state.stageSeq !== state.stageSeq) {
      compared = new ComparedLately(state);
      this.compared.set(state.migration, compared);
    }
    return compared;
  }
}

/** Reads of one side over all live proxies, of those that follow the present weight already. */
function armOf(
  traffic: readonly TrafficReport[],
  { migration, stageSeq }: MigrationState,
  side: 'monolith' | 'service',
): ArmEvidence {
  const found: ArmStats[] = traffic.flatMap(({ isLive, stats }) => {
    const arms = stats.migrations[migration]?.arms;
    return isLive && arms?.seq === stageSeq ? [arms[side]] : [];
  });
  const latency = new Histogram();
  for (const arm of found) latency.addSparse(arm.latency);
  const p99Us = latency.quantile(0.99);
  return {
    requests: found.reduce((sum, arm) => sum + arm.requests, 0),
    failed: found.reduce((sum, arm) => sum + arm.failed, 0),
    timed: latency.total,
    p99Ms: p99Us === null ? null : p99Us / 1000,
    slowerThan: (ms) => latency.countAbove(ms * 1000),
  };
}

/** Null when the sync does not report, or not of this epoch, or cannot tell. */
function lagOf({ migration, epoch }: MigrationState, reports: ReadonlyMap<string, Report>): number | null {
  const report = reports.get(`sync:${migration}`);
  const value = report?.value as SyncReport | undefined;
  if (!report || value?.epoch !== epoch || report.ageMs > STALE_MS) return null;
  // One that stands still knows how far it is behind as long as it can ask the owner; that nothing is says nothing.
  if (value.state === 'stalled') return value.lagChanges > 0 ? value.lagSeconds : null;
  return value.state === 'live' ? value.lagSeconds : null;
}

/**
 * Proxies count compared answers since stage `shadow` began. What came in the window is the difference to what the
 * count was at its beginning, as far back as this process has looked.
 */
class ComparedLately {
  readonly state: MigrationState;
  private readonly seen: { at: number; compared: number; differed: number }[] = [];

  constructor(state: MigrationState) {
    this.state = state;
  }

  within(
    traffic: readonly TrafficReport[],
    windowMs: number,
    now: number,
  ): { compared: number; differed: number } {
    const { compared, differed } = shadowTotals(traffic, this.state, null) ?? { compared: 0, differed: 0 };
    // A proxy counts anew when its rules of comparing change.
    if (compared < (this.seen.at(-1)?.compared ?? 0) || differed < (this.seen.at(-1)?.differed ?? 0))
      this.seen.length = 0;
    this.seen.push({ at: now, compared, differed });
    while (this.seen.length > 1 && (this.seen[1]?.at ?? now) <= now - windowMs) this.seen.shift();
    const [first] = this.seen;
    return { compared: compared - (first?.compared ?? 0), differed: differed - (first?.differed ?? 0) };
  }
}
