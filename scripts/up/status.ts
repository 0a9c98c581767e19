import type { MigrationState } from '../../migrations/lifecycle/fold.ts';
import type { VerifyRecord } from '../../migrations/lifecycle/evidence.ts';
import type { Guarded } from '../../migrations/lifecycle/guard-traffic.ts';
import type { Effect } from '../../migrations/lifecycle/protocol.ts';
import { verdictOfAll } from '../../migrations/lifecycle/shadow-verdict.ts';
import { ALLOWED_MOVES, isSynced, nextVerb, otherSide } from '../../migrations/lifecycle/stages.ts';
import { VERIFY_SILENT_MS } from '../../migrations/lifecycle/run-verify.ts';
import type { Report } from '../../migrations/lifecycle/store.ts';
import type {
  MigrationStatus,
  RouteStatus,
  ShadowStatus,
  SyncStatus,
  VerifyStatus,
} from '../../proxy/control/lifecycle.ts';
import type { ShadowSettings } from '../../proxy/data-plane/shadow/schema.ts';
import { kindOf } from '../../proxy/routes/match.ts';
import { conditionsInWords, type Route } from '../../proxy/routes/route.ts';
import { guardrailStatus, rampStatus, takenBack } from './ramp-status.ts';
import { countsOf, shadowTotals } from './shadow-totals.ts';
import { addressStatuses } from './address-status.ts';
import type { TrafficReport } from './traffic.ts';
import type { ObservedSync } from './watch-sync.ts';

/** A report older than this says nothing about now. */
const STALE_MS = 5000;
const DRIFT_SHOWN = 50;

export interface StatusParts {
  service: string;
  /** All that move with it, itself among them. */
  together: readonly string[];
  hasTables: boolean;
  shadowSamples: number;
  shadowMismatchPercent: number;
  /** Null when the configuration does not name the migration any more. */
  shadow: ShadowSettings | null;
  routes: readonly Route[];
  reports: ReadonlyMap<string, Report>;
  traffic: readonly TrafficReport[];
  phase: Effect | null;
  waitsFor: readonly string[];
  /** What the guard saw of the traffic; null when it watches none. */
  guarded: Guarded | null;
  /** Why the next step of a ramp was refused. */
  refusal: string | null;
}

/** Puts together what is known of one migration. Pure. */
export function statusOf(state: MigrationState, parts: StatusParts, now: number): MigrationStatus {
  const { stage, owner, epoch, migration, change } = state;
  return {
    name: migration,
    service: parts.service,
    together: [...parts.together],
    stage,
    owner,
    epoch,
    weightSet: state.weight,
    weightActual: actualWeight(parts.traffic, migration),
    reads: answeredBy(state, 'reads'),
    writes: change ? `held (${change.verb} under way)` : answeredBy(state, 'writes'),
    routes: parts.routes.flatMap((route) => routeStatuses(state, route)),
    sync: parts.hasTables && isSynced(stage) ? syncStatus(state, parts.reports, now) : null,
    verify: verifyStatus(state, parts.reports),
    shadow: shadowStatus(parts, state),
    moving: change
      ? { verb: change.verb, phase: parts.phase ?? change.phase, since: change.at, by: change.actor }
      : null,
    next: nextVerb(stage),
    back: ALLOWED_MOVES.rollback[stage] ? 'rollback' : null,
    waitsFor: [...parts.waitsFor],
    ramp: rampStatus(state, parts.guarded, parts.refusal),
    guardrails: guardrailStatus(parts.guarded),
    takenBack: takenBack(state),
    addresses: addressStatuses(parts.service, parts.traffic),
  };
}

function answeredBy({ stage, owner, weight }: MigrationState, kind: 'reads' | 'writes'): string {
  if (kind === 'writes' || stage !== 'canary') return owner;
  return `${weight} % service`;
}

/** A route of any method has a line for its reads and one for its writes: in a canary they go different ways. */
export function routeStatuses(state: MigrationState, route: Route): RouteStatus[] {
  const methods = route.method === '*' ? ['GET', 'POST'] : [route.method];
  const kinds = new Set(methods.map((method) => kindOf(route, method)));
  return [...kinds].map((readsOrWrites) => ({
    method: route.method,
    host: route.host,
    path: route.path,
    conditions: conditionsInWords(route),
    readsOrWrites,
    answeredBy: answeredBy(state, readsOrWrites),
  }));
}

/** Over all proxies, by their reads of the last minute. */
function actualWeight(traffic: readonly TrafficReport[], migration: string): number | null {
  const reads = (side: 'monolith' | 'service'): number =>
    traffic
      .filter(({ isLive }) => isLive)
      .reduce(
        (sum, { stats }) => sum + (stats.migrations[migration]?.[side].lastMinuteReads.requests ?? 0),
        0,
      );
  const [monolith, service] = [reads('monolith'), reads('service')];
  return monolith + service === 0 ? null : Math.round((service / (monolith + service)) * 1000) / 10;
}

function syncStatus(state: MigrationState, reports: ReadonlyMap<string, Report>, now: number): SyncStatus {
  const report = reports.get(`sync:${state.migration}`);
  const value = report?.value as ObservedSync | undefined;
  const held = state.backfillPaused;
  const backfillHeld = held && { by: held.actor, reason: held.reason };
  const direction = { from: state.owner, to: otherSide(state.owner), backfillHeld };
  if (!report || !value || value.epoch !== state.epoch || value.from !== labelOf(state, value)) {
    return {
      ...direction,
      state: 'starting',
      detail: 'the sync process has not reported yet',
      lagSeconds: 0,
      lagChanges: 0,
      parked: 0,
      parkedKeys: 0,
      applied: 0,
      unreadable: 0,
      changesPerSecond: 0,
      drift: [],
      slot: null,
      followerSlot: null,
      backfill: [],
      reportedAt: new Date(now).toISOString(),
    };
  }
  const isStale = report.ageMs > STALE_MS;
  return {
    ...direction,
    state: isStale ? 'stalled' : value.state,
    detail: isStale ? 'the sync process does not report; is it running?' : detailOf(value),
    lagSeconds: value.lagSeconds,
    lagChanges: value.lagChanges,
    parked: value.parked,
    parkedKeys: value.parkedKeys,
    applied: value.applied,
    unreadable: value.unreadable ?? 0,
    changesPerSecond: isStale ? 0 : value.changesPerSecond,
    drift: value.drift.slice(0, DRIFT_SHOWN),
    slot: value.slot,
    followerSlot: value.followerSlot ?? null,
    backfill: value.backfill,
    reportedAt: report.at,
  };
}

/** Reports of the other direction carry the same epoch only while a change of owner is under way. */
function labelOf(state: MigrationState, report: ObservedSync): string {
  const isFromMonolith = report.from === 'monolith';
  return isFromMonolith === (state.owner === 'monolith') ? report.from : '';
}

function detailOf(report: ObservedSync): string {
  if (report.detail) return report.detail;
  return report.parkedReasons.length > 0 ? `parked: ${report.parkedReasons.join('; ')}` : '';
}

/** The newest comparison; null when there is none of the present owner. */
export function verifyStatus(
  state: MigrationState,
  reports: ReadonlyMap<string, Report>,
): VerifyStatus | null {
  const reported = reports.get(`verify:${state.migration}`);
  const record = reported?.value as VerifyRecord | undefined;
  // A comparison from before the last change of owner says nothing about the side that follows now.
  if (!record || record.epoch !== state.epoch || record.owner !== state.owner) return null;
  const { unsettled, details } = record;
  const isGone = record.state === 'running' && (reported?.ageMs ?? 0) > VERIFY_SILENT_MS;
  const { parked = 0, seconds = 0, entries = [] } = record;
  const besides = [
    ...(isGone
      ? ['the process that compared ended before it was through; run `strangler verify` again']
      : []),
    ...(unsettled > 0 ? [`${unsettled} rows never came to rest while they were compared`] : []),
    ...(parked > 0 ? [`${parked} rows wait for changes that are parked; see \`strangler parked\``] : []),
  ];
  return {
    state: isGone ? 'failed' : record.state,
    at: record.at,
    rowsCompared: record.rowsCompared,
    rowsTotal: record.rowsTotal,
    rowsPerSecond: record.rowsPerSecond,
    differences: record.differences,
    ...{ unsettled, parked, seconds, entries },
    unmapped: record.unmapped ?? [],
    repaired: record.repaired,
    details: [...details, ...besides],
  };
}

function shadowStatus(parts: StatusParts, state: MigrationState): ShadowStatus | null {
  const totals = shadowTotals(parts.traffic, state, parts.shadow);
  if (!totals) return null;
  const { compared, agreed, differed, dropped, examples } = totals;
  const verdict = verdictOfAll(countsOf(totals, parts.routes), parts);
  return { compared, agreed, differed, dropped, verdict, examples };
}
