import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { candidatesFor, match, type Asked } from './match.ts';
import type { RouteInput } from './schema.ts';
import { buildRouteTable } from './table.ts';
import { decidedBy } from './precedence.ts';
import { RouteError, type Route } from './route.ts';
import { asked } from './testing/asked.ts';

/** The precedence of the Gateway API as a list: each entry decides only where all before it are equal. */
const PRECEDENCE: readonly ((route: Route, method: string) => string | number)[] = [
  ({ host }) => (host === null ? 2 : host.startsWith('*.') ? 1 : 0),
  ({ host }) => -(host ?? '').length,
  ({ path }) => segments(path).map(rankOfSegment).join(''),
  (route, method) => (route.method === method ? 0 : route.method === 'GET' && method === 'HEAD' ? 1 : 2),
  // OPTIONS alone gets here with routes of other methods, and then after those for any.
  (route, method) => (route.method === method || route.method === '*' || method === 'HEAD' ? 0 : 1),
  ({ headers }) => -headers.length,
  ({ query }) => -query.length,
];
/** What each of these is called, and last what is left when all are equal. */
const CRITERIA = ['host', 'host', 'path', 'method', 'method', 'headers', 'query', 'order'];

const segments = (path: string): string[] => path.split('/').filter(Boolean);
const rankOfSegment = (segment: string): number => (segment === '*' ? 2 : segment.startsWith('{') ? 1 : 0);

/** Sorts all routes and takes the first that fits: slow, and nothing to get wrong. */
function firstBySorting(routes: readonly Route[], request: Asked): Route | null {
  const fitting = routes.filter((route) => fits(route, request));
  return fitting.toSorted((a, b) => compare(rankOf(a, request), rankOf(b, request)))[0] ?? null;
}

function rankOf(route: Route, { method }: Asked): (string | number)[] {
  return PRECEDENCE.map((by) => by(route, method));
}

function compare(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  if (at === -1) return 0;
  return (a[at] ?? 0) < (b[at] ?? 0) ? -1 : 1;
}

function fits(route: Route, request: Asked): boolean {
  const { method, target } = request;
  const name = (request.header('host') ?? '').replace(/:\d+$/, '').toLowerCase();
  const query = new URLSearchParams(target.query);
  const isFulfilled = (value: string | null | undefined, { holds }: Route['headers'][number]) =>
    typeof value === 'string' && holds(value);
  return (
    (route.host === null ||
      route.host === name ||
      (route.host.startsWith('*.') && name.endsWith(route.host.slice(1)))) &&
    pathPattern(route.path).test(`/${target.segments.join('/')}`) &&
    (route.method === method ||
      route.method === '*' ||
      method === 'OPTIONS' ||
      (method === 'HEAD' && route.method === 'GET')) &&
    route.headers.every((condition) => isFulfilled(request.header(condition.name), condition)) &&
    route.query.every((condition) => isFulfilled(query.get(condition.name), condition))
  );
}

function pathPattern(path: string): RegExp {
  const parts = segments(path).map((each) =>
    each === '*' ? '(/.*)?' : each.startsWith('{') ? '/[^/]+' : `/${each}`,
  );
  return new RegExp(`^${parts.join('') === '' ? '/' : parts.join('').replace(/^\(\/\.\*\)\?$/, '/.*')}$`);
}

const NAMES = ['a', 'b', 'c'] as const;
const HOSTS = ['example.com', 'a.example.com', 'b.a.example.com'] as const;
const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS'] as const;

const aCondition = fc.oneof(
  fc.constantFrom('1', '2'),
  fc.constant({ present: true as const }),
  fc.constantFrom({ regex: '^[12]$' }, { regex: '2' }),
);
const conditions = fc.dictionary(fc.constantFrom('x-a', 'x-b'), aCondition, { maxKeys: 2 });
const aPath = fc
  .tuple(fc.array(fc.constantFrom(...NAMES, '{}'), { maxLength: 3 }), fc.boolean())
  .map(([parts, isOpen]) => {
    const named = parts.map((part, index) => (part === '{}' ? `{p${index}}` : part));
    return `/${[...named, ...(isOpen ? ['*'] : [])].join('/')}`;
  });
const aRoute: fc.Arbitrary<RouteInput> = fc
  .record(
    {
      method: fc.constantFrom(...METHODS, '*'),
      path: aPath,
      host: fc.constantFrom(...HOSTS, '*.example.com', '*.a.example.com', '*.com'),
      headers: conditions,
      query: conditions,
    },
    { requiredKeys: ['method', 'path'] },
  )
  .map((route) => route as RouteInput);
const aRequest = fc
  .record({
    method: fc.constantFrom(...METHODS, 'PUT'),
    path: fc.array(fc.constantFrom(...NAMES), { maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
    host: fc.constantFrom(...HOSTS, 'A.example.com:8080', 'example.org'),
    headers: fc.dictionary(fc.constantFrom('x-a', 'x-b'), fc.constantFrom('1', '2', '3'), { maxKeys: 2 }),
    query: fc.array(fc.tuple(fc.constantFrom('x-a', 'x-b'), fc.constantFrom('1', '2', '')), { maxLength: 3 }),
  })
  .map(({ method, path, host, headers, query }) =>
    asked(method, `${path}?${new URLSearchParams(query).toString()}`, { ...headers, host }),
  );

/** A table of those routes that it does not refuse as standing there twice. */
function tableOf(routes: readonly RouteInput[]) {
  const accepted: RouteInput[] = [];
  const build = (some: readonly RouteInput[]) =>
    buildRouteTable([{ migration: 'm', service: 's', routes: some }]);
  for (const route of routes) {
    try {
      build([...accepted, route]);
      accepted.push(route);
    } catch (error) {
      if (!(error instanceof RouteError)) throw error;
    }
  }
  return build(accepted);
}

describe('the table', () => {
  it('finds what sorting all routes by the precedence of the Gateway API finds', () => {
    let found = 0;
    fc.assert(
      fc.property(
        fc.array(aRoute, { maxLength: 12 }),
        fc.array(aRequest, { maxLength: 12 }),
        (routes, requests) => {
          const table = tableOf(routes);
          for (const request of requests) {
            const expected = firstBySorting(table.routes, request);
            expect(match(table, request)?.route ?? null).toBe(expected);
            if (expected) found += 1;
          }
        },
      ),
      { numRuns: 400 },
    );
    expect(found).toBeGreaterThan(100);
  });

  it('tells every other route that fits as well, in its order and by what it lost', () => {
    fc.assert(
      fc.property(fc.array(aRoute, { maxLength: 12 }), aRequest, (routes, request) => {
        const table = tableOf(routes);
        const fitting = candidatesFor(table, request)
          .filter(({ unfulfilled }) => unfulfilled.length === 0)
          .map(({ route }) => route);
        expect(new Set(fitting)).toEqual(new Set(table.routes.filter((route) => fits(route, request))));
        expect(fitting.length).toBe(new Set(fitting).size);
        const [winner, ...others] = fitting;
        expect(match(table, request)?.route).toBe(winner);
        for (const other of others) {
          const [best, worse] = [rankOf(winner as Route, request), rankOf(other, request)];
          const differing = best.findIndex((value, index) => value !== worse[index]);
          expect(decidedBy(winner as Route, other, request.method)).toBe(CRITERIA.at(differing));
        }
      }),
      { numRuns: 300 },
    );
  });
});
