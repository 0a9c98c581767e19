import type { ControlStore } from './store.ts';

/**
 * One report that is written again and again. Two writes under way at once may arrive in the other order, and what was
 * said first would stay: here they follow each other.
 */
export class ReportInOrder {
  private readonly store: Pick<ControlStore, 'report'>;
  private readonly name: string;
  private readonly everyMs: number;
  private last: Promise<void> = Promise.resolve();
  private isWriting = false;
  private offeredAt = -Infinity;

  /** @param everyMs what is offered sooner than this after the last time is left out */
  constructor(store: Pick<ControlStore, 'report'>, name: string, everyMs: number) {
    this.store = store;
    this.name = name;
    this.everyMs = everyMs;
  }

  /** Writes how far it is, unless that was just said or is being said. That it fails does no harm. */
  offer(value: () => unknown): void {
    if (this.isWriting || performance.now() - this.offeredAt < this.everyMs) return;
    this.offeredAt = performance.now();
    this.write(value()).catch(() => undefined);
  }

  /** Writes what has to stand there in the end, after all that was written before. */
  async write(value: unknown): Promise<void> {
    this.isWriting = true;
    const write = this.last.then(() => this.store.report(this.name, value));
    this.last = write.catch(() => undefined);
    await write.finally(() => (this.isWriting = false));
  }
}
