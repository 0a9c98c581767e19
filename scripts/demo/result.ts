import { table } from '../commands/show/table.ts';
import type { Fault, FaultKind } from './check.ts';
import { checkSide } from './check.ts';
import type { Comparison } from './compare-sides.ts';
import { compareSides } from './compare-sides.ts';
import type { OwnerChange } from './change-owner.ts';
import type { Travelled } from './journey.ts';
import { count, milliseconds } from './narrator.ts';
import { readBooked, readSide } from './read-side.ts';
import type { Scene } from './scene.ts';
import type { Failure } from './tally.ts';

type FaultCounts = Record<FaultKind, number>;

/** How the demo ended, in figures. */
export interface Result {
  ok: boolean;
  /** Why the journey ended before its end; null when it did not. */
  stoppedBy: string | null;
  seconds: number;
  requests: { sent: number; failed: number; failures: Failure[]; staleReads: number };
  ownerChanges: OwnerChange[];
  copied: { rows: number; seconds: number; rowsPerSecond: number } | null;
  /** By the product's own `verify`, all runs together. */
  verified: { runs: number; rows: number; differences: number };
  /** By the demo's own comparison of both databases at the end. */
  compared: Comparison;
  writes: { acknowledged: number; byNightlyJob: number };
  faults: { monolith: FaultCounts; service: FaultCounts; examples: Fault[] };
}

const SHOWN = 20;

/** Reads both databases, with the traffic stopped, and judges. */
export async function judge(
  { ledger, tally, databases }: Scene,
  travelled: Travelled,
  { seconds, stoppedBy }: { seconds: number; stoppedBy: string | null },
): Promise<Result> {
  const booked = await readBooked(databases.monolith);
  const [monolith, service] = await Promise.all([
    readSide('monolith', databases.monolith),
    readSide('service', databases.service),
  ]);
  const faults = [monolith, service].flatMap((side) => checkSide(ledger, booked, side));
  const compared = await compareSides(databases);
  const { copied, verified, ownerChanges, nightlyWrites } = travelled;
  const { failures, staleReads } = tally;
  return {
    ok: stoppedBy === null && failures.length === 0 && faults.length === 0 && compared.differences === 0,
    stoppedBy,
    seconds: Math.round(seconds),
    requests: {
      sent: tally.sent,
      failed: failures.length,
      failures: failures.slice(0, SHOWN),
      staleReads: staleReads.length,
    },
    ownerChanges,
    copied: copied && { ...copied, rowsPerSecond: Math.round(copied.rows / copied.seconds) },
    verified: {
      runs: verified.length,
      rows: verified.reduce((sum, { rows }) => sum + rows, 0),
      differences: verified.reduce((sum, { differences }) => sum + differences, 0),
    },
    compared,
    writes: { acknowledged: ledger.acknowledged, byNightlyJob: nightlyWrites },
    faults: {
      monolith: countsOf(faults, 'monolith'),
      service: countsOf(faults, 'service'),
      examples: faults.slice(0, SHOWN),
    },
  };
}

function countsOf(faults: readonly Fault[], side: string): FaultCounts {
  const counts: FaultCounts = { missing: 0, doubled: 0, stale: 0, resurrected: 0, wrong: 0 };
  for (const fault of faults) if (fault.side === side) counts[fault.kind] += 1;
  return counts;
}

/** The table at the end. */
export function resultTable(result: Result): string {
  const { requests, copied, verified, compared, writes, faults } = result;
  const rows: string[][] = [
    ['requests', `${count(requests.sent)} sent, ${count(requests.failed)} failed`],
    ...result.ownerChanges.map(ownerChangeRow),
    ['rows copied', copied ? `${count(copied.rows)}, ${count(copied.rowsPerSecond)} rows/s` : 'none'],
    [
      'verified by the product',
      `${count(verified.rows)} rows in ${verified.runs} runs, ${count(verified.differences)} differences`,
    ],
    ['compared by the demo', `${count(compared.rows)} rows, ${count(compared.differences)} differences`],
    [
      'writes acknowledged',
      `${count(writes.acknowledged)}, and ${count(writes.byNightlyJob)} by the nightly job`,
    ],
    ...(['monolith', 'service'] as const).map((side) => [`  in the ${side}`, faultsInWords(faults[side])]),
    ['reads older than own writes', count(requests.staleReads)],
    ['time', `${result.seconds} s`],
  ];
  return table([], rows);
}

function ownerChangeRow({ verb, epoch, held, clients, tookMs }: OwnerChange): string[] {
  const waits = `p50 ${milliseconds(held.p50)}, p99 ${milliseconds(held.p99)}, max ${milliseconds(held.max)}`;
  const seen = `slowest of ${clients.count} seen by clients ${milliseconds(clients.max)}`;
  return [
    `${verb} (epoch ${epoch})`,
    `took ${milliseconds(tookMs)}; ${held.count} writes waited, ${waits}; ${seen}`,
  ];
}

function faultsInWords(counts: FaultCounts): string {
  const { missing, doubled, stale, resurrected, wrong } = counts;
  const others = [
    ...(resurrected > 0 ? [`${count(resurrected)} resurrected`] : []),
    ...(wrong > 0 ? [`${count(wrong)} wrong`] : []),
  ];
  return [`${count(missing)} missing`, `${count(doubled)} doubled`, `${count(stale)} stale`, ...others].join(
    ', ',
  );
}

/** What went wrong, a line each; none when all is well. */
export function complaints({ requests, compared, faults, stoppedBy }: Result): string[] {
  return [
    ...(stoppedBy === null ? [] : [`ended early: ${stoppedBy}`]),
    ...requests.failures.map(({ at, request, why }) => `request failed at ${at}: ${request}: ${why}`),
    ...faults.examples.map(({ side, kind, what }) => `${side}: ${kind}: ${what}`),
    ...compared.examples.map((example) => `differs: ${example}`),
  ];
}
