/** How much each new value moves what is usual. */
const WEIGHT = 0.1;
/** Before so many reads nothing is usual: the first ones find cold caches. */
const LEARNING = 10;

/** In milliseconds for a row. */
export interface Pace {
  readMsPerRow: number;
  /** 0 while nothing is known. */
  usualMsPerRow: number;
}

/** What the owner usually takes for a row, so that a time of load can be told from its usual pace. */
export class UsualPace {
  private usual = 0;
  private seen = 0;

  /** @returns the pace of this read, and what was usual before it */
  add(msPerRow: number): Pace {
    const usualMsPerRow = this.seen < LEARNING ? 0 : this.usual;
    this.usual = this.seen === 0 ? msPerRow : this.usual + WEIGHT * (msPerRow - this.usual);
    this.seen += 1;
    return { readMsPerRow: msPerRow, usualMsPerRow };
  }
}
