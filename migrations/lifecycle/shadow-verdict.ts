import type { GateThresholds } from './gates.ts';

/** Compared answers over all proxies. */
export interface ShadowCounts {
  compared: number;
  differed: number;
  /** The same by operation, of all that could be compared; one that never was has zeros. */
  operations: readonly OperationCounts[];
}

export interface OperationCounts {
  /** Method and path of the route. */
  operation: string;
  compared: number;
  differed: number;
}

export type ShadowVerdict = 'agrees' | 'differs' | 'not enough data';

type Thresholds = Pick<GateThresholds, 'shadowSamples' | 'shadowMismatchPercent'>;

/** Quantile of the normal distribution for an interval of 95 %. */
const Z = 1.96;

/**
 * Judges counted answers. They differ when the true share of differing ones is above the threshold, as sure as
 * 95 %: one in fifty is, one in a hundred thousand is not. They agree when there are enough and the share that was
 * seen is within the threshold. In between, more answers are needed. Pure, and monotonic in both directions: one
 * more difference never makes it better, one more agreement never worse.
 */
export function verdictOf(
  { compared, differed }: Pick<ShadowCounts, 'compared' | 'differed'>,
  { shadowSamples, shadowMismatchPercent }: Thresholds,
): ShadowVerdict {
  const threshold = shadowMismatchPercent / 100;
  if (leastShare(differed, compared) > threshold) return 'differs';
  return compared >= shadowSamples && differed <= threshold * compared ? 'agrees' : 'not enough data';
}

/**
 * Judges a migration: by all answers together, and one operation that differs is enough, however few of the
 * answers are its own. An operation with little or no data does not hold the others up; whoever shows the verdict names it.
 */
export function verdictOfAll(counts: ShadowCounts, thresholds: Thresholds): ShadowVerdict {
  return worstOf(counts, thresholds) ? 'differs' : verdictOf(counts, thresholds);
}

/** The operation that differs most surely; null when none does. */
export function worstOf({ operations }: ShadowCounts, thresholds: Thresholds): OperationCounts | null {
  const surely = ({ differed, compared }: OperationCounts): number => leastShare(differed, compared);
  const [worst] = operations
    .filter((each) => verdictOf(each, thresholds) === 'differs')
    .toSorted((a, b) => surely(b) - surely(a));
  return worst ?? null;
}

/** Lower bound of the Wilson interval: the smallest share that what was seen is still likely for. */
function leastShare(hits: number, tries: number): number {
  if (hits === 0) return 0;
  const share = hits / tries;
  const middle = share + Z ** 2 / (2 * tries);
  const spread = Z * Math.sqrt((share * (1 - share)) / tries + Z ** 2 / (4 * tries ** 2));
  return Math.max(0, (middle - spread) / (1 + Z ** 2 / tries));
}
