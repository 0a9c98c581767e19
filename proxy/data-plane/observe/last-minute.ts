import { Histogram } from './histogram.ts';

const SLICE_MS = 10_000;
const SLICES = 6;

interface Slice {
  /** Number of ten-second slices since the clock's zero. */
  number: number;
  failed: number;
  latency: Histogram;
}

/** What happened in the last minute, to within ten seconds; old slices are overwritten, nothing is scheduled. */
export class LastMinute {
  readonly #now: () => number;
  readonly #slices: Slice[] = Array.from({ length: SLICES }, () => ({
    number: -1,
    failed: 0,
    latency: new Histogram(),
  }));

  constructor(now: () => number) {
    this.#now = now;
  }

  record(latencyUs: number, failed: boolean): void {
    const slice = this.#current();
    slice.latency.record(latencyUs);
    if (failed) slice.failed += 1;
  }

  sum(): { requests: number; failed: number; latency: Histogram } {
    const oldest = this.#number() - SLICES + 1;
    const sum = { requests: 0, failed: 0, latency: new Histogram() };
    for (const slice of this.#slices) {
      if (slice.number < oldest) continue;
      sum.requests += slice.latency.total;
      sum.failed += slice.failed;
      sum.latency.add(slice.latency);
    }
    return sum;
  }

  #current(): Slice {
    const number = this.#number();
    const slice = this.#slices[number % SLICES] as Slice;
    if (slice.number !== number) {
      slice.number = number;
      slice.failed = 0;
      slice.latency.clear();
    }
    return slice;
  }

  #number(): number {
    return Math.floor(this.#now() / SLICE_MS);
  }
}
