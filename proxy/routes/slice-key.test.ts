import { describe, expect, it } from '@jest/globals';
import type { Asked } from './match.ts';
import { match } from './match.ts';
import { normalisePath } from './path.ts';
import { claimed } from './slice-key.ts';
import { buildRouteTable } from './table.ts';

const table = buildRouteTable([
  {
    migration: 'orders-a',
    service: 'orders',
    routes: [
      { method: '*', path: '/orders', headers: { 'x-tenant': 'acme' } },
      { method: '*', path: '/orders', sliceKey: { in: 'header', name: 'x-tenant' } },
      { method: '*', path: '/bills', query: { tenant: 'acme' } },
      { method: '*', path: '/bills', sliceKey: { in: 'query', name: 'tenant' } },
    ],
  },
  {
    migration: 'orders-b',
    service: 'orders',
    routes: [{ method: '*', path: '/orders', headers: { 'x-tenant': 'blue' } }],
  },
]);

function claim(method: string, path: string, tenant?: string) {
  const target = normalisePath(path);
  if (target.kind === 'refusal') throw new Error(target.reason);
  const asked: Asked = { method, target, header: (name) => (name === 'x-tenant' ? tenant : undefined) };
  const { match: found, missing } = claimed(match(table, asked), asked);
  return [found?.migration ?? null, missing];
}

describe('a request to a migration that is moved in slices', () => {
  it('belongs to the slice of its key', () => {
    expect(claim('POST', '/orders', 'acme')).toEqual(['orders-a', null]);
    expect(claim('POST', '/orders', 'blue')).toEqual(['orders-b', null]);
    expect(claim('GET', '/bills?tenant=acme')).toEqual(['orders-a', null]);
  });

  it("is the monolith's when its key belongs to no slice", () => {
    expect(claim('POST', '/orders', 'other')).toEqual([null, null]);
    expect(claim('POST', '/bills?tenant=other')).toEqual([null, null]);
  });

  it("lacks what it needs when it writes without a key, and is the monolith's when it reads", () => {
    expect(claim('POST', '/orders')).toEqual([null, { in: 'header', name: 'x-tenant' }]);
    expect(claim('DELETE', '/bills')).toEqual([null, { in: 'query', name: 'tenant' }]);
    expect(claim('GET', '/orders')).toEqual([null, null]);
  });
});
