import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { RouteRow } from '../facts/list-routes.ts';
import { RouteUse } from '../facts/route-use.ts';
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
  readonly #use = new RouteUse();
  #isReading = false;
  #isOver = false;

  stop(): void {
    this.#isOver = true;
  }

  async read(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    const { since } = this.#use;
    try {
      const query = since === null ? {} : { usedAfter: since };
      const answer = await answerOf(api.GET('/v1/routes', { params: { query } }));
      if (this.#isOver) return;
      this.#use.add(answer);
      routesRefusal.value = null;
      routesUse.value = { rows: this.#use.rows, unmatched: this.#use.unmatched, at: Date.now() };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      routesRefusal.value = error;
    } finally {
      this.#isReading = false;
    }
  }
}
