import { setTimeout as pause } from 'node:timers/promises';
import type { ControlStore } from './store.ts';

const TRY_MS = 500;
const RESUME_MS = 2000;

/**
 * Sees to it that one process coordinates: takes the lead when nobody has it, and takes on what a crash of the one
 * before cut off. A second control process shows everything and moves nothing.
 */
export class Leadership {
  private readonly store: ControlStore;
  private readonly stop = new AbortController();
  private readonly running: Promise<void>;
  private holds: () => boolean = () => false;
  private firstTry: () => void = () => undefined;
  /** Resolves once it is known for the first time who leads. */
  readonly decided: Promise<void>;

  /** @param resume takes on what was cut off; called at once after the lead was taken, and again and again */
  constructor(store: ControlStore, resume: () => Promise<unknown>) {
    this.store = store;
    this.decided = new Promise((resolve) => (this.firstTry = resolve));
    this.running = this.run(resume);
  }

  isLeading(): boolean {
    return this.holds();
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  private async run(resume: () => Promise<unknown>): Promise<void> {
    const { signal } = this.stop;
    while (!signal.aborted) {
      if (!this.holds()) this.holds = (await this.store.lead(signal).catch(() => null)) ?? (() => false);
      this.firstTry();
      if (this.holds()) await resume().catch(() => undefined);
      await pause(this.holds() ? RESUME_MS : TRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
