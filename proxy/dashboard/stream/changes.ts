import type { components } from '../../control/api.gen.ts';

type Schemas = components['schemas'];
export type Migration = Schemas['MigrationStatus'];
type Routes = Schemas['RouteStatus'][];

/** What is new of one migration; without `routes` those are as before. */
export type Change = Omit<Migration, 'routes'> & { routes?: Routes };

/** What a status says that the one before did not. */
export interface Changes {
  /** All migrations, in their order. */
  names: string[];
  changed: Change[];
}

/**
 * Finds what changed between one status and the next, so that only that crosses to the page: with ten thousand
 * routes, copying all of them at each event is what would slow it.
 */
export class ChangeFinder {
  #before = new Map<string, { rest: string; routes: string }>();

  next(migrations: Migration[]): Changes {
    const now = new Map<string, { rest: string; routes: string }>();
    const changed: Change[] = [];
    for (const { routes, ...rest } of migrations) {
      const text = { rest: JSON.stringify(rest), routes: JSON.stringify(routes) };
      const before = this.#before.get(rest.name);
      now.set(rest.name, text);
      const isSameRoutes = before?.routes === text.routes;
      if (before?.rest === text.rest && isSameRoutes) continue;
      changed.push(isSameRoutes ? rest : { ...rest, routes });
    }
    this.#before = now;
    return { names: migrations.map(({ name }) => name), changed };
  }
}

/** Puts two changes, one after the other, into one. */
export function merged(first: Changes, second: Changes): Changes {
  const byName = new Map(first.changed.map((change) => [change.name, change]));
  for (const change of second.changed) {
    const routes = change.routes ?? byName.get(change.name)?.routes;
    byName.set(change.name, routes ? { ...change, routes } : change);
  }
  return {
    names: second.names,
    changed: [...byName.values()].filter(({ name }) => second.names.includes(name)),
  };
}

/** The migrations after a change. What did not change stays the same object. */
export function applied(before: readonly Migration[], { names, changed }: Changes): Migration[] {
  const old = new Map(before.map((one) => [one.name, one]));
  const fresh = new Map(changed.map((one) => [one.name, one]));
  return names.flatMap((name) => {
    const [was, is] = [old.get(name), fresh.get(name)];
    if (!is) return was ? [was] : [];
    return [{ ...is, routes: is.routes ?? was?.routes ?? [] }];
  });
}
