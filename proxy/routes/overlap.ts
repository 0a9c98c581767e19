import type { Condition } from './condition.ts';
import type { Route } from './route.ts';

/** What can be said, without a request, of two routes with one host, path and method. */
export type Overlap =
  /** They claim the very same requests. */
  | 'same'
  /** Some request fits both, and neither is more exact. */
  | 'overlapping'
  /** No request fits both, or one is more exact, or two patterns stand against each other and nobody knows. */
  | 'tolerable';

/** Compares the conditions of two routes that stand at the same place of the table. */
export function overlapOf(a: Route, b: Route): Overlap {
  if (a.headers.length !== b.headers.length || a.query.length !== b.query.length) return 'tolerable';
  if (areEqual(a.headers, b.headers) && areEqual(a.query, b.query)) return 'same';
  return canMeet(a.headers, b.headers) && canMeet(a.query, b.query) ? 'overlapping' : 'tolerable';
}

function areEqual(a: readonly Condition[], b: readonly Condition[]): boolean {
  return a.every((condition, index) => isEqual(condition, b[index]));
}

function isEqual(a: Condition, b: Condition | undefined): boolean {
  return a.name === b?.name && a.kind === b.kind && a.text === b.text;
}

/** True when one request surely can fulfil both. Conditions on different names never exclude each other. */
function canMeet(a: readonly Condition[], b: readonly Condition[]): boolean {
  return a.every((condition) => {
    const other = b.find(({ name }) => name === condition.name);
    return !other || canBothHold(condition, other);
  });
}

function canBothHold(a: Condition, b: Condition): boolean {
  if (a.kind === 'present' || b.kind === 'present' || isEqual(a, b)) return true;
  if (a.kind === 'exact') return b.holds(a.text);
  return b.kind === 'exact' && a.holds(b.text);
}
