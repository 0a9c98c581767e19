import type { Problem } from '../exchange.ts';
import type { HoldSettings } from './schema.ts';

/** How a wait ended. */
export type HoldEnd = 'released' | 'too long' | 'too many' | 'too big' | 'client left';

export interface HeldWrite {
  migration: string;
  /** What Content-Length announces; null when unknown. */
  bytes: number | null;
  /** Decides again on the newest standing; true when the write may go and is counted as running. */
  tryAgain: () => boolean;
  onClientGone: (left: () => void) => () => void;
}

interface Waiter extends HeldWrite {
  end: (how: HoldEnd) => void;
}

// A body of unknown length is not read while it waits; this is what the socket and the parser keep of it.
const UNKNOWN_LENGTH = 64 * 1024;
// A lease that becomes live again announces nothing, so it is looked at while something waits.
const LOOK_AGAIN_MS = 20;

/** Writes that wait for a change of owner, in the order in which they came; bounded in time, count and bytes. */
export class HoldQueue {
  #settings: HoldSettings;
  readonly #waiting = new Set<Waiter>();
  #bytes = 0;
  #looking: NodeJS.Timeout | undefined;

  constructor(settings: HoldSettings) {
    this.#settings = settings;
  }

  /** From now on; writes that wait already keep the time they came with. */
  configure(settings: HoldSettings): void {
    this.#settings = settings;
  }

  /** Waits until the write may go, or a bound is reached, or its client leaves. */
  wait(write: HeldWrite): Promise<HoldEnd> {
    if (this.#waiting.size >= this.#settings.maxRequests) return Promise.resolve('too many');
    if (this.#bytes + sizeOf(write) > this.#settings.maxBytes) return Promise.resolve('too big');
    return new Promise((resolve) => this.#enter(write, resolve));
  }

  /** Lets every write go that may go now, in order. Called with each newer standing. */
  lookAgain(): void {
    for (const waiter of this.#waiting) if (waiter.tryAgain()) waiter.end('released');
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  count(migration: string): number {
    let count = 0;
    for (const waiter of this.#waiting) if (waiter.migration === migration) count += 1;
    return count;
  }

  #enter(write: HeldWrite, resolve: (how: HoldEnd) => void): void {
    let stopListening: () => void = () => undefined;
    const end = (how: HoldEnd): void => {
      if (!this.#waiting.delete(waiter)) return;
      clearTimeout(cap);
      stopListening();
      this.#bytes -= sizeOf(write);
      if (this.#waiting.size === 0) clearInterval(this.#looking);
      resolve(how);
    };
    const waiter: Waiter = { ...write, end };
    if (this.#waiting.size === 0) this.#looking = setInterval(() => this.lookAgain(), LOOK_AGAIN_MS);
    this.#waiting.add(waiter);
    this.#bytes += sizeOf(write);
    const cap = setTimeout(() => end('too long'), this.#settings.capMs);
    stopListening = write.onClientGone(() => end('client left'));
  }
}

/** What the client is told when its write could not wait any longer; null when it left. */
export function problemOfHold(how: HoldEnd, migration: string, waitedMs: number): Problem | null {
  if (how === 'released' || how === 'client left') return null;
  const why = {
    'too long': `the owner of its data changes and did not settle within ${Math.round(waitedMs)} ms`,
    'too many': 'the owner of its data changes and too many writes wait already',
    'too big': 'the owner of its data changes and the waiting writes are too big already',
  }[how];
  return {
    status: 503,
    title: 'The write could not wait any longer',
    detail: `Nothing of this request to "${migration}" was sent to any side: ${why}. Send it again.`,
    retryAfterSeconds: 1,
  };
}

function sizeOf(write: HeldWrite): number {
  return write.bytes ?? UNKNOWN_LENGTH;
}
