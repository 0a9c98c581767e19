import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { send, startBed, until } from '../testing/bed.ts';
import type { UsageReport } from './usage.ts';

type Bed = Awaited<ReturnType<typeof startBed>>;
let bed: Bed;
beforeEach(async () => {
  bed = await startBed();
});
afterEach(() => bed.stop());

/** Sends these and gives what was counted of them, once all have ended. */
async function used(...requests: [method: string, path: string][]): Promise<UsageReport> {
  for (const [method, path] of requests) await send(bed.proxy.url, method, path);
  const sum: UsageReport = { routes: [], unmatched: [], unclaimed: { reads: 0, writes: 0 } };
  const countOf = ({ routes, unclaimed }: UsageReport): number =>
    routes.reduce(
      (all, { monolith, service }) => all + monolith + service,
      unclaimed.reads + unclaimed.writes,
    );
  await until(() => {
    const { routes, unmatched, unclaimed } = bed.proxy.takeUsage();
    sum.routes.push(...routes);
    sum.unmatched.push(...unmatched);
    sum.unclaimed.reads += unclaimed.reads;
    sum.unclaimed.writes += unclaimed.writes;
    return countOf(sum) >= requests.length;
  });
  return sum;
}

describe('which routes are asked for', () => {
  it('is counted by route and kind, with when it was last, and begins anew with each report', async () => {
    const { routes } = await used(['GET', '/api/products/1'], ['GET', '/api/products/2']);
    const [use] = routes;
    expect(use).toMatchObject({ migration: 'catalog', kind: 'reads', service: 0 });
    expect(use?.id).toMatch(/^catalog: .*\/api\/products\S*, reads$/);
    expect(Math.abs(Date.now() - Date.parse(use?.lastSeen ?? ''))).toBeLessThan(10_000);
    expect(routes.reduce((all, { monolith }) => all + monolith, 0)).toBe(2);
    expect(bed.proxy.takeUsage()).toEqual({ routes: [], unmatched: [], unclaimed: { reads: 0, writes: 0 } });
  });

  it('tells what no route claims by its shape, never with a value of a client', async () => {
    const { unmatched, unclaimed, routes } = await used(
      ['GET', '/basket/4711?token=secret'],
      ['GET', '/basket/4712'],
      ['POST', '/basket/4711/lines'],
    );
    const counted = new Map<string, number>();
    for (const { method, path, requests } of unmatched)
      counted.set(`${method} ${path}`, (counted.get(`${method} ${path}`) ?? 0) + requests);
    expect(Object.fromEntries(counted)).toEqual({ 'GET /basket/{…}': 2, 'POST /basket/{…}/lines': 1 });
    expect([unclaimed, routes]).toEqual([{ reads: 2, writes: 1 }, []]);
  });

  it('lists two hundred shapes at most between two reports, and counts all', async () => {
    const names = Array.from({ length: 250 }, (_, i) =>
      [...String(i)].map((d) => 'abcdefghij'[Number(d)]).join(''),
    );
    const { unmatched, unclaimed } = await used(
      ...names.map((name): [string, string] => ['GET', `/x-${name}`]),
    );
    expect(unclaimed.reads).toBe(250);
    expect(unmatched.length).toBeLessThanOrEqual(200);
    expect(unmatched.length).toBeGreaterThan(0);
  });
});
