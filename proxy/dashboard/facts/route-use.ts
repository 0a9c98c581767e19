import type { components } from '../../control/api.gen.ts';
import { rowOf, type RouteRow } from './list-routes.ts';

type Schemas = components['schemas'];

/** What is known of the use of routes, by key: answers tell only of what was asked for since the one before. */
export class RouteUse {
  readonly #rows = new Map<string, RouteRow>();
  readonly #unmatched = new Map<string, Schemas['UnmatchedUse']>();
  #at: string | null = null;

  get rows(): RouteRow[] {
    return [...this.#rows.values()];
  }

  /** The most frequent first. */
  get unmatched(): Schemas['UnmatchedUse'][] {
    return [...this.#unmatched.values()].sort((a, b) => b.requests - a.requests);
  }

  /**
   * From when on to ask the next time, as ISO time; null for all there is. A little before the last answer: what was
   * asked for then may have been told by its proxy only since.
   */
  get since(): string | null {
    return this.#at === null ? null : new Date(Date.parse(this.#at) - LATE_MS).toISOString();
  }

  add({ at, routes, unmatched }: Schemas['RoutesUse']): void {
    this.#at = at;
    for (const row of routes.map(rowOf)) this.#rows.set(row.key, row);
    for (const one of unmatched) this.#unmatched.set(`${one.method} ${one.path}`, one);
  }
}

/** Proxies tell once a second; one that could not reach the store tells later. */
const LATE_MS = 15_000;
