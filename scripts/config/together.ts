import { isDeepStrictEqual } from 'node:util';
import type { TablePair } from '../../migrations/mapping/schema.ts';
import type { Problem } from './problems.ts';
import type { ConfigData } from './schema.ts';

type Migrations = Pick<ConfigData, 'migrations' | 'together'>;

/** All that move with a migration, itself among them, in the order in which the configuration has them. */
export function groupIn({ migrations, together }: Migrations, name: string): string[] {
  const named = together.find((names) => names.includes(name)) ?? [name];
  return Object.keys(migrations).filter((each) => named.includes(each));
}

/**
 * The tables that a migration keeps in sync itself. One that stands in several of a group is the first one's: it is
 * captured, fenced and compared once, and follows the others because they move together.
 */
export function carriedBy(config: Migrations, name: string): TablePair[] {
  const group = groupIn(config, name);
  const before = group.slice(0, group.indexOf(name)).flatMap((each) => config.migrations[each]?.tables ?? []);
  const own = config.migrations[name]?.tables ?? [];
  return own.filter((pair) => !before.some((other) => isDeepStrictEqual(pair, other)));
}

/** Groups that name what is not there, or that cannot move as one. */
export function togetherProblems({ migrations, together }: Migrations): Problem[] {
  const seen = new Set<string>();
  return together.flatMap((names, i) =>
    names.flatMap((name, at): Problem[] => {
      const problem = (message: string): Problem[] => [{ path: ['together', i, at], atKey: false, message }];
      if (!(name in migrations))
        return problem(`there is no migration "${name}"; there are ${Object.keys(migrations).join(', ')}`);
      if (seen.has(name)) return problem(`"${name}" stands here twice; a migration is in one group`);
      seen.add(name);
      const other = migrations[name]?.after.find((each) => names.includes(each));
      if (other === undefined) return [];
      return problem(
        `"${name}" comes after "${other}", so it cannot move together with it; choose one of the two`,
      );
    }),
  );
}

/**
 * Two migrations on one table would each think that they own it; with or without its schema, it is one table. Only those
 * that move together may share one, and then in the same words.
 */
export function sharedTables(config: ConfigData): Problem[] {
  const seen = new Map<string, { name: string; pair: TablePair }>();
  return Object.entries(config.migrations).flatMap(([name, { service, tables }]) => {
    const database = (of: string): string => config.services[of]?.database ?? of;
    return tables.flatMap((pair, i) =>
      (['from', 'to'] as const).flatMap((end): Problem[] => {
        const table = `${end === 'from' ? '' : database(service)} ${pair[end].replace(/^public\./, '')}`;
        const other = seen.get(table);
        if (!other) seen.set(table, { name, pair });
        if (!other || other.name === name) return [];
        // Slices of one table share no row.
        const { sliceOf } = config.migrations[name] ?? {};
        if (sliceOf !== undefined && sliceOf === config.migrations[other.name]?.sliceOf) return [];
        const isGrouped = groupIn(config, name).includes(other.name);
        const theirs = config.migrations[other.name]?.service ?? '';
        const isSame = isDeepStrictEqual(pair, other.pair) && database(theirs) === database(service);
        if (isGrouped && isSame) return [];
        const message = isGrouped
          ? `table "${pair[end]}" is in migration "${other.name}" too, which moves together with this one: both have to say the same of it, and of one database`
          : `table "${pair[end]}" belongs to migration "${other.name}" already; a table has one owner: leave it to one of them, or say \`together: [[${other.name}, ${name}]]\``;
        return [{ path: ['migrations', name, 'tables', i, end], atKey: false, message }];
      }),
    );
  });
}

/** What each migration comes after, with each group as one: for whoever looks for a circle. */
export function orderOfGroups(config: Migrations): Map<string, string[]> {
  const first = (name: string): string => groupIn(config, name)[0] ?? name;
  const order = new Map<string, string[]>();
  for (const [name, { after }] of Object.entries(config.migrations))
    order.set(first(name), [...(order.get(first(name)) ?? []), ...after.map(first)]);
  return order;
}
