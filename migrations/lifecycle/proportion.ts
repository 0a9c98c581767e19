/**
 * How certain a verdict has to be, in standard deviations: it is looked at each second, and a false alarm costs a
 * person's evening. 3 is one in a thousand for a single look.
 */
const Z = 3;

/** So few are chance, whatever their share. */
const LEAST = 5;

/** `hits` of `of` had something that the others had not. */
export interface Proportion {
  hits: number;
  of: number;
}

/** The share; 0 of nothing. */
export function shareOf({ hits, of }: Proportion): number {
  return of === 0 ? 0 : hits / of;
}

/** Whether the share behind what was seen is above `limit`, beyond chance. */
export function isCertainlyAbove(seen: Proportion, limit: number): boolean {
  return seen.hits >= LEAST && wilson(seen).low > limit;
}

/** Whether the share behind `seen` is above that behind `base` by more than `margin`, beyond the chance in both. */
export function isCertainlyAboveBase(seen: Proportion, base: Proportion, margin: number): boolean {
  // Newcombe's interval for the difference of two proportions, built from both of Wilson's.
  const below = shareOf(seen) - wilson(seen).low;
  const above = wilson(base).high - shareOf(base);
  return seen.hits >= LEAST && shareOf(seen) - shareOf(base) - Math.hypot(below, above) > margin;
}

/** Wilson's score interval: it stays sound for few requests and for shares near 0 and 1. */
function wilson(seen: Proportion): { low: number; high: number } {
  const { of } = seen;
  if (of === 0) return { low: 0, high: 1 };
  const share = shareOf(seen);
  const middle = (share + Z ** 2 / (2 * of)) / (1 + Z ** 2 / of);
  const half = (Z / (1 + Z ** 2 / of)) * Math.sqrt((share * (1 - share)) / of + Z ** 2 / (4 * of ** 2));
  return { low: middle - half, high: middle + half };
}
