import { setTimeout as pause } from 'node:timers/promises';
import type { ControlStore } from './store.ts';

/** Who waits in the store for the lead has it at once when it is free; writes may be waiting for that. */
const WAIT_MS = 5000;
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
    // The first look does not wait: it is to be known soon who leads.
    for (let patience = 0; !signal.aborted; patience = WAIT_MS) {
      const isAnswered = this.holds() || (await this.tryToLead(patience));
      this.firstTry();
      if (this.holds()) await resume().catch(() => undefined);
      const rest = this.holds() ? RESUME_MS : isAnswered ? 0 : TRY_MS;
      await pause(rest, undefined, { signal }).catch(() => undefined);
    }
  }

  /** False when the store does not say who leads. */
  private async tryToLead(patience: number): Promise<boolean> {
    try {
      this.holds = (await this.store.lead(this.stop.signal, patience)) ?? (() => false);
      return true;
    } catch {
      return false;
    }
  }
}
