import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Explanation } from '../../proxy/data-plane/explain.ts';
import { RunningShop } from '../testing/running-shop.ts';

let shop: RunningShop;
beforeAll(async () => {
  shop = await RunningShop.start(300);
  await shop.up();
}, 60_000);
afterAll(() => shop.close());

async function explained(...args: string[]): Promise<Explanation & { code: number }> {
  const { code, out } = await shop.strangler('explain', ...args, '-o', 'json');
  return { ...(JSON.parse(out) as Explanation), code };
}

describe('explain, asked of the running product', () => {
  it('follows the journal from stage to stage', async () => {
    expect(await explained('GET', '/api/products/1')).toMatchObject({
      code: 0,
      outcome: 'routed',
      side: 'monolith',
      route: { path: '/api/products/{id}', migration: 'catalog', params: [{ name: 'id', value: '1' }] },
      decision: { stage: 'legacy', reason: 'legacy', epoch: expect.any(Number) },
    });
    await shop.move('sync', 'catalog');
    expect(await explained('POST', '/api/products')).toMatchObject({
      side: 'monolith',
      route: { kind: 'writes' },
      decision: { stage: 'dual-write', owner: 'monolith', reason: 'owner', waits: false },
    });
  }, 60_000);

  it('says what no route claims, and what the proxy refuses', async () => {
    expect(await explained('GET', '/api/customers')).toMatchObject({
      code: 0,
      outcome: 'unclaimed',
      side: 'monolith',
    });
    const { code, outcome, why } = await explained('GET', '/api/%2fproducts');
    const { status } = await fetch(`${shop.proxyUrl}/api/%2fproducts`);
    expect([code, outcome, status]).toEqual([3, 'refused', 400]);
    expect(why).toMatch(/%2f/);
  });
});
