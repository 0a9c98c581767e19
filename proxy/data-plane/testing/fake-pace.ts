import type { Freshness, Look, WriteNews } from '../canary/freshness.ts';

/** A sync that a test drives by hand, for any number of proxies. It keeps `catalog` in step unless it is told to stop. */
export class FakePace {
  generation = 'g1';
  isHearing = true;
  looksOften = 0;
  /** News that the proxies told each other. */
  readonly told: WriteNews[] = [];
  #tick = 100;
  #applied = Infinity;
  readonly #looked = new Set<() => void>();
  readonly #heard = new Set<(news: WriteNews | null) => void>();

  /** Applies nothing that is written from now on. */
  stop(): void {
    this.#look();
    this.catchUp();
  }

  /** Applies everything that was written until now. */
  catchUp(): void {
    // Further than any guess about the time that has passed.
    this.#tick += 1000;
    this.#applied = this.#tick;
    this.#look();
  }

  /** The store forgets the counter, as after a crash, and the sync begins another one. */
  forget(generation: string): void {
    this.generation = generation;
    this.#tick = 1;
    this.#applied = 0;
    this.#look();
  }

  /** News may have been lost until now. */
  miss(): void {
    for (const heard of this.#heard) heard(null);
  }

  /** What one proxy sees of it. */
  seen(): Freshness {
    let own: ((news: WriteNews | null) => void) | null = null;
    return {
      latest: () => this.#now(),
      lookOften: () => void (this.looksOften += 1),
      onLook: (looked) => {
        this.#looked.add(looked);
        return () => this.#looked.delete(looked);
      },
      tell: (news) => {
        this.told.push(news);
        for (const heard of this.#heard) if (heard !== own) heard(news);
      },
      isHearing: () => this.isHearing,
      onNews: (heard) => {
        own = heard;
        this.#heard.add(heard);
        return () => this.#heard.delete(heard);
      },
    };
  }

  #now(): Look {
    const applied = new Map([['catalog', this.#applied]]);
    return { generation: this.generation, tick: this.#tick, applied, askedAt: performance.now() };
  }

  #look(): void {
    for (const looked of this.#looked) looked();
  }
}
