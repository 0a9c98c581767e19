import { match, type Asked } from '../../proxy/routes/match.ts';
import { normalisePath } from '../../proxy/routes/path.ts';
import type { RouteInput } from '../../proxy/routes/schema.ts';
import { buildRouteTable, type RouteTable } from '../../proxy/routes/table.ts';

/**
 * How long the search for a route takes, in tables of different sizes: `node scripts/bench/match.ts`. Prints
 * nanoseconds for a match, and what that is of the smallest table's. Sixty targets from all over the table show what
 * the search costs; six thousand show what it costs when the table does not fit the processor's caches.
 */
const SIZES = [10, 1000, 10_000];
const MATCHES = 420_000;
const ROUNDS = 7;

/** A fifth of the routes of each kind, so that every branch of the table is taken. */
function routesFor(size: number): RouteInput[] {
  return Array.from({ length: Math.ceil(size / 5) }, (_, each): RouteInput[] => [
    `GET /api/collection-${each}/items`,
    `GET,PUT /api/collection-${each}/items/{id}`,
    `* /api/collection-${each}/archive/*`,
    { method: 'GET', path: `/api/collection-${each}/items`, headers: { 'x-beta': 'yes' } },
    { method: 'GET', path: '/', host: `shop-${each}.example.com` },
  ]).flat();
}

function requestsFor(size: number, count: number): Asked[] {
  const collections = Math.ceil(size / 5);
  return Array.from({ length: count / 6 }, (_, each): Asked[] => {
    const of = (each * 7919) % collections;
    return [
      asked(`/api/collection-${of}/items`),
      asked(`/api/collection-${of}/items`, { 'x-beta': 'yes' }),
      asked(`/api/collection-${of}/items/42?full=1`),
      asked(`/api/collection-${of}/archive/2024/07/index.html`),
      asked('/', { host: `shop-${of}.example.com` }),
      asked('/somewhere/else'),
    ];
  }).flat();
}

function asked(target: string, headers: Record<string, string> = {}): Asked {
  const path = normalisePath(target);
  if (path.kind === 'refusal') throw new Error(path.reason);
  const byName = new Map(Object.entries({ host: 'www.example.com', accept: '*/*', ...headers }));
  return { method: 'GET', target: path, header: (name) => byName.get(name) };
}

function build(size: number): { table: RouteTable; ms: number } {
  const routes = routesFor(size);
  const started = performance.now();
  const table = buildRouteTable([{ migration: 'all', service: 'all', routes }]);
  return { table, ms: performance.now() - started };
}

/** The median of some rounds, after one that only warms up. */
function measure(table: RouteTable, requests: readonly Asked[]): number {
  const rounds = Array.from({ length: ROUNDS + 1 }, () => {
    let found = 0;
    const started = performance.now();
    for (let count = 0; count < MATCHES; count += 1) {
      const request = requests[count % requests.length];
      if (request && match(table, request)) found += 1;
    }
    const nanoseconds = ((performance.now() - started) * 1e6) / MATCHES;
    if (found !== (MATCHES * 5) / 6) throw new Error(`${found} of ${MATCHES} were found`);
    return nanoseconds;
  });
  return rounds.slice(1).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? NaN;
}

const smallest = new Map<number, number>();
for (const size of SIZES) {
  const { table, ms } = build(size);
  const columns = [60, 6000].map((targets) => {
    const nanoseconds = measure(table, requestsFor(size, targets));
    if (!smallest.has(targets)) smallest.set(targets, nanoseconds);
    const ratio = nanoseconds / (smallest.get(targets) ?? NaN);
    return `${nanoseconds.toFixed(0).padStart(4)} ns (${ratio.toFixed(2)}×) over ${targets} targets`;
  });
  const routes = String(table.routes.length).padStart(6);
  process.stdout.write(`${routes} routes: ${columns.join(', ')}; built in ${ms.toFixed(1)} ms\n`);
}
