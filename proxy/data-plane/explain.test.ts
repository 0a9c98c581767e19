import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Arms } from './canary/arms.ts';
import { explain, type Explanation } from './explain.ts';
import type { Standing } from './standing.ts';
import { FakeFeed, send, standing, startBed, type Bed } from './testing/bed.ts';
import { FakePace } from './testing/fake-pace.ts';

let bed: Bed;
let arms: Arms;
beforeAll(async () => {
  const lists = { always: ['ada'], never: ['bob'] };
  bed = await startBed({
    feed: new FakeFeed(standing({})),
    routes: [
      'GET,POST /api/products/*',
      'GET /api/products/{id}',
      { method: 'GET', path: '/api/products/{id}', headers: { 'x-beta': 'yes' }, as: 'writes' },
      { method: '*', path: '/api/products/*', host: 'shop.example.com' },
    ],
    canary: { by: { header: 'x-user' } },
    lists,
    shadow: { sample: 0 },
  });
  arms = new Arms(
    {
      freshness: new FakePace().seen(),
      cookieKeys: ['a key of the tests'],
      newest: () => bed.feed.current(),
      leaseIsLive: () => true,
    },
    bed.config.canary,
    { catalog: { canary: lists, isSynced: false } },
  );
});
afterAll(async () => {
  arms.close();
  await bed.stop();
});

const explained = (method: string, target: string, headers: Record<string, string> = {}): Explanation =>
  explain(
    { table: bed.config.table, standings: bed.feed.current(), arms },
    { method, target, headers: { host: '127.0.0.1', ...headers } },
  );

const REQUESTS: readonly [method: string, target: string, headers?: Record<string, string>][] = [
  ['GET', '/api/products/7'],
  ['GET', '/api/products/7', { 'X-Beta': 'yes' }],
  ['GET', '/api/products/7', { 'x-beta': 'no' }],
  ['GET', '/api/%70roducts//7;v=1?a=b', { 'x-user': 'ada' }],
  ['HEAD', '/api/products/7', { 'x-user': 'bob' }],
  ['OPTIONS', '/api/products/7', { 'x-user': 'ada' }],
  ['POST', '/api/products', { 'x-user': 'ada' }],
  ['DELETE', '/api/products/7', { host: 'SHOP.example.com:80', 'x-user': 'ada' }],
  ['DELETE', '/api/products/7'],
  ['GET', '/elsewhere'],
  ['GET', '/api/products/a%2fb'],
  ['GET', '/api/../products'],
];

describe('an explanation', () => {
  it.each<Partial<Standing>>([
    { stage: 'legacy' },
    { stage: 'dual-write' },
    { stage: 'shadow' },
    { stage: 'canary', weight: 0 },
    { stage: 'canary', weight: 100 },
    { stage: 'extracted', owner: 'service' },
    { stage: 'retired', owner: 'service' },
  ])('names the side that a running proxy asks: %j', async (part) => {
    bed.feed.change('catalog', part);
    for (const [method, target, headers = {}] of REQUESTS) {
      const [monolith, service] = [bed.monolith.begun, bed.service.begun];
      const reply = await send(bed.proxy.url, method, target, { headers });
      const asked =
        bed.service.begun > service ? 'service' : bed.monolith.begun > monolith ? 'monolith' : null;
      const { outcome, side, decision } = explained(method, target, headers);
      expect([method, target, outcome === 'refused']).toEqual([method, target, reply.status === 400]);
      // Of a client without an identity nobody can say it, even where the weight leaves no choice.
      if (decision?.arm && !decision.arm.isKnown) expect(side).toBeNull();
      else expect([method, target, side]).toEqual([method, target, asked]);
    }
  });

  it('tells the arm that the identity in the headers has, by the cookie of a proxy too', async () => {
    bed.feed.change('catalog', { stage: 'canary', owner: 'monolith', weight: 50 });
    for (let client = 0; client < 12; client += 1) {
      const first = await send(bed.proxy.url, 'GET', '/api/products/7');
      const cookie = first.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '';
      const { side, decision } = explained('GET', '/api/products/7', { Cookie: cookie });
      expect(decision?.arm).toEqual({ isKnown: true, side: first.json()['side'], pinnedBy: null });
      expect(side).toBe(first.json()['side']);
    }
    expect(explained('GET', '/api/products/7', { 'x-user': 'ada' })).toMatchObject({
      side: 'service',
      decision: { reason: 'always list', arm: { pinnedBy: 'always list' } },
    });
  });

  it('does not guess for a new client', () => {
    bed.feed.change('catalog', { stage: 'canary', weight: 12.5 });
    for (const cookie of ['', 'strangler_arm=forged-by-somebody']) {
      const { side, why, decision } = explained('GET', '/api/products/7', { cookie });
      expect([side, decision?.arm]).toEqual([null, { isKnown: false, side: null, pinnedBy: null }]);
      expect(why).toMatch(/stage canary, 12\.5 % service\. A client without an identity is placed by chance/);
    }
  });

  it('says that a write waits while its owner changes, and that a read does not', () => {
    bed.feed.change('catalog', { stage: 'shadow', holdWrites: true });
    expect(explained('POST', '/api/products')).toMatchObject({
      decision: { waits: true },
      why: expect.stringMatching(/held/),
    });
    expect(explained('GET', '/api/products/7').decision?.waits).toBe(false);
    bed.feed.change('catalog', { holdWrites: false });
    expect(explained('POST', '/api/products').decision?.waits).toBe(false);
  });

  it('shows the route, what was read out of the path, and by which rule each other route lost', () => {
    bed.feed.change('catalog', { stage: 'extracted', owner: 'service', epoch: 4 });
    const told = explained('GET', '/api/%70roducts/7', { host: 'shop.example.com', 'x-beta': 'no' });
    expect(told).toMatchObject({
      outcome: 'routed',
      readAs: '/api/products/7',
      route: {
        method: '*',
        host: 'shop.example.com',
        path: '/api/products/*',
        kind: 'reads',
        service: 'shop',
      },
      decision: { stage: 'extracted', owner: 'service', epoch: 4, waits: false, arm: null },
    });
    expect(told.others.map(({ path, why }) => [path, why])).toEqual([
      ['/api/products/{id}', 'header x-beta = yes does not hold'],
      ['/api/products/{id}', 'its host is less exact'],
      ['/api/products/*', 'its host is less exact'],
    ]);
    const anyHost = explained('GET', '/api/products/7', { 'X-Beta': ' yes ' });
    expect(anyHost.route).toMatchObject({
      conditions: ['header x-beta = yes'],
      params: [{ name: 'id', value: '7' }],
    });
    expect(anyHost.others.map(({ why }) => why)).toEqual([
      'it has fewer conditions on headers',
      'its path is less exact',
    ]);
  });

  it('gives the reason why a target is refused', () => {
    expect(explained('GET', '/api/%2e%2e/products')).toEqual({
      outcome: 'refused',
      why: 'The proxy answers 400 and asks neither side: the path holds a dot segment; resolve it before sending.',
      readAs: null,
      side: null,
      route: null,
      decision: null,
      others: [],
    });
  });
});
