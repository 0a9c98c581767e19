/** Rounds that do not count, of either side: a sync runs for days, and so does a server. */
export const WARM_UP = 1;

/** Seconds that the work took. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** The value that this share of all is not above. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

export const rounded = (value: number): string => Math.round(value).toLocaleString('en');

/** One line of the result: what, against which peer, and whether the goal is reached. */
export interface Finding {
  what: string;
  value: string;
  peer: string;
  ratio: string;
  goal: string;
  reached: boolean;
}
