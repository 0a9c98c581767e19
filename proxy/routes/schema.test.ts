import { describe, expect, it } from '@jest/globals';
import { routesSchema } from './schema.ts';

describe('the schema of routes', () => {
  it('takes routes as text and as objects', () => {
    const routes = [
      'GET /a/{id}',
      '* /b/*',
      'GET,POST /c',
      { method: ['GET'], path: '/d', as: 'writes' },
      {
        method: 'GET',
        path: '/e',
        host: '*.shop.example.com',
        headers: { 'X-Beta': 'yes', accept: { regex: '^text/' } },
        query: { 'any name': { present: true } },
      },
    ];
    expect(routesSchema.parse(routes)).toEqual(routes);
  });

  it.each([[['get /a']], [['GET a']], [['GET']], [[]], [[{ method: 'GET', path: '/a', kind: 'reads' }]]])(
    'refuses the routes %j',
    (routes) => {
      expect(routesSchema.safeParse(routes).success).toBe(false);
    },
  );

  it.each([
    { host: 'Shop.example.com' },
    { host: 'shop.example.com:80' },
    { host: '*' },
    { host: 'a.*.com' },
    { host: '-a.com' },
    { headers: { 'x a': '1' } },
    { headers: { Host: 'a' } },
    { headers: { 'X-A': '1', 'x-a': '1' } },
    { headers: { a: '' } },
    { headers: { a: 'é' } },
    { headers: { a: { regex: '(' } } },
    { headers: { a: { regex: '(?=a)' } } },
    { headers: { a: { present: false } } },
    { query: { '': '1' } },
  ])('refuses a route that asks for %j', (part: object) => {
    expect(routesSchema.safeParse([{ method: 'GET', path: '/a', ...part }]).success).toBe(false);
  });
});
