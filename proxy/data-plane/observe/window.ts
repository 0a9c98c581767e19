import { Histogram } from './histogram.ts';

export interface WindowSize {
  lengthMs: number;
  /** Into how many slices it is cut; it is as exact as one of them is long. */
  slices: number;
}

interface Slice {
  /** Number of slices since the clock's zero. */
  number: number;
  requests: number;
  failed: number;
  latency: Histogram;
}

/** What happened lately, in slices of time; old slices are overwritten, nothing is scheduled. */
export class SlidingWindow {
  readonly #now: () => number;
  readonly #sliceMs: number;
  readonly #slices: Slice[];

  constructor({ lengthMs, slices }: WindowSize, now: () => number) {
    this.#now = now;
    this.#sliceMs = lengthMs / slices;
    this.#slices = Array.from({ length: slices }, () => ({
      number: -1,
      requests: 0,
      failed: 0,
      latency: new Histogram(),
    }));
  }

  /** @param latencyUs null when there was no answer: it has no latency, not a short one */
  record(latencyUs: number | null, failed: boolean, now = this.#now()): void {
    const slice = this.#current(now);
    slice.requests += 1;
    if (failed) slice.failed += 1;
    if (latencyUs !== null) slice.latency.record(latencyUs);
  }

  sum(): { requests: number; failed: number; latency: Histogram } {
    const oldest = this.#number(this.#now()) - this.#slices.length + 1;
    const sum = { requests: 0, failed: 0, latency: new Histogram() };
    for (const slice of this.#slices) {
      if (slice.number < oldest) continue;
      sum.requests += slice.requests;
      sum.failed += slice.failed;
      sum.latency.add(slice.latency);
    }
    return sum;
  }

  #current(now: number): Slice {
    const number = this.#number(now);
    const slice = this.#slices[number % this.#slices.length] as Slice;
    if (slice.number !== number) {
      slice.number = number;
      slice.requests = 0;
      slice.failed = 0;
      slice.latency.clear();
    }
    return slice;
  }

  #number(now: number): number {
    return Math.floor(now / this.#sliceMs);
  }
}
