import type { ShadowCounts } from './shadow-verdict.ts';
import { verdictOfAll, worstOf } from './shadow-verdict.ts';
import type { Side, Verb } from './stages.ts';
import { changesOwner } from './stages.ts';
import type { Stage } from './stages.ts';

/** A condition with evidence that a move needs. */
export interface GateResult {
  gate: string;
  passed: boolean;
  value: string;
  threshold: string;
  /** What to do when it did not pass; empty when it did. */
  advice: string;
}

export interface GateThresholds {
  /** Seconds that the follower may be behind. */
  lagSeconds: number;
  /** Compared answers that a verdict needs. */
  shadowSamples: number;
  /** Share of answers in percent that may differ. */
  shadowMismatchPercent: number;
  /** Age in minutes that the last full verify may have. */
  verifyMaxAgeMinutes: number;
}

/** What was looked at, as found; null where nothing is known. */
export interface Evidence {
  /** One message per side that cannot be reached. */
  unreachable: string[];
  /** Names of the following side's tables that hold rows before the sync began. */
  occupied: string[];
  backfill: { done: boolean; detail: string } | null;
  lag: { seconds: number; changes: number } | null;
  parked: number | null;
  verify: {
    at: string;
    ageMinutes: number;
    differences: number;
    unsettled: number;
    rows: number;
    owner: Side;
  } | null;
  shadow: ShadowCounts | null;
  contract: { breaking: string[] } | null;
  /** Why the way back is not proven; empty when it is. */
  reverse: string[] | null;
}

const FEW = 5;

type Gate = (evidence: Evidence, thresholds: GateThresholds) => GateResult;

const result = (
  gate: string,
  passed: boolean,
  value: string,
  threshold: string,
  advice: string,
): GateResult => ({ gate, passed, value, threshold, advice: passed ? '' : advice });

const health: Gate = ({ unreachable }) =>
  result(
    'health',
    unreachable.length === 0,
    unreachable.length === 0 ? 'all reachable' : unreachable.join('; '),
    'all reachable',
    'start what is down, or mend its address in strangler.yaml',
  );

const empty: Gate = ({ occupied }) =>
  result(
    'empty target',
    occupied.length === 0,
    occupied.length === 0 ? 'empty' : `${occupied.join(', ')} not empty`,
    'empty',
    "empty the service's tables (also after a `rollback` to legacy): rows that are there already would be taken for copies",
  );

const backfilled: Gate = ({ backfill }) =>
  result(
    'backfill',
    backfill?.done === true,
    backfill?.detail ?? 'not started',
    'done',
    'wait until `strangler status` shows it done',
  );

const lag: Gate = ({ lag: seen }, { lagSeconds }) =>
  result(
    'lag',
    seen !== null && seen.seconds <= lagSeconds,
    seen === null ? 'unknown' : `${seen.seconds.toFixed(1)} s (${seen.changes} changes)`,
    `at most ${lagSeconds} s`,
    'wait until the sync has caught up; if it does not, look at `strangler status`',
  );

const parked: Gate = ({ parked: seen }) =>
  result(
    'parked',
    seen === 0,
    seen === null ? 'unknown' : `${seen} changes`,
    'none',
    'mend the cause that `strangler status` names; parked changes are tried again by themselves',
  );

const verified: Gate = ({ verify }, { verifyMaxAgeMinutes }) => {
  const isClean = verify !== null && verify.differences === 0 && verify.unsettled === 0;
  const isFresh = verify !== null && verify.ageMinutes <= verifyMaxAgeMinutes;
  const value =
    verify === null
      ? 'never run'
      : `${verify.differences} differences, ${verify.unsettled} unsettled in ${verify.rows} rows, ${verify.ageMinutes.toFixed(0)} min ago`;
  return result(
    'verify',
    isClean && isFresh,
    value,
    `0 differences, at most ${verifyMaxAgeMinutes} min ago`,
    'run `strangler verify` (with `--repair` if it finds differences)',
  );
};

const shadow: Gate = ({ shadow: seen }, thresholds) => {
  const { shadowSamples, shadowMismatchPercent } = thresholds;
  const counts = seen ?? { compared: 0, differed: 0, operations: [] };
  const verdict = verdictOfAll(counts, thresholds);
  return result(
    'shadow',
    verdict === 'agrees',
    shadowInWords(counts, thresholds),
    `at least ${shadowSamples} compared, at most ${shadowMismatchPercent} % differ`,
    verdict === 'differs'
      ? 'look at the differences with `strangler diff`; once they are mended, begin the count anew: `strangler rollback`, `strangler shadow`'
      : 'wait for more reads, or raise `shadow.sample`',
  );
};

/** With the operations that the sum would hide: the worst, and those that nobody asked for. */
function shadowInWords(counts: ShadowCounts, thresholds: GateThresholds): string {
  const { compared, differed, operations } = counts;
  const percent = compared === 0 ? 0 : (differed / compared) * 100;
  const worst = worstOf(counts, thresholds);
  const unseen = operations.filter((each) => each.compared === 0).map(({ operation }) => operation);
  return [
    `${compared} compared, ${percent.toFixed(2)} % differ`,
    ...(worst ? [`worst: ${worst.operation}, ${worst.differed} of ${worst.compared}`] : []),
    ...(unseen.length > 0 ? [`no data: ${fewOf(unseen)}`] : []),
  ].join('; ');
}

function fewOf(names: readonly string[]): string {
  const more = names.length - FEW;
  return names.slice(0, FEW).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

const contract: Gate = ({ contract: seen }) =>
  result(
    'contract',
    seen === null || seen.breaking.length === 0,
    seen === null
      ? 'no documents to compare'
      : seen.breaking.length === 0
        ? 'no breaking difference'
        : seen.breaking.join('; '),
    'no breaking difference',
    "mend the service's contract, or the client that relies on the old one",
  );

const reverse: Gate = ({ reverse: seen }) =>
  result(
    'reverse proven',
    seen !== null && seen.length === 0,
    seen === null ? 'not tried' : seen.length === 0 ? 'proven' : seen.join('; '),
    'proven',
    'the way back must work before the way forward is taken: mend what is named; a missing capture or fence is put in place by `rollback` to legacy and a new `sync`',
  );

/**
 * The gates of a move, by what it does.
 *
 * @param synced whether the migration has tables at all
 * @param rehearse whether the way back is to be tried on real rows
 */
export function gatesOf(verb: Verb, from: Stage, synced: boolean, rehearse: boolean): Gate[] {
  if (verb === 'sync') return synced ? [health, empty] : [health];
  if (verb === 'rollback') return changesOwner(verb, from) && synced ? [health, lag, parked] : [];
  const data = synced ? [backfilled, lag, parked] : [];
  if (verb === 'shadow') return [health, ...data];
  if (verb === 'canary') return [health, ...data, ...(synced ? [verified] : []), shadow];
  if (verb === 'cutover') {
    return [
      health,
      contract,
      shadow,
      ...data,
      ...(synced ? [verified] : []),
      ...(synced && rehearse ? [reverse] : []),
    ];
  }
  return synced ? [health, lag, parked, verified] : [health];
}

/** Judges every gate; a move needs all of them. */
export function judge(gates: readonly Gate[], evidence: Evidence, thresholds: GateThresholds): GateResult[] {
  return gates.map((gate) => gate(evidence, thresholds));
}
