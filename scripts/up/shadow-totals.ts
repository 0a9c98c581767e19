import type { MigrationState } from '../../migrations/lifecycle/fold.ts';
import type { OperationCounts, ShadowCounts } from '../../migrations/lifecycle/shadow-verdict.ts';
import type { ShadowCounts as Counts } from '../../proxy/control/lifecycle.ts';
import type { ShadowStats } from '../../proxy/data-plane/shadow/mirror.ts';
import { basisOf, sinceOf, withIgnored } from '../../proxy/data-plane/shadow/rules.ts';
import type { ShadowSettings } from '../../proxy/data-plane/shadow/schema.ts';
import { kindOf } from '../../proxy/routes/match.ts';
import type { Route } from '../../proxy/routes/route.ts';
import type { TrafficReport } from './traffic.ts';

const FIRST_EXAMPLES = 10;

/** What all proxies counted of one migration. */
export interface ShadowTotals extends Counts {
  /** The first differences, in words. */
  examples: string[];
  operations: Record<string, Counts>;
}

type Place = Pick<MigrationState, 'migration' | 'shadowSince' | 'ignored'>;

/**
 * Compared answers of one migration over all proxies since it entered stage `shadow`, so that neither a proxy that
 * was restarted takes its evidence along, nor an old fault counts for ever. Null when none was sampled.
 *
 * @param settings by whose rules, as the configuration has them, they must have been compared; null for any
 */
export function shadowTotals(
  traffic: readonly TrafficReport[],
  place: Place,
  settings: ShadowSettings | null,
): ShadowTotals | null {
  const found = traffic
    .flatMap(({ stats }) => stats.migrations[place.migration]?.shadow ?? [])
    .filter(({ basis }) => isBasis(basis, place, settings));
  if (found.length === 0) return null;
  return {
    ...found.map(pickCounts).reduce(sum),
    examples: found.flatMap(({ examples }) => examples).slice(0, FIRST_EXAMPLES),
    operations: sumByOperation(found),
  };
}

/**
 * The totals as gate and verdict want them: of every operation that the migration has now, sampled or not. What was
 * compared under a route that has left the configuration says nothing about those that are there.
 */
export function countsOf(totals: ShadowTotals | null, routes: readonly Route[]): ShadowCounts {
  const operations = operationsOf(routes, []).map((operation) => {
    const { compared = 0, differed = 0 } = totals?.operations[operation] ?? {};
    return { operation, compared, differed } satisfies OperationCounts;
  });
  const total = (count: 'compared' | 'differed'): number =>
    operations.reduce((before, operation) => before + operation[count], 0);
  return { compared: total('compared'), differed: total('differed'), operations };
}

/**
 * Whether findings rest on this stay in stage `shadow`, and on these rules with what was ordered to be ignored; null
 * stands for any rules.
 */
export function isBasis(
  basis: string,
  { shadowSince, ignored }: Place,
  settings: ShadowSettings | null,
): boolean {
  if (shadowSince === null) return false;
  if (!settings) return sinceOf(basis) === shadowSince;
  const paths = ignored.map(({ path }) => path);
  return basis === basisOf(shadowSince, withIgnored(settings, paths));
}

/** Operations that can be compared, and those that were: a route may have left the configuration since. */
export function operationsOf(routes: readonly Route[], seen: readonly string[]): string[] {
  const readable = routes.filter(
    (route) => (route.method === 'GET' || route.method === '*') && kindOf(route, 'GET') === 'reads',
  );
  return [...new Set([...readable.map(({ path }) => `GET ${path}`), ...seen])];
}

export const NONE: Counts = { compared: 0, agreed: 0, differed: 0, dropped: 0, tooBig: 0, noVerdict: 0 };

function sumByOperation(found: readonly ShadowStats[]): Record<string, Counts> {
  const sums: Record<string, Counts> = {};
  for (const [name, counts] of found.flatMap(({ operations }) => Object.entries(operations))) {
    sums[name] = sum(sums[name] ?? NONE, counts);
  }
  return sums;
}

function sum(a: Counts, b: Counts): Counts {
  return {
    compared: a.compared + b.compared,
    agreed: a.agreed + b.agreed,
    differed: a.differed + b.differed,
    dropped: a.dropped + b.dropped,
    tooBig: a.tooBig + b.tooBig,
    noVerdict: a.noVerdict + b.noVerdict,
  };
}

/** The counts alone, of something that has more. */
export function pickCounts({ compared, agreed, differed, dropped, tooBig, noVerdict }: Counts): Counts {
  return { compared, agreed, differed, dropped, tooBig, noVerdict };
}
