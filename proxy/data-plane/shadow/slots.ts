/** Lets only so many at the same time; the others wait in their order. */
export class Slots {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** Calls back once there is a slot, which is then taken: at once where one is free. */
  take(taken: () => void): void {
    if (this.#free === 0) return void this.#waiting.push(taken);
    this.#free -= 1;
    taken();
  }

  /** Gives a slot back. */
  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }

  /** Does `work` once there is a slot for it. */
  async hold<Result>(work: () => Promise<Result>): Promise<Result> {
    await new Promise<void>((taken) => this.take(taken));
    try {
      return await work();
    } finally {
      this.give();
    }
  }
}
