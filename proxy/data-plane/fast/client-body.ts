import type { Problem } from '../exchange.ts';
import type { ClientSettings } from '../lane/schema.ts';
import { tooSlow } from '../lane/slow-clients.ts';

/** What is kept of a body for which nobody has asked yet. */
const MOST_KEPT = 64 * 1024;

/** A body of announced length on its way from the client: what came, what is to come, and how fast. */
export class ClientBody {
  #left: number;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  /** More of it is wanted at once: neither a hold nor an upstream that takes its time keeps it back. */
  #isAwaited = false;
  #cameAt = performance.now();
  #windowAt = this.#cameAt;
  #cameInWindow = 0;
  #wasAwaited = false;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Some of it is still to come. */
  get isComing(): boolean {
    return this.#left > 0;
  }

  /** Enough came for a request that waits. */
  get isFull(): boolean {
    return this.#keptBytes >= MOST_KEPT;
  }

  /** How many of these bytes belong to it. */
  share(bytes: Buffer): number {
    return Math.min(this.#left, bytes.length);
  }

  /** Counts bytes that came. */
  count(bytes: Buffer): void {
    this.#left -= bytes.length;
    this.#cameInWindow += bytes.length;
    this.#cameAt = performance.now();
  }

  /** Keeps bytes until somebody takes them. */
  keep(bytes: Buffer): void {
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
  }

  /** Gives what was kept; null for nothing. */
  takeKept(): Buffer | null {
    const kept = this.#kept;
    this.#kept = [];
    this.#keptBytes = 0;
    return kept.length > 1 ? Buffer.concat(kept) : (kept[0] ?? null);
  }

  await(isAwaited: boolean): void {
    if (isAwaited && !this.#isAwaited) this.#cameAt = performance.now();
    this.#isAwaited = isAwaited;
  }

  /** Why its client is given up; null while there is no reason to. */
  problemAt(now: number, bounds: ClientSettings): Problem | null {
    const { idleMs } = bounds;
    const isAwaited = this.#isAwaited && this.isComing;
    if (isAwaited && now - this.#cameAt > idleMs)
      return tooSlow(`nothing of the rest of its body came for ${idleMs} ms`, 'idleMs');
    return now - this.#windowAt >= idleMs ? this.#endWindow(now, isAwaited, bounds) : null;
  }

  /** Only a window in which the client could send from its beginning to its end says how fast it is. */
  #endWindow(now: number, isAwaited: boolean, bounds: ClientSettings): Problem | null {
    const { idleMs, minBodyBytesPerSecond: speed } = bounds;
    const isSlow = this.#cameInWindow < (speed * idleMs) / 1000;
    const wasAwaited = this.#wasAwaited;
    this.#windowAt = now;
    this.#cameInWindow = 0;
    this.#wasAwaited = isAwaited;
    if (!isSlow || !wasAwaited || !isAwaited) return null;
    return tooSlow(`its body comes with less than ${speed} bytes a second`, 'minBodyBytesPerSecond');
  }
}
