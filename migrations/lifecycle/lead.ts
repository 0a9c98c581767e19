import { setTimeout as pause } from 'node:timers/promises';
import type { JournalFollower } from './follow.ts';
import type { ControlStore } from './store.ts';

/** Who waits in the store for the lead has it at once when it is free; writes may be waiting for that. */
const WAIT_MS = 5000;
const TRY_MS = 500;
const RESUME_MS = 2000;
/** What could not be taken on is tried again after this, and then after twice the time each time. */
const AGAIN_MS = 100;

/**
 * Sees to it that one process coordinates: takes the lead when nobody has it, and takes on what a crash of the one
 * before cut off. A second control process shows everything and moves nothing.
 */
export class Leadership {
  private readonly store: ControlStore;
  private readonly resumeMs: number;
  private readonly stop = new AbortController();
  private readonly running: Promise<void>;
  private holds: () => boolean = () => false;
  private firstTry: () => void = () => undefined;
  private wake: () => void = () => undefined;
  /** Resolves once it is known for the first time who leads. */
  readonly decided: Promise<void>;

  /**
   * @param resume takes on what was cut off; called at once after the lead was taken, and again and again
   * @param journal tells when something was journaled: what the one before was killed in the middle of may be written just
   * after it is gone
   * @param resumeMs the pace at which it looks without any news
   */
  constructor(
    store: ControlStore,
    resume: () => Promise<unknown>,
    journal: Pick<JournalFollower, 'subscribe'> | null = null,
    resumeMs = RESUME_MS,
  ) {
    this.store = store;
    this.resumeMs = resumeMs;
    this.decided = new Promise((resolve) => (this.firstTry = resolve));
    const stopListening = journal?.subscribe(() => this.wake());
    this.running = this.run(resume).finally(() => stopListening?.());
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
    let failures = 0;
    // The first look does not wait: it is to be known soon who leads.
    for (let patience = 0; !signal.aborted; patience = WAIT_MS) {
      const isAnswered = this.holds() || (await this.tryToLead(patience));
      this.firstTry();
      // Before it looks: what is journaled meanwhile must not be missed.
      const woken = new Promise<void>((resolve) => (this.wake = resolve));
      if (this.holds())
        failures = await resume().then(
          () => 0,
          () => failures + 1,
        );
      if (this.holds()) await this.rest(failures, woken);
      else await pause(isAnswered ? 0 : TRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** News end it, but not where the last try failed: then it is tried again soon enough. */
  private async rest(failures: number, woken: Promise<void>): Promise<void> {
    const ms = failures === 0 ? this.resumeMs : Math.min(this.resumeMs, AGAIN_MS * 2 ** (failures - 1));
    const over = new AbortController();
    const signal = AbortSignal.any([this.stop.signal, over.signal]);
    const paused = pause(ms, undefined, { signal }).catch(() => undefined);
    await (failures === 0 ? Promise.race([paused, woken]) : paused);
    over.abort();
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
