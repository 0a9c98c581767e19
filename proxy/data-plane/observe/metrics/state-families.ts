import type { Standing, Standings } from '../../standing.ts';
import type { MigrationStats, ProxyStats } from '../../stats.ts';
import { counter, gauge, histogram, seriesOf, type Family, type Sample } from './family.ts';
import type { RequestCounts } from './request-counts.ts';

/** Writes on their way. */
export function writeFamilies(requests: RequestCounts, stats: ProxyStats): Family[] {
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

/** What the comparisons found. */
export function shadowFamilies(stats: ProxyStats): Family[] {
  return [
    counter(
      'strangler_shadow_reads_total',
      'Reads that were sampled to be compared, by what came of it. Begins anew with each stage shadow.',
      Object.entries(stats.migrations).flatMap(([migration, { shadow }]) =>
        shadow === null
          ? []
          : SHADOW_RESULTS.map((result) => ({ labels: { migration, result }, value: shadow[result] })),
      ),
    ),
  ];
}

/** Where each migration stands. */
export function standingFamilies(standings: Standings, stats: ProxyStats): Family[] {
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

/** How this proxy keeps up with what is decided. */
export function journalFamilies(stats: ProxyStats, leaseIsLive: boolean): Family[] {
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
