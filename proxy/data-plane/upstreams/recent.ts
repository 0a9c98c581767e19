const SLICES = 10;

/** How many there were lately, and how many of these stood out; old slices of time are overwritten. */
export class RecentCounts {
  readonly #sliceMs: number;
  readonly #now: () => number;
  readonly #numbers = new Float64Array(SLICES).fill(-1);
  readonly #all = new Uint32Array(SLICES);
  readonly #marked = new Uint32Array(SLICES);

  constructor(windowMs: number, now: () => number) {
    this.#sliceMs = windowMs / SLICES;
    this.#now = now;
  }

  count(): void {
    this.#add(this.#all);
  }

  /** Counts one that stands out, a failure or a retry; it is not counted among all by this. */
  mark(): void {
    this.#add(this.#marked);
  }

  get all(): number {
    return this.#sum(this.#all);
  }

  get marked(): number {
    return this.#sum(this.#marked);
  }

  clear(): void {
    this.#numbers.fill(-1);
  }

  #add(counts: Uint32Array): void {
    const number = Math.floor(this.#now() / this.#sliceMs);
    const at = number % SLICES;
    if (this.#numbers[at] !== number) {
      this.#numbers[at] = number;
      this.#all[at] = 0;
      this.#marked[at] = 0;
    }
    counts[at] = (counts[at] ?? 0) + 1;
  }

  #sum(counts: Uint32Array): number {
    const oldest = Math.floor(this.#now() / this.#sliceMs) - SLICES + 1;
    return counts.reduce((sum, count, at) => ((this.#numbers[at] ?? -1) >= oldest ? sum + count : sum), 0);
  }
}
