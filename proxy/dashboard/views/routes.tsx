import { now } from '../client/live.ts';
import { replaceQuery } from '../client/place.ts';
import { routesRefusal, routesUse, useRoutesUse } from '../client/routes-use.ts';
import { filtered, type RouteFilter } from '../facts/list-routes.ts';
import { Refusal } from '../parts/refusal.tsx';
import { count } from '../words.ts';
import { RouteFilters } from './route-filters.tsx';
import { RouteTable } from './route-table.tsx';
import { Unmatched } from './unmatched.tsx';

/** Every route with its use, and what no route matches; search and filters stand in the address. */
export function RoutesView({ query }: { query: URLSearchParams }) {
  useRoutesUse();
  const use = routesUse.value;
  const field = (name: string): string => query.get(name) ?? '';
  const filter: RouteFilter = {
    ...{ search: field('search'), migration: field('migration'), arm: field('arm') },
    ...{ kind: field('kind'), use: field('use') },
  };
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(query);
    if (value === '') next.delete(name);
    else next.set(name, value);
    replaceQuery(next);
  };
  const isUnmatched = filter.use === 'unmatched';
  // The minute is enough to tell what was not asked for in a week.
  const found =
    use && !isUnmatched ? filtered(use.rows, filter, Math.floor(now.value / 60_000) * 60_000) : [];
  return (
    <div class="routes">
      <header class="head">
        <h1>Routes</h1>
        <p class="quiet" role="status">
          {use && !isUnmatched && howMany(found.length, use.rows.length)}
          {use && isUnmatched && `${count(use.unmatched.length)} shapes of requests`}
        </p>
      </header>
      <RouteFilters filter={filter} set={set} />
      <Refusal refusal={routesRefusal.value} />
      {use === null && routesRefusal.value === null && <p class="empty">Counting …</p>}
      {use && isUnmatched && <Unmatched unmatched={use.unmatched} search={filter.search} />}
      {use && !isUnmatched && found.length === 0 && <p class="empty">No route fits.</p>}
      {found.length > 0 && <RouteTable rows={found} />}
    </div>
  );
}

function howMany(found: number, all: number): string {
  return found === all ? `${count(all)} routes` : `${count(found)} of ${count(all)} routes`;
}
