import type { RecordedAnswers, RecordedViolation } from '../../proxy/control/contracts.ts';

/** What several proxies recorded, as one; the most frequent first. */
export function mergeRecorded(found: readonly RecordedAnswers[]): RecordedAnswers {
  const merged = new Map<string, RecordedViolation>();
  for (const violation of found.flatMap(({ violations }) => violations)) {
    const { side, operation, field, problem } = violation;
    const key = [side, operation, field, problem].join(' ');
    const known = merged.get(key);
    merged.set(key, known ? together(known, violation) : violation);
  }
  const sum = (of: 'checked' | 'unchecked' | 'unlisted'): number =>
    found.reduce((total, each) => total + each[of], 0);
  return {
    checked: sum('checked'),
    unchecked: sum('unchecked'),
    unlisted: sum('unlisted'),
    violations: [...merged.values()].toSorted((a, b) => b.count - a.count || (a.field < b.field ? -1 : 1)),
  };
}

function together(one: RecordedViolation, other: RecordedViolation): RecordedViolation {
  const [first, second] = one.first <= other.first ? [one, other] : [other, one];
  return {
    ...first,
    count: one.count + other.count,
    last: first.last > second.last ? first.last : second.last,
  };
}

export const recordedInWords = ({ side, operation, field, problem, count }: RecordedViolation): string =>
  `${side}: ${operation}: ${field} ${problem} (${count} times)`;
