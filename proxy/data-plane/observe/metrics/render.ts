import { Registry, collectDefaultMetrics } from 'prom-client';
import type { Standing, Standings } from '../../standing.ts';
import type { MigrationStats, ProxyStats } from '../../stats.ts';
import { register, seriesOf, type Family, type Labels, type Sample } from './family.ts';
import type { AnsweredCounts, MigrationCounts, RequestCounts } from './request-counts.ts';

/** What figures are read from when somebody asks for them. */
export interface MetricsSource {
  requests: RequestCounts;
  stats: ProxyStats;
  standings: Standings;
  leaseIsLive: boolean;
}

/**
 * Writes every figure in the text format of Prometheus. What a request costs is counted elsewhere, in arrays; it is
 * put in this form only here, for a scrape is rare.
 */
export function renderMetrics(source: MetricsSource): Promise<string> {
  const registry = new Registry();
  register(registry, [
    ...requestFamilies(source),
    ...writeFamilies(source),
    ...shadowFamilies(source),
    ...standingFamilies(source),
    ...journalFamilies(source),
  ]);
  return Registry.merge([registry, processRegistry()]).metrics();
}

let ofProcess: Registry | undefined;

/** Once for the process, not for each proxy in it: what watches the garbage collector cannot be taken down again. */
function processRegistry(): Registry {
  if (!ofProcess) collectDefaultMetrics({ register: (ofProcess = new Registry()) });
  return ofProcess;
}

function requestFamilies({ requests, stats }: MetricsSource): Family[] {
  const names = Object.keys(stats.migrations);
  const perArm = (sample: (labels: Labels, counts: AnsweredCounts) => Sample[]): Sample[] =>
    names.flatMap((migration) => perArmOf(migration, requests.of(migration), sample));
  const { unmatched } = requests;
  return [
    {
      name: 'strangler_requests_total',
      help: 'Requests that a side was asked and that have ended, by class of their status.',
      type: 'counter',
      values: perArm((labels, counts) => byStatus(labels, counts)),
    },
    {
      name: 'strangler_requests_failed_total',
      help: 'Requests that a side answered with 5xx, or not at all although the client waited.',
      type: 'counter',
      values: perArm((labels, { failed }) => [{ labels, value: failed }]),
    },
    {
      name: 'strangler_requests_refused_total',
      help: 'Requests that the proxy answered by itself, without asking a side, by status.',
      type: 'counter',
      values: names.flatMap((migration) =>
        [...requests.of(migration).refused].map(([status, value]) => ({
          labels: { migration, status: String(status) },
          value,
        })),
      ),
    },
    {
      name: 'strangler_requests_fell_back_total',
      help: 'Reads that the monolith answered because the service failed; they count for both arms.',
      type: 'counter',
      values: names.map((migration) => ({ labels: { migration }, value: requests.of(migration).fellBack })),
    },
    histogram(
      'strangler_request_duration_seconds',
      'From the arrival of a request until its client had the whole answer, waits for a change of owner included.',
      (name) => perArm((labels, { duration }) => seriesOf(name, labels, duration)),
    ),
    histogram(
      'strangler_first_byte_seconds',
      'From sending a request to a side until the first byte of its answer: compare the arms by this one.',
      (name) => perArm((labels, { firstByte }) => seriesOf(name, labels, firstByte)),
    ),
    {
      name: 'strangler_unmatched_requests_total',
      help: 'Requests that no route claims; the monolith answers them.',
      type: 'counter',
      values: byStatus({}, unmatched),
    },
    histogram(
      'strangler_unmatched_request_duration_seconds',
      'From the arrival of a request that no route claims until its client had the whole answer.',
      (name) => seriesOf(name, {}, unmatched.duration),
    ),
  ];
}

function perArmOf(
  migration: string,
  counts: MigrationCounts,
  sample: (labels: Labels, counts: AnsweredCounts) => Sample[],
): Sample[] {
  return (['monolith', 'service'] as const).flatMap((arm) =>
    (['reads', 'writes'] as const).flatMap((kind) => sample({ migration, arm, kind }, counts[arm][kind])),
  );
}

function byStatus(labels: Labels, counts: AnsweredCounts): Sample[] {
  return counts.byClass().map(([status, value]) => ({ labels: { ...labels, status }, value }));
}

function writeFamilies({ requests, stats }: MetricsSource): Family[] {
  const names = Object.keys(stats.migrations);
  return [
    gauge(
      'strangler_held_writes',
      'Writes that wait for a change of owner right now.',
      perMigration(stats, ({ waitingWrites }) => waitingWrites),
    ),
    histogram(
      'strangler_hold_duration_seconds',
      'How long writes waited for a change of owner, those that waited in vain too.',
      (name) => names.flatMap((migration) => seriesOf(name, { migration }, requests.of(migration).hold)),
    ),
    gauge(
      'strangler_running_writes',
      'Writes that were sent to a side and have not ended.',
      perMigration(stats, ({ runningWrites }) => runningWrites),
    ),
  ];
}

const SHADOW_RESULTS = ['agreed', 'differed', 'dropped', 'tooBig', 'noVerdict'] as const;

function shadowFamilies({ stats }: MetricsSource): Family[] {
  return [
    {
      name: 'strangler_shadow_reads_total',
      help: 'Reads that were sampled to be compared, by what came of it. Begins anew with each stage shadow.',
      type: 'counter',
      values: Object.entries(stats.migrations).flatMap(([migration, { shadow }]) =>
        shadow === null
          ? []
          : SHADOW_RESULTS.map((result) => ({ labels: { migration, result }, value: shadow[result] })),
      ),
    },
  ];
}

function standingFamilies({ standings, stats }: MetricsSource): Family[] {
  const all = [...standings.byMigration.values()];
  const each = (value: (standing: Standing) => number): Sample[] =>
    all.map((standing) => ({ labels: { migration: standing.migration }, value: value(standing) }));
  return [
    gauge(
      'strangler_migration_info',
      'Stage and owner of a migration, as this proxy knows them. Always 1.',
      all.map(({ migration, stage, owner }) => ({ labels: { migration, stage, owner }, value: 1 })),
    ),
    gauge(
      'strangler_epoch',
      'Number that grows with each change of owner.',
      each(({ epoch }) => epoch),
    ),
    gauge(
      'strangler_weight_ratio',
      'Share of reads that should go to the service, 0 to 1.',
      each(shareOfReads),
    ),
    gauge(
      'strangler_weight_actual_ratio',
      'Share of the reads of the last minute that went to the service, 0 to 1. Absent while nothing is read.',
      perMigration(stats, ({ weightActual }) => (weightActual === null ? null : weightActual / 100)),
    ),
  ];
}

function shareOfReads({ stage, weight }: Standing): number {
  if (stage === 'canary') return weight / 100;
  return stage === 'extracted' || stage === 'retired' ? 1 : 0;
}

function journalFamilies({ stats, leaseIsLive }: MetricsSource): Family[] {
  const one = (value: number): Sample[] => [{ labels: {}, value }];
  return [
    gauge(
      'strangler_lease_live',
      '1 while this proxy may be sure that it missed no move; at 0 it holds writes.',
      one(leaseIsLive ? 1 : 0),
    ),
    gauge('strangler_journal_seq', 'Journal position that requests are decided on.', one(stats.seq)),
    gauge(
      'strangler_journal_acknowledged_seq',
      'Journal position that this proxy has acknowledged; -1 before the first.',
      one(stats.acknowledged),
    ),
  ];
}

function perMigration(stats: ProxyStats, value: (of: MigrationStats) => number | null): Sample[] {
  return Object.entries(stats.migrations).flatMap(([migration, of]) => {
    const known = value(of);
    return known === null ? [] : [{ labels: { migration }, value: known }];
  });
}

function gauge(name: string, help: string, values: Sample[]): Family {
  return { name, help, type: 'gauge', values };
}

function histogram(name: string, help: string, series: (name: string) => Sample[]): Family {
  return { name, help, type: 'histogram', values: series(name) };
}
