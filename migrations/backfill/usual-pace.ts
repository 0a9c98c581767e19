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

/**
 * What the owner usually takes for a row, so that a time of load can be told from its usual pace. What is read under load
 * is not usual, however long it lasts: else the load would become what is usual, and nobody rest for it any more.
 */
export class UsualPace {
  private usual = 0;
  private seen = 0;

  /**
   * @param maxSlowdown how many times slower a read is that was made under load
   * @returns the pace of this read, and what was usual before it
   */
  add(msPerRow: number, maxSlowdown: number): Pace {
    const usualMsPerRow = this.seen < LEARNING ? 0 : this.usual;
    const isUnderLoad = usualMsPerRow > 0 && msPerRow > maxSlowdown * usualMsPerRow;
    if (!isUnderLoad) {
      this.usual = this.seen === 0 ? msPerRow : this.usual + WEIGHT * (msPerRow - this.usual);
      this.seen += 1;
    }
    return { readMsPerRow: msPerRow, usualMsPerRow };
  }
}
