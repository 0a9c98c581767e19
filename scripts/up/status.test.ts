import { expect, it } from '@jest/globals';
import { newMigration } from '../../migrations/lifecycle/fold.ts';
import { buildRouteTable } from '../../proxy/routes/table.ts';
import { routeStatuses } from './status.ts';

const canary = { ...newMigration('catalog'), stage: 'canary', weight: 25 } as const;

function shown(method: string, as?: 'reads' | 'writes'): string[] {
  const route = { method, path: '/api/products/*', ...(as ? { as } : {}) };
  const table = buildRouteTable([{ migration: 'catalog', service: 'shop', routes: [route] }]);
  return table.routes
    .flatMap((each) => routeStatuses(canary, each))
    .map(({ readsOrWrites, answeredBy }) => `${readsOrWrites}: ${answeredBy}`);
}

it('shows where the reads and where the writes of a route of any method go', () => {
  expect(shown('*')).toEqual(['reads: 25 % service', 'writes: monolith']);
});

it('shows one line where a route does one thing', () => {
  expect(shown('GET')).toEqual(['reads: 25 % service']);
  expect(shown('POST')).toEqual(['writes: monolith']);
  expect(shown('*', 'reads')).toEqual(['reads: 25 % service']);
});
