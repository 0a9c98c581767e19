import { expect, it } from '@jest/globals';
import { newMigration } from '../../migrations/lifecycle/fold.ts';
import { buildRouteTable } from '../../proxy/routes/table.ts';
import { newRecord } from '../../migrations/lifecycle/run-verify.ts';
import { routeStatuses, verifyStatus } from './status.ts';

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

it('calls a comparison failed whose process has not been heard of', () => {
  const shownAfter = (ageMs: number) => {
    const report = { name: 'verify:catalog', value: newRecord(canary, 0), at: '2020-01-01T00:00:00Z', ageMs };
    return verifyStatus(canary, new Map([[report.name, report]]));
  };
  expect(shownAfter(1000)?.state).toBe('running');
  const gone = shownAfter(60_000);
  expect(gone?.state).toBe('failed');
  expect(gone?.details.join()).toMatch(/ended before it was through; run `strangler verify` again/);
});
