import type { BackfillSettings } from './schema.ts';
import type { Pace } from './usual-pace.ts';

/** What is known after a chunk. */
export interface Load extends Pace {
  lagSeconds: number;
  /** Rows of the last chunk, and the time since the copy last went on. */
  rows: number;
  ms: number;
  /** How long the last read took. */
  readMs: number;
}

/** How long to rest, and why. */
export interface Rest {
  ms: number;
  reason: string;
  /** It holds on also when the rest is over: until a later chunk is read at the usual pace. */
  holdsOn?: boolean;
}

const LOOK_AGAIN_MS = 100;
const MOST_MS = 1000;
/** Reads this short say nothing about the load. */
const TELLING_MS = 20;

/** Whether the copy has to rest now; null when it may go on. Pure. */
export function restFor(settings: BackfillSettings, load: Load): Rest | null {
  if (load.lagSeconds > settings.maxLagSeconds) {
    return { ms: LOOK_AGAIN_MS, reason: `live changes are ${load.lagSeconds.toFixed(1)} s behind` };
  }
  const { maxRowsPerSecond, maxSlowdown } = settings;
  const early = maxRowsPerSecond === undefined ? 0 : (load.rows / maxRowsPerSecond) * 1000 - load.ms;
  if (early > 1) return { ms: Math.min(early, MOST_MS), reason: `held to ${maxRowsPerSecond} rows/s` };
  const slowdown = load.usualMsPerRow > 0 ? load.readMsPerRow / load.usualMsPerRow : 1;
  if (slowdown > maxSlowdown && load.readMs > TELLING_MS) {
    const times = slowdown.toFixed(1);
    return {
      ms: Math.min(load.readMs, MOST_MS),
      reason: `the owner answers ${times} times slower than usual`,
      holdsOn: true,
    };
  }
  return null;
}
