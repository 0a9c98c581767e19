import type { Coordinator } from '../../migrations/lifecycle/coordinator.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import { nextVerb } from '../../migrations/lifecycle/stages.ts';

const EVERY_MS = 3000;
/** Gates cost requests and queries: nobody who looks, nothing to look at. */
const WATCHED_FOR_MS = 15_000;

/** Keeps at hand, while somebody watches, what the next move of each migration waits for. */
export class GateWatch {
  private readonly coordinator: Coordinator;
  private readonly journal: JournalFollower;
  private names: readonly string[];
  private readonly found = new Map<string, { seq: number; reasons: string[] }>();
  private readonly timer: NodeJS.Timeout;
  private watchedUntil = 0;
  private lookedAt = -Infinity;
  private isLooking = false;

  constructor(coordinator: Coordinator, journal: JournalFollower, names: readonly string[]) {
    this.coordinator = coordinator;
    this.journal = journal;
    this.names = names;
    this.timer = setInterval(() => void this.look(), EVERY_MS / 6);
    this.timer.unref();
  }

  waitsFor(migration: string): readonly string[] {
    if (this.journal.fork) return [this.journal.fork.message];
    const { seq, stage } = this.journal.state(migration);
    const found = this.found.get(migration);
    if (found?.seq === seq) return found.reasons;
    return nextVerb(stage) === null ? [] : ['its gates, which are being looked at'];
  }

  watch(names: readonly string[]): void {
    this.names = names;
    this.refreshSoon();
  }

  isWatched(): void {
    this.watchedUntil = performance.now() + WATCHED_FOR_MS;
  }

  refreshSoon(): void {
    this.lookedAt = -Infinity;
  }

  close(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    const now = performance.now();
    if (this.isLooking || now > this.watchedUntil || now - this.lookedAt < EVERY_MS) return;
    this.isLooking = true;
    this.lookedAt = now;
    try {
      for (const name of this.names) {
        const { seq } = this.journal.state(name);
        this.found.set(name, { seq, reasons: await this.reasons(name) });
      }
    } finally {
      this.isLooking = false;
    }
  }

  private async reasons(name: string): Promise<string[]> {
    const { stage, change } = this.journal.state(name);
    const verb = nextVerb(stage);
    if (verb === null || change) return [];
    try {
      const { gates } = await this.coordinator.plan(name, verb, { rehearse: false });
      return gates
        .filter((gate) => !gate.passed)
        .map(({ gate, value, threshold }) => `${gate}: ${value}, needs ${threshold}`);
    } catch (error) {
      return (error instanceof Error ? error.message : String(error)).split('\n');
    }
  }
}
