import { counter, histogram, seriesOf, type Family, type Labels, type Sample } from './family.ts';
import type { AnsweredCounts, MigrationCounts, RequestCounts } from './request-counts.ts';

type SamplesOf = (labels: Labels, counts: AnsweredCounts) => Sample[];

/** What became of requests. */
export function requestFamilies(requests: RequestCounts, migrations: readonly string[]): Family[] {
  const perArm = (samples: SamplesOf): Sample[] =>
    migrations.flatMap((migration) => perArmOf(migration, requests.of(migration), samples));
  return [
    counter(
      'strangler_requests_total',
      'Requests that a side was asked and that have ended, by class of their status.',
      perArm(byStatus),
    ),
    counter(
      'strangler_requests_failed_total',
      'Requests that a side answered with 5xx, or not at all although the client waited.',
      perArm((labels, { failed }) => [{ labels, value: failed }]),
    ),
    counter(
      'strangler_requests_refused_total',
      'Requests that the proxy answered by itself, without asking a side, by status.',
      [
        ...migrations.flatMap((migration) => refusedOf({ migration }, requests.of(migration).refused)),
        ...refusedOf({}, requests.refusedUnmatched),
      ],
    ),
    counter(
      'strangler_requests_fell_back_total',
      'Reads that the monolith answered because the service failed; they count for both arms.',
      migrations.map((migration) => ({ labels: { migration }, value: requests.of(migration).fellBack })),
    ),
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
    counter(
      'strangler_unmatched_requests_total',
      'Requests that no route claims; the monolith answers them.',
      byStatus({}, requests.unmatched),
    ),
    histogram(
      'strangler_unmatched_request_duration_seconds',
      'From the arrival of a request that no route claims until its client had the whole answer.',
      (name) => seriesOf(name, {}, requests.unmatched.duration),
    ),
  ];
}

function perArmOf(migration: string, counts: MigrationCounts, samples: SamplesOf): Sample[] {
  return (['monolith', 'service'] as const).flatMap((arm) =>
    (['reads', 'writes'] as const).flatMap((kind) => samples({ migration, arm, kind }, counts[arm][kind])),
  );
}

function byStatus(labels: Labels, counts: AnsweredCounts): Sample[] {
  return counts.byClass().map(([status, value]) => ({ labels: { ...labels, status }, value }));
}

function refusedOf(labels: Labels, refused: ReadonlyMap<number, number>): Sample[] {
  return [...refused].map(([status, value]) => ({ labels: { ...labels, status: String(status) }, value }));
}
