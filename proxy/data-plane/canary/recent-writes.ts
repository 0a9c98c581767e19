import { hash } from 'node:crypto';
import { segmentsOf } from '../../routes/route.ts';
import type { Match } from '../../routes/match.ts';
import type { Look } from './freshness.ts';
import { Floor, isApplied, watermarkOf, type Watermark } from './watermark.ts';

const REMEMBERED = 10_000;
// Longer than a write takes. A proxy that died cannot say any more that its write has ended.
const RUNS_AT_MOST_MS = 60_000;

/** A write of a client that carries no watermark. */
export interface RecentWrite {
  /** Its name among the writes of all proxies. */
  id: string;
  keys: readonly string[];
}

/** What was written to one migration a moment ago, for clients that carry no watermark. */
export class RecentWrites {
  readonly #migration: string;
  /** Watermarks by key. */
  readonly #ended = new Map<string, Watermark>();
  /** By key the ids of writes, with the time at which they are believed to have ended. */
  readonly #running = new Map<string, Map<string, number>>();
  readonly #floor = new Floor();

  constructor(migration: string) {
    this.#migration = migration;
  }

  /** A write begins, here or at another proxy. */
  begin({ id, keys }: RecentWrite, now: number): void {
    for (const key of keys) {
      let running = this.#running.get(key);
      if (!running) this.#running.set(key, (running = new Map<string, number>()));
      running.set(id, now + RUNS_AT_MOST_MS);
    }
  }

  /** It ended; `mark` is the watermark of what it wrote. */
  end({ id, keys }: RecentWrite, mark: Watermark): void {
    for (const key of keys) {
      const running = this.#running.get(key);
      if (running?.delete(id) && running.size === 0) this.#running.delete(key);
      // The newest stand last, so that sweeping may end at the first that is not applied.
      this.#ended.delete(key);
      this.#ended.set(key, mark);
    }
    if (this.#ended.size > REMEMBERED) this.forget();
  }

  /** Nothing is known any more of what was written until now: all of it has to be applied first. */
  forget(): void {
    this.#ended.clear();
    this.#floor.raise();
  }

  /** True when the service may not have what was written to one of these keys. */
  isAhead(keys: () => readonly string[], look: Look | null, now: number): boolean {
    if (!this.#floor.isApplied(look, this.#migration, now)) return true;
    if (this.#ended.size === 0 && this.#running.size === 0) return false;
    return keys().some((key) => this.#running.has(key) || this.#isMissing(key, look));
  }

  /** Called with each look. Drops what the service has by now, and ends what nobody will end any more. */
  sweep(look: Look, now: number): void {
    for (const [key, running] of this.#running) {
      for (const [id, until] of running)
        if (until <= now) this.end({ id, keys: [key] }, watermarkOf(look, now));
    }
    for (const [key, mark] of this.#ended) {
      // The floor stands in for marks of another counter.
      if (mark.generation === look.generation && !isApplied(look, this.#migration, mark)) break;
      if (mark.generation !== look.generation) this.#floor.raise();
      this.#ended.delete(key);
    }
    // Stamped now, and not only when the first client asks.
    this.#floor.isApplied(look, this.#migration, now);
  }

  #isMissing(key: string, look: Look | null): boolean {
    const mark = this.#ended.get(key);
    return mark !== undefined && !isApplied(look, this.#migration, mark);
  }
}

/** The key of a client that says who it is. */
export function keyOfClient(id: string): string {
  return short(`client ${id}`);
}

/**
 * What a write may have changed, by its path: the thing that its route names with everything below it, and the
 * list that the thing stands in. A write to the list itself may have changed everything in it.
 */
export function keysOfWrite({ route }: Match, segments: readonly string[]): string[] {
  const literal = segmentsOf(route.path).findIndex((segment) => segment === '*' || segment.startsWith('{'));
  const list = segments.slice(0, literal === -1 ? segments.length : literal);
  const thing = segments.slice(0, list.length + 1);
  const below = short(`below ${thing.join('/')}`);
  return thing.length > list.length ? [below, short(`at ${list.join('/')}`)] : [below];
}

/** The keys under which a write would stand that a read of this path may see. */
export function keysOfRead(segments: readonly string[]): string[] {
  const keys = [short(`at ${segments.join('/')}`)];
  for (let depth = 0; depth <= segments.length; depth += 1)
    keys.push(short(`below ${segments.slice(0, depth).join('/')}`));
  return keys;
}

/** As long as is needed: two that meet send a few more reads to the owner, and no less. */
function short(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 12);
}
