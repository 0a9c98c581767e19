import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { newExchange, type Carrier, type Exchange } from '../exchange.ts';
import { FakeFeed, send, standing, startBed, until, type Bed, type BedOptions } from '../testing/bed.ts';
import { normalisePath } from '../../routes/path.ts';
import { RateLimits } from './rate-limits.ts';
import { rateLimitsSchema } from './schema.ts';

let bed: Bed | null = null;
afterEach(async () => {
  jest.restoreAllMocks();
  await bed?.stop();
  bed = null;
});

const start = async (options: BedOptions): Promise<Bed> => (bed = await startBed(options));
const get = ({ proxy }: Bed, target = '/api/products/1', headers = {}) =>
  send(proxy.url, 'GET', target, { headers });
const TRUSTED = { trustedProxies: ['127.0.0.1/32'] };
const limitOf = (limit: object) => ({ rateLimits: [{ name: 'all', requests: 2, per: '1m', ...limit }] });

/** Moves the clock that windows are measured by. */
function jump(ms: number): void {
  const now = Date.now();
  jest.spyOn(Date, 'now').mockReturnValue(now + ms);
}

describe('a rate limit', () => {
  it('refuses one request too many with 429, says when to come again, and sends it nowhere', async () => {
    const running = await start({ proxy: limitOf({}) });
    expect((await get(running)).status).toBe(200);
    expect((await get(running)).status).toBe(200);
    const refused = await get(running);
    expect(refused.status).toBe(429);
    expect(refused.headers['content-type']).toBe('application/problem+json');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(50);
    expect(refused.json()['detail']).toMatch(/limit "all" lets one client send 2 requests in 1m/);
    expect(running.monolith.begun).toBe(2);
  });

  it('tells with every answer what it is and what is left', async () => {
    const running = await start({ proxy: limitOf({}) });
    const first = await get(running);
    expect(first.headers['ratelimit-policy']).toBe('"all";q=2;w=60');
    expect(first.headers['ratelimit']).toBe('"all";r=1;t=60');
    await get(running);
    expect((await get(running)).headers['ratelimit']).toMatch(/^"all";r=0;t=(60|59)$/);
  });

  it('lets the client in again when its window is over', async () => {
    const running = await start({ proxy: limitOf({ requests: 1 }) });
    await get(running);
    expect((await get(running)).status).toBe(429);
    jump(60_001);
    expect((await get(running)).status).toBe(200);
    expect((await get(running)).status).toBe(429);
  });

  it('is no failure of a side and no wait, and is counted by its name', async () => {
    const running = await start({ proxy: limitOf({ requests: 1 }) });
    await get(running);
    await get(running);
    await get(running, '/elsewhere');
    await until(() => running.proxy.stats().migrations['catalog']?.monolith.requests === 1);
    const stats = running.proxy.stats();
    expect(stats.migrations['catalog']).toMatchObject({
      heldTooLong: 0,
      monolith: { requests: 1, failed: 0 },
    });
    expect(stats.unmatched).toMatchObject({ requests: 0, failed: 0 });
    expect(stats.refused.rateLimited).toEqual({ all: 2 });
  });

  it('counts a write that waits for a change of owner once', async () => {
    const feed = new FakeFeed(standing({ stage: 'extracted', holdWrites: true }));
    const running = await start({ feed, proxy: limitOf({}) });
    const waiting = send(running.proxy.url, 'POST', '/api/products/1');
    await until(() => running.proxy.stats().migrations['catalog']?.waitingWrites === 1);
    feed.change('catalog', { holdWrites: false });
    expect((await waiting).headers['ratelimit']).toMatch(/r=1/);
    expect((await get(running)).headers['ratelimit']).toMatch(/r=0/);
  });

  it('knows clients by what a trusted proxy says of their address, and takes an IPv6 network for one', async () => {
    const running = await start({ proxy: { ...TRUSTED, ...limitOf({ requests: 1 }) } });
    const from = async (address: string) => (await get(running, '/a', { 'x-forwarded-for': address })).status;
    expect(await from('192.0.2.1')).toBe(200);
    expect(await from('192.0.2.2')).toBe(200);
    expect(await from('192.0.2.1')).toBe(429);
    expect(await from('2001:db8::1')).toBe(200);
    expect(await from('2001:db8:0:0:ffff::2')).toBe(429);
    expect(await from('2001:db8:0:1::1')).toBe(200);
  });

  it('does not believe an address that an untrusted client makes up', async () => {
    const running = await start({ proxy: limitOf({ requests: 1 }) });
    await get(running, '/a', { 'x-forwarded-for': '192.0.2.1' });
    expect((await get(running, '/a', { 'x-forwarded-for': '192.0.2.2' })).status).toBe(429);
  });

  it('knows clients by a header, and by address when they send none', async () => {
    const running = await start({ proxy: limitOf({ requests: 1, by: { header: 'X-Api-Key' } }) });
    const by = async (headers: object) => (await get(running, '/a', headers)).status;
    expect(await by({ 'x-api-key': 'one' })).toBe(200);
    expect(await by({ 'x-api-key': 'two' })).toBe(200);
    expect(await by({ 'x-api-key': 'one' })).toBe(429);
    // A key that reads like an address is not that address.
    expect(await by({ 'x-api-key': '127.0.0.1' })).toBe(200);
    expect(await by({})).toBe(200);
    expect(await by({})).toBe(429);
  });

  it('counts only the routes that it names, also those that no migration claims', async () => {
    const running = await start({ proxy: limitOf({ requests: 1, routes: ['POST /login', '* /api/*'] }) });
    const login = () => send(running.proxy.url, 'POST', '/login');
    expect((await login()).status).toBe(200);
    expect((await login()).status).toBe(429);
    expect((await get(running)).status).toBe(429);
    const free = await get(running, '/login');
    expect([free.status, free.headers['ratelimit']]).toEqual([200, undefined]);
  });

  it('is one of several that all have to be kept', async () => {
    const running = await start({
      proxy: {
        rateLimits: [
          { name: 'hour', requests: 3, per: '1h' },
          { name: 'burst', requests: 2, per: '10s' },
        ],
      },
    });
    const first = await get(running);
    expect(first.headers['ratelimit']).toBe('"hour";r=2;t=3600, "burst";r=1;t=10');
    expect(first.headers['ratelimit-policy']).toBe('"hour";q=3;w=3600, "burst";q=2;w=10');
    await get(running);
    expect((await get(running)).json()['detail']).toMatch(/"burst"/);
    jump(10_001);
    expect((await get(running)).json()['detail']).toMatch(/"hour"/);
  });

  it('keeps its counts when the configuration changes elsewhere, and begins anew when it changes itself', async () => {
    const running = await start({ proxy: limitOf({ requests: 1 }) });
    await get(running);
    const { config, proxy } = running;
    proxy.reconfigure({ ...config, proxy: { ...config.proxy, trustedProxies: ['10.0.0.0/8'] } });
    expect((await get(running)).status).toBe(429);
    const rateLimits = rateLimitsSchema.parse(limitOf({ requests: 5 }).rateLimits);
    proxy.reconfigure({ ...config, proxy: { ...config.proxy, rateLimits } });
    expect((await get(running)).headers['ratelimit']).toMatch(/r=4/);
    proxy.reconfigure({ ...config, proxy: { ...config.proxy, rateLimits: [] } });
    expect((await get(running)).headers['ratelimit']).toBeUndefined();
  });

  it('remembers a bounded number of clients; those beyond share one count', async () => {
    const limits = new RateLimits(rateLimitsSchema.parse(limitOf({}).rateLimits), 3);
    const statuses: (number | undefined)[] = [];
    for (let client = 1; client <= 6; client += 1) {
      const exchange = exchangeFrom(`192.0.2.${client}`);
      await limits.keep(exchange);
      statuses.push(exchange.problem?.status);
    }
    expect(statuses).toEqual([undefined, undefined, undefined, undefined, undefined, 429]);
    const known = exchangeFrom('192.0.2.1');
    await limits.keep(known);
    expect(known.problem).toBeNull();
  });
});

function exchangeFrom(client: string): Exchange {
  const target = normalisePath('/a');
  if (target.kind === 'refusal') throw new Error(target.reason);
  const request = {
    method: 'GET',
    target,
    header: () => undefined,
    peer: client,
    client,
    isSecure: false,
    bodyBytes: 0,
  };
  return newExchange(request, {} as Carrier);
}

describe('the schema of rate limits', () => {
  it.each([
    [{ per: '0s' }, /is not a window/],
    [{ per: '8d' }, /longer than seven days/],
    [{ requests: 0 }, />0/],
    [{ routes: ['POST /a/*/b'] }, /Route \\\"POST \/a\/\*\/b\\\": a/],
    [{ routes: [{ method: 'GET', path: '/a', auth: 'none' }] }, /no use for auth/],
    [{ by: { cookie: 'a' } }, /Invalid input/],
  ])('refuses %j', (part, message) => {
    const parsed = rateLimitsSchema.safeParse([{ name: 'all', requests: 1, per: '1m', ...part }]);
    expect(JSON.stringify(parsed.error?.issues)).toMatch(message);
  });

  it('refuses two limits of one name', () => {
    const limit = { name: 'all', requests: 1, per: '1m' };
    expect(rateLimitsSchema.safeParse([limit, limit]).success).toBe(false);
  });
});
