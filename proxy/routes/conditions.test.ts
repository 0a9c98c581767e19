import { describe, expect, it } from '@jest/globals';
import { match } from './match.ts';
import { RouteError } from './route.ts';
import type { RouteInput } from './schema.ts';
import { buildRouteTable } from './table.ts';
import { asked } from './testing/asked.ts';

const routeFor = (
  routes: RouteInput[],
  headers: Record<string, string>,
  target = '/p',
  method = 'GET',
): number | null => {
  const table = buildRouteTable([{ migration: 'catalog', service: 'shop', routes }]);
  const found = match(table, asked(method, target, headers));
  return found && table.routes.indexOf(found.route);
};

const claims = (catalog: RouteInput, orders: RouteInput) => () =>
  buildRouteTable([
    { migration: 'catalog', service: 'shop', routes: [catalog] },
    { migration: 'orders', service: 'orders', routes: [orders] },
  ]);

describe('a host', () => {
  const routes: RouteInput[] = [
    '* /p',
    { method: '*', path: '/p', host: '*.example.com' },
    { method: '*', path: '/p', host: '*.shop.example.com' },
    { method: '*', path: '/p', host: 'a.shop.example.com' },
  ];

  it.each([
    ['a.shop.example.com', 3],
    ['A.Shop.Example.COM:8443', 3],
    ['a.shop.example.com.', 3],
    ['b.shop.example.com', 2],
    ['c.b.shop.example.com', 2],
    ['shop.example.com', 1],
    ['example.com', 0],
    ['notexample.com', 0],
    ['example.com.evil.test', 0],
    ['[::1]:8080', 0],
    ['', 0],
    [`${'a.'.repeat(4000)}shop.example.com`, 0],
  ])('%s is matched exactly, then by the longest wildcard, then by none', (host, expected) => {
    expect(routeFor(routes, { host })).toBe(expected);
  });

  it('is nothing that every object inherits', () => {
    expect(routeFor(routes, { host: 'constructor' })).toBe(0);
    expect(routeFor([{ method: '*', path: '/p', host: 'a.b' }], { host: '__proto__' })).toBeNull();
  });

  it('comes before the path, and leaves what it has no route for to the routes for any host', () => {
    const mixed: RouteInput[] = ['GET /p/new', { method: 'GET', path: '/*', host: 'a.b' }, 'POST /p'];
    expect(routeFor(mixed, { host: 'a.b' }, '/p/new')).toBe(1);
    expect(routeFor(mixed, { host: 'c.b' }, '/p/new')).toBe(0);
    expect(routeFor(mixed, { host: 'a.b' }, '/p', 'POST')).toBe(2);
  });
});

describe('conditions on headers and query', () => {
  it('let a request fall back to the next route, a less exact path too, when they do not hold', () => {
    const routes: RouteInput[] = [
      { method: 'GET', path: '/p/7', headers: { 'x-beta': 'yes' } },
      { method: 'GET', path: '/p/{id}', query: { v: '2' } },
      'GET /p/*',
    ];
    expect(routeFor(routes, { 'x-beta': 'yes' }, '/p/7')).toBe(0);
    expect(routeFor(routes, { 'x-beta': 'no' }, '/p/7?v=2')).toBe(1);
    expect(routeFor(routes, {}, '/p/7?v=3')).toBe(2);
  });

  it('all have to hold, and more of them win: headers before query', () => {
    const routes: RouteInput[] = [
      'GET /p',
      { method: 'GET', path: '/p', query: { a: '1', b: '2' } },
      { method: 'GET', path: '/p', headers: { 'X-One': '1' } },
      { method: 'GET', path: '/p', headers: { 'X-One': '1', 'x-two': { present: true } } },
    ];
    expect(routeFor(routes, { 'x-one': '1', 'x-two': '' }, '/p?a=1&b=2')).toBe(3);
    expect(routeFor(routes, { 'x-one': '1' }, '/p?a=1&b=2')).toBe(2);
    expect(routeFor(routes, {}, '/p?a=1&b=2')).toBe(1);
    expect(routeFor(routes, {}, '/p?a=1')).toBe(0);
  });

  it('come after the method: a route for GET without any beats one for all methods with some', () => {
    const routes: RouteInput[] = ['GET /p', { method: '*', path: '/p', headers: { 'x-a': '1' } }];
    expect(routeFor(routes, { 'x-a': '1' })).toBe(0);
    expect(routeFor(routes, { 'x-a': '1' }, '/p', 'PUT')).toBe(1);
  });

  it('are followed in the order of the file, within one migration, when they are equally many', () => {
    const routes: RouteInput[] = [
      { method: 'GET', path: '/p', headers: { 'x-b': '1' } },
      { method: 'GET', path: '/p', headers: { 'x-a': '1' } },
    ];
    expect(routeFor(routes, { 'x-a': '1', 'x-b': '1' })).toBe(0);
    expect(routeFor(routes.toReversed(), { 'x-a': '1', 'x-b': '1' })).toBe(0);
  });

  it('read the query as a server does: decoded, and of a repeated parameter the first', () => {
    const routes: RouteInput[] = [{ method: 'GET', path: '/p', query: { 'a b': 'c&d' } }];
    expect(routeFor(routes, {}, '/p?a%20b=c%26d')).toBe(0);
    expect(routeFor(routes, {}, '/p?x=1&%61+b=c%26d&a+b=other')).toBe(0);
    expect(routeFor(routes, {}, '/p?a+b=other&a+b=c%26d')).toBeNull();
    expect(routeFor([{ method: 'GET', path: '/p', query: { a: { present: true } } }], {}, '/p?a')).toBe(0);
    expect(routeFor([{ method: 'GET', path: '/p', query: { a: { present: true } } }], {}, '/p?b')).toBeNull();
  });

  it('find a pattern anywhere unless it is tied to the ends, and no value makes it slow', () => {
    const on = (regex: string): RouteInput[] => [
      { method: 'GET', path: '/p', headers: { 'x-v': { regex } } },
    ];
    expect(routeFor(on('b+'), { 'x-v': 'abbc' })).toBe(0);
    expect(routeFor(on('^b+$'), { 'x-v': 'abbc' })).toBeNull();
    expect(routeFor(on('(?i)^BETA'), { 'x-v': 'beta-2' })).toBe(0);
    // A pattern that backtracks would be at this until long after the test has ended.
    expect(routeFor(on('^(([a-z])+.)+[A-Z]([a-z])+$'), { 'x-v': 'a'.repeat(16_000) })).toBeNull();
  });
});

describe('two migrations', () => {
  const get = (part: Partial<Exclude<RouteInput, string>>): RouteInput => ({
    method: 'GET',
    path: '/p',
    ...part,
  });

  it.each([
    ['the same conditions', { headers: { 'X-A': '1' } }, { headers: { 'x-a': '1' } }, /both claim it/],
    ['one host', { host: 'a.b' }, { host: 'a.b' }, /both claim it/],
    ['headers that one request can carry', { headers: { a: '1' } }, { headers: { b: '1' } }, /can fit both/],
    ['a value and its presence', { query: { a: '1' } }, { query: { a: { present: true } } }, /can fit both/],
    [
      'a value and a pattern of it',
      { query: { a: '17' } },
      { query: { a: { regex: '^1' } } },
      /can fit both/,
    ],
  ] as const)('must not both claim a request: %s', (_, one, other, words) => {
    expect(claims(get(one), get(other))).toThrow(RouteError);
    expect(claims(get(one), get(other))).toThrow(words);
    expect(claims(get(one), get(other))).toThrow(/migration "catalog" and migration "orders"/);
  });

  it.each([
    ['different values', { headers: { a: '1' } }, { headers: { a: '2' } }],
    ['a value and a pattern that it does not fit', { query: { a: '2' } }, { query: { a: { regex: '^1' } } }],
    ['different hosts', { host: 'a.b' }, { host: '*.b' }],
    ['more conditions in one of them', {}, { headers: { a: '1' } }],
    ['patterns, of which nobody knows', { query: { a: { regex: '^1' } } }, { query: { a: { regex: '^2' } } }],
  ] as const)('may share a path by %s', (_, one, other) => {
    expect(claims(get(one), get(other))).not.toThrow();
  });
});
