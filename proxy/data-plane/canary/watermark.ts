import { SHORTEST_TICK_MS, type Look } from './freshness.ts';

/** The tick that the sync has to have applied before the service knows a certain write. */
export interface Watermark {
  generation: string;
  tick: number;
}

// A guess over a longer time would keep clients from the service long after the store is back.
const TOO_OLD_MS = 2000;
const UNKNOWN: Watermark = { generation: '-', tick: 0 };

/**
 * The watermark of a write that was committed before `now`. Since the last look there can have been one tick at once
 * and one more in each shortest time, so a round of the sync that knows of one more than these began after `now`.
 */
export function watermarkOf(look: Look | null, now: number): Watermark {
  if (!look || now - look.askedAt > TOO_OLD_MS) return UNKNOWN;
  const ticks = 1 + Math.floor((now - look.askedAt) / SHORTEST_TICK_MS);
  return { generation: look.generation, tick: look.tick + ticks + 1 };
}

/** True once the service has what was written before the watermark; false whenever that is not known. */
export function isApplied(look: Look | null, migration: string, { generation, tick }: Watermark): boolean {
  if (look?.generation !== generation) return false;
  return (look.applied.get(migration) ?? -1) >= tick;
}

/** A watermark as text. */
export function inText({ generation, tick }: Watermark): string {
  return `${generation}.${tick.toString(36)}`;
}

/** Reads what `inText` wrote; whatever else it may be, nothing has applied it. */
export function fromText(text: string): Watermark {
  const dot = text.indexOf('.');
  const tick = Number.parseInt(text.slice(dot + 1), 36);
  return dot > 0 && tick >= 0 ? { generation: text.slice(0, dot), tick } : UNKNOWN;
}

/**
 * A moment before which anything may have been written without being noted. It is stamped when it is first asked for
 * and again for each new counter, so it also stands in for marks of a counter that is gone.
 */
export class Floor {
  #mark: Watermark = UNKNOWN;

  /** From now on: everything up to now has to be applied first. */
  raise(): void {
    this.#mark = UNKNOWN;
  }

  isApplied(look: Look | null, migration: string, now: number): boolean {
    if (look && this.#mark.generation !== look.generation) this.#mark = watermarkOf(look, now);
    return isApplied(look, migration, this.#mark);
  }
}
