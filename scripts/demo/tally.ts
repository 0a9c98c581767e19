/** A request that did not get the answer that its operation must get. */
export interface Failure {
  at: string;
  request: string;
  why: string;
}

interface Timed {
  from: number;
  to: number;
}

/** How long something took, over many. */
export interface Times {
  count: number;
  p50: number | null;
  p99: number | null;
  max: number;
}

/** What the clients saw, all together. */
export class Tally {
  sent = 0;
  writes = 0;
  readonly failures: Failure[] = [];
  /** Reads of a client that did not show what the same client had written before. */
  readonly staleReads: string[] = [];
  readonly #writes: Timed[] = [];
  readonly #waiting = new Set<{ at: number; done: () => void }>();

  failed(request: string, why: string): void {
    this.failures.push({ at: new Date().toISOString(), request, why });
  }

  /** A write to the catalog that was acknowledged. */
  wrote(from: number, to: number): void {
    this.writes += 1;
    this.#writes.push({ from, to });
    for (const waiter of this.#waiting) if (this.writes >= waiter.at) waiter.done();
  }

  /** Resolves once so many more writes are acknowledged. */
  moreWrites(howMany: number): Promise<void> {
    return new Promise((resolve) => {
      const waiter = {
        at: this.writes + howMany,
        done: () => {
          this.#waiting.delete(waiter);
          resolve();
        },
      };
      this.#waiting.add(waiter);
    });
  }

  /** How long the writes took that were under way at any moment between two. */
  writesDuring(from: number, to: number): Times {
    return timesOf(
      this.#writes.filter((one) => one.to >= from && one.from <= to).map((one) => one.to - one.from),
    );
  }
}

/** Quantiles by nearest rank. */
export function timesOf(milliseconds: number[]): Times {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  return { count: sorted.length, p50: rank(0.5), p99: rank(0.99), max: sorted.at(-1) ?? 0 };
}
