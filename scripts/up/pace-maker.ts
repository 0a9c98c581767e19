import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { movePace, readPace, takePace, type Pace } from '../../migrations/lifecycle/pace.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import { SHORTEST_TICK_MS } from '../../proxy/data-plane/canary/freshness.ts';

/** A little longer than the proxies count with: timers and clocks are not exact. */
const TICK_MS = SHORTEST_TICK_MS + 5;
/** Another driver that made no tick for so long is gone. */
const GONE_MS = 1000;

/**
 * Makes the ticks that proxies measure freshness by, and tells which tick each migration has applied. Only while
 * somebody wants it. Of several sync processes one does it.
 */
export class PaceMaker {
  private readonly store: ControlStore;
  private readonly isWanted: () => boolean;
  private readonly driver = randomUUID();
  private readonly stop = new AbortController();
  private readonly applied = new Map<string, number>();
  private pace: Pace | null = null;
  private other: { tick: number; since: number } | null = null;
  private running: Promise<void> = Promise.resolve();

  constructor(store: ControlStore, isWanted: () => boolean) {
    this.store = store;
    this.isWanted = isWanted;
  }

  start(): void {
    this.running = this.run();
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  /**
   * Called before a round of the relay looks at its source; null when nobody wants to know. What it returns is called
   * once everything that the round saw is applied.
   */
  beginRound(migration: string): (() => void) | null {
    const { pace } = this;
    if (!pace) return null;
    return () => {
      if (this.pace?.generation === pace.generation) this.applied.set(migration, pace.tick);
    };
  }

  /** Whatever became of one statement, the next one is sent a whole tick after its end: ticks are never closer. */
  private async run(): Promise<void> {
    const { signal } = this.stop;
    while (!signal.aborted) {
      try {
        if (this.isWanted()) await this.step();
        else this.rest();
      } catch {
        this.rest(); // the store is away; nobody is told anything until it is back
      }
      await pause(TICK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async step(): Promise<void> {
    if (this.pace) {
      const told = new Map(this.applied);
      this.pace = await movePace(this.store, this.driver, this.pace, told);
      for (const [migration, tick] of told) {
        if (this.applied.get(migration) === tick) this.applied.delete(migration);
      }
      if (!this.pace) this.rest();
    } else if (await this.mayTake()) {
      this.other = null;
      this.pace = await takePace(this.store, this.driver);
    }
  }

  /** Leaves the pace to another driver for as long as that one makes ticks. */
  private async mayTake(): Promise<boolean> {
    const found = await readPace(this.store);
    if (!found || found.driver === this.driver) return true;
    const now = performance.now();
    if (this.other?.tick !== found.tick) this.other = { tick: found.tick, since: now };
    return now - this.other.since >= GONE_MS;
  }

  private rest(): void {
    this.pace = null;
    this.applied.clear();
  }
}
