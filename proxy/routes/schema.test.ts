import { describe, expect, it } from '@jest/globals';
import { routesSchema } from './schema.ts';

describe('the schema of routes', () => {
  it('takes routes as text and as objects', () => {
    const routes = ['GET /a/{id}', '* /b/*', 'GET,POST /c', { method: ['GET'], path: '/d', as: 'writes' }];
    expect(routesSchema.parse(routes)).toEqual(routes);
  });

  it.each([[['get /a']], [['GET a']], [['GET']], [[]], [[{ method: 'GET', path: '/a', kind: 'reads' }]]])(
    'refuses the routes %j',
    (routes) => {
      expect(routesSchema.safeParse(routes).success).toBe(false);
    },
  );
});
