import { fewOf, result, type Gate } from './gate.ts';
import type { GateThresholds } from './gate.ts';
import type { ShadowCounts } from './shadow-verdict.ts';
import { verdictOfAll, worstOf } from './shadow-verdict.ts';

/** Both applications answer. */
export const health: Gate = ({ unreachable }) =>
  result(
    'health',
    unreachable.length === 0,
    unreachable.length === 0 ? 'all reachable' : unreachable.join('; '),
    'all reachable',
    'start what is down, or mend its address in strangler.yaml',
  );

/** Both sides gave the same answers. */
export const shadow: Gate = ({ shadow: seen }, thresholds) => {
  const { shadowSamples, shadowMismatchPercent } = thresholds;
  const counts = seen ?? { compared: 0, differed: 0, operations: [] };
  const verdict = verdictOfAll(counts, thresholds);
  return result(
    'shadow',
    verdict === 'agrees',
    shadowInWords(counts, thresholds),
    `at least ${shadowSamples} compared, at most ${shadowMismatchPercent} % differ`,
    verdict === 'differs'
      ? 'look at the differences with `strangler diff`; say of those that mean nothing why: `strangler ignore`; once the others are mended, begin the count anew: `strangler rollback`, `strangler shadow`'
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
