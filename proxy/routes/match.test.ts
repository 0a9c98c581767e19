import { describe, expect, it } from '@jest/globals';
import { match, type Match } from './match.ts';
import { normalisePath } from './path.ts';
import { RouteError, type MigrationRoutes } from './route.ts';
import { buildRouteTable } from './table.ts';

const routesOf = (...routes: MigrationRoutes['routes']): MigrationRoutes => ({
  migration: 'catalog',
  service: 'shop',
  routes,
});

const tryMatch = (routes: MigrationRoutes['routes'], method: string, target: string): Match | null => {
  const path = normalisePath(target);
  if (path.kind === 'refusal') throw new Error(path.reason);
  return match(buildRouteTable([routesOf(...routes)]), { method, target: path, header: () => undefined });
};

const pathFor = (routes: MigrationRoutes['routes'], method: string, target: string): string | null =>
  tryMatch(routes, method, target)?.route.path ?? null;

describe('matching a request', () => {
  it('prefers exact to parameter to wildcard, whatever the order in the configuration', () => {
    const routes = ['GET /p/*', 'GET /p/{id}', 'GET /p/new', 'GET /p/{id}/parts', 'GET /*'];
    for (const ordered of [routes, routes.toReversed()]) {
      expect(pathFor(ordered, 'GET', '/p/new')).toBe('/p/new');
      expect(pathFor(ordered, 'GET', '/p/7')).toBe('/p/{id}');
      expect(pathFor(ordered, 'GET', '/p/7/parts')).toBe('/p/{id}/parts');
      expect(pathFor(ordered, 'GET', '/p/7/other')).toBe('/p/*');
      expect(pathFor(ordered, 'GET', '/q')).toBe('/*');
    }
  });

  it('takes the longest wildcard', () => {
    const routes = ['* /api/*', '* /api/shop/*', '* /api/shop/cart/*'];
    expect(pathFor(routes, 'GET', '/api/shop/cart/1')).toBe('/api/shop/cart/*');
    expect(pathFor(routes, 'GET', '/api/shop/x')).toBe('/api/shop/*');
  });

  it('ends a prefix at the border of a segment', () => {
    expect(pathFor(['* /api/*'], 'GET', '/apiary')).toBeNull();
    expect(pathFor(['* /api/*'], 'GET', '/api')).toBe('/api/*');
    expect(pathFor(['* /api/*'], 'GET', '/api/cart')).toBe('/api/*');
    expect(pathFor(['* /api'], 'GET', '/api/cart')).toBeNull();
  });

  it('finds the route behind every other spelling of its path', () => {
    for (const spelling of ['/api/%70roducts', '/api//products', '/api/products/', '/api/products;a=b'])
      expect(pathFor(['POST /api/products'], 'POST', spelling)).toBe('/api/products');
  });

  it('falls back to a less exact route whose method fits', () => {
    const routes = ['GET /p/{id}', '* /p/*'];
    expect(pathFor(routes, 'DELETE', '/p/7')).toBe('/p/*');
    expect(pathFor(['GET /p/{id}'], 'DELETE', '/p/7')).toBeNull();
  });

  it('gives the decoded values of the parameters', () => {
    const found = tryMatch(['GET /u/{user}/o/{order}'], 'GET', '/u/caf%C3%A9/o/7');
    expect(found?.params).toEqual({ user: 'café', order: '7' });
    // On the way to this route another one was tried, and its parameter with it.
    const after = tryMatch(['GET /a/{x}/c', 'GET /{y}/b/d'], 'GET', '/a/b/d');
    expect(after?.params).toEqual({ y: 'a' });
  });

  it('finds nothing in what every object inherits', () => {
    expect(pathFor(['GET /a'], 'GET', '/constructor')).toBeNull();
    expect(pathFor(['GET /a'], 'GET', '/__proto__')).toBeNull();
    expect(pathFor(['GET /a'], 'constructor', '/a')).toBeNull();
  });

  it('answers HEAD by the GET route and lets OPTIONS follow any route of the path, as a read', () => {
    expect(tryMatch(['GET /a'], 'HEAD', '/a')?.kind).toBe('reads');
    expect(tryMatch(['POST /a'], 'HEAD', '/a')).toBeNull();
    expect(tryMatch(['POST /a'], 'OPTIONS', '/a')?.kind).toBe('reads');
  });

  it('tells reads from writes by the method, unless the route says otherwise', () => {
    const kind = (method: string) => tryMatch(['* /a'], method, '/a')?.kind;
    expect(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'PURGE'].map(kind)).toEqual([
      ...['reads', 'reads', 'reads'],
      ...['writes', 'writes', 'writes', 'writes', 'writes'],
    ]);
    expect(tryMatch([{ method: 'POST', path: '/search', as: 'reads' }], 'POST', '/search')?.kind).toBe(
      'reads',
    );
    expect(tryMatch([{ method: ['GET'], path: '/buy', as: 'writes' }], 'GET', '/buy')?.kind).toBe('writes');
  });
});

describe('building the table', () => {
  it('names both migrations that claim the same route', () => {
    const input = [
      routesOf('GET /p/{id}'),
      { migration: 'orders', service: 'orders', routes: ['GET,POST /p/{number}'] },
    ];
    expect(() => buildRouteTable(input)).toThrow(RouteError);
    expect(() => buildRouteTable(input)).toThrow(/GET \/p\/\{number\}.*"catalog" and migration "orders"/);
  });

  it('lets two migrations share a path with different methods', () => {
    const table = buildRouteTable([
      routesOf('GET /p'),
      { migration: 'orders', service: 'orders', routes: ['POST /p', '* /p'] },
    ]);
    const path = normalisePath('/p');
    const migrations = ['GET', 'POST', 'PUT'].map((method) =>
      path.kind === 'path'
        ? match(table, { method, target: path, header: () => undefined })?.migration
        : null,
    );
    expect(migrations).toEqual(['catalog', 'orders', 'orders']);
  });

  it.each([
    'GET /a*',
    'GET /a/*/b',
    'GET /{id}.json',
    'GET /{id}/{id}',
    'GET /a%20b',
    'GET /a/../b',
    'GET /a;b',
  ])('refuses %s and names it', (route) => {
    expect(() => buildRouteTable([routesOf(route)])).toThrow(route.slice(4));
  });

  it('cannot be changed afterwards', () => {
    const table = buildRouteTable([routesOf('GET /a')]);
    expect(() => Object.assign(table.root.literals ?? {}, { b: table.root })).toThrow(TypeError);
    expect(() => (table.routes as unknown[]).push({})).toThrow(TypeError);
  });
});
