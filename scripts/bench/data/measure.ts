import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

const FLUSHES = 100;
/** A page of the log. */
const PAGE = Buffer.alloc(8192, 1);

/** Median of the milliseconds that the disk under `folder` takes until a page is written for good. */
export async function flushMs(folder: string): Promise<number> {
  const path = join(folder, 'flush');
  const file = await open(path, 'w');
  try {
    // Room first: writing over it is what a server does with its log.
    await file.write(Buffer.alloc(FLUSHES * PAGE.length));
    await file.sync();
    const took: number[] = [];
    for (let i = 0; i < FLUSHES; i += 1) {
      await file.write(PAGE, 0, PAGE.length, i * PAGE.length);
      took.push(1000 * (await secondsOf(() => file.datasync())));
    }
    return median(took);
  } finally {
    await file.close();
    await rm(path);
  }
}

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
