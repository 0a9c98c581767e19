import type { RunRecord } from '../../../migrations/lifecycle/run-record.ts';
import { median, quantile } from '../data/measure.ts';
import type { OwnerChange } from './changes.ts';

/** From the hold to its release, all phases of a change of owner together. */
const WHOLE = 'hold to release';
/** What the longest waiting write of a change waited besides: until its proxy knew, and until its turn came. */
const REST = 'told, and sent on';

/**
 * Where the time goes while writes wait, phase by phase: milliseconds in the median, in the 99th percentile and at most.
 *
 * @param changes what the clients of the same changes saw
 */
export function phasesInWords(runs: readonly RunRecord[], changes: readonly OwnerChange[]): string {
  const times = new Map<string, number[]>();
  const add = (phase: string, ms: number): void => void times.set(phase, [...(times.get(phase) ?? []), ms]);
  for (const { epoch, beganFrom, steps } of runs) {
    if (beganFrom !== 'order' || steps.at(-1)?.effect !== 'journal-released') continue;
    const whole = steps.reduce((sum, { ms }) => sum + ms, 0);
    for (const { effect, ms } of steps) add(effect, ms);
    add(WHOLE, whole);
    const longest = changes.find((change) => change.epoch === epoch)?.held.at(-1);
    if (longest !== undefined) add(REST, longest - whole);
  }
  const line = ([phase, all]: [string, number[]]): string =>
    [
      phase.padEnd(24),
      ...[median(all), quantile(all, 0.99), Math.max(...all)].map((ms) => ms.toFixed(1).padStart(8)),
    ].join('');
  return [`${'phase, ms'.padEnd(24)}  median     p99 longest`, ...[...times].map(line)].join('\n');
}
