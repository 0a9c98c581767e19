import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { rowOf, type RouteRow } from '../facts/list-routes.ts';
import { answerOf, api, Refused, type Schemas } from './call.ts';
import { migrations } from './live.ts';

const EVERY_MS = 2000;

export interface RoutesUse {
  rows: readonly RouteRow[];
  unmatched: readonly Schemas['UnmatchedUse'][];
  /** When it was read, in milliseconds since 1970. */
  at: number;
}

/** Every route and how it is used; null before it was read. */
export const routesUse = signal<RoutesUse | null>(null);
export const routesRefusal = signal<Refused | null>(null);

/**
 * Reads the use of routes while somebody looks at it: all of it at first and whenever routes or stages are others,
 * and in between only of those that were asked for since.
 */
export function useRoutesUse(): void {
  const about = migrations.value.map(({ name, stage, owner, weightSet, routes }) => [
    ...[name, stage, owner, weightSet, routes.length],
  ]);
  useEffect(() => {
    const reader = new Reader();
    void reader.read();
    const timer = setInterval(() => document.visibilityState === 'visible' && void reader.read(), EVERY_MS);
    return () => (clearInterval(timer), reader.stop());
  }, [JSON.stringify(about)]);
}

class Reader {
  /** The server's time of the last answer; null before the first. */
  #since: string | null = null;
  #rows = new Map<string, RouteRow>();
  #isReading = false;
  #isOver = false;

  stop(): void {
    this.#isOver = true;
  }

  async read(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    const query = this.#since === null ? {} : { usedAfter: this.#since };
    try {
      const answer = await answerOf(api.GET('/v1/routes', { params: { query } }));
      if (this.#isOver) return;
      for (const route of answer.routes) {
        const row = rowOf(route);
        this.#rows.set(row.key, row);
      }
      this.#since = answer.at;
      routesRefusal.value = null;
      const { unmatched } = answer;
      routesUse.value = { rows: [...this.#rows.values()], unmatched, at: Date.now() };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      routesRefusal.value = error;
    } finally {
      this.#isReading = false;
    }
  }
}
