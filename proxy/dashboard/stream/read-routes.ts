import type { Migration, Routes } from './changes.ts';

/**
 * The routes of each migration. They are read now and then instead of coming with each status: there may be ten
 * thousand, and they change when somebody saves a configuration.
 */
export class RouteReader {
  readonly #kept = new Map<string, { text: string; routes: Routes }>();

  /** The same array for a migration as long as its routes are the same. */
  get all(): ReadonlyMap<string, Routes> {
    return new Map([...this.#kept].map(([name, { routes }]) => [name, routes]));
  }

  /** Reads them anew. @returns whether any of them changed */
  async read(): Promise<boolean> {
    const response = await fetch('/v1/migrations', { cache: 'no-store' });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    let isNew = false;
    for (const { name, routes } of (await response.json()) as Migration[]) {
      const text = JSON.stringify(routes);
      if (this.#kept.get(name)?.text === text) continue;
      this.#kept.set(name, { text, routes });
      isNew = true;
    }
    return isNew;
  }
}
