import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeFeed, send, standing, startBed, until, type Bed, type Reply } from '../testing/bed.ts';
import { FakePace } from '../testing/fake-pace.ts';

let beds: Bed[];
let pace: FakePace;
const stop = () => Promise.all(beds.map((bed) => bed.stop()));

/** Two proxies with one journal, one sync and one key; each has upstreams of its own, told apart by their side. */
async function start(options: Parameters<typeof startBed>[0] = {}): Promise<void> {
  pace = new FakePace();
  const feed = new FakeFeed(standing({ stage: 'canary', weight: 100 }));
  const shared = { feed, pace, shadow: { sample: 0 }, ...options };
  beds = [await startBed(shared), await startBed(shared)];
}
beforeEach(() => start());
afterEach(stop);

const ask = (method: string, path: string, headers: Record<string, string> = {}, at = 0): Promise<Reply> =>
  send(beds[at]?.proxy.url ?? '', method, path, { headers });
const sideOf = async (path: string, headers: Record<string, string> = {}, at = 0): Promise<unknown> =>
  (await ask('GET', path, headers, at)).json()['side'];

const jarOf = (...replies: Reply[]): { cookie: string } => ({
  cookie: replies
    .flatMap((reply) => reply.headers['set-cookie'] ?? [])
    .map((set) => set.split(';', 1)[0])
    .join('; '),
});
const watermarkOf = (reply: Reply): string => String(reply.headers['strangler-watermark']);

describe('after a write, while the service does not have it', () => {
  it('a client with cookies reads from the owner at every proxy, and from the service once it has it', async () => {
    const first = await ask('GET', '/api/products/7');
    pace.stop();
    const written = await ask('PUT', '/api/products/7', jarOf(first));
    const jar = jarOf(first, written);
    for (const at of [0, 1]) {
      expect(await sideOf('/api/products/7', jar, at)).toBe('monolith');
      expect(await sideOf('/api/products/8', jar, at)).toBe('monolith');
    }
    pace.catchUp();
    for (const at of [0, 1]) expect(await sideOf('/api/products/7', jar, at)).toBe('service');
  });

  it('a client that sends the watermark back in a header does, too', async () => {
    pace.stop();
    const headers = { 'strangler-watermark': watermarkOf(await ask('PUT', '/api/products/7')) };
    for (const at of [0, 1]) expect(await sideOf('/api/products/other', headers, at)).toBe('monolith');
    pace.catchUp();
    for (const at of [0, 1]) expect(await sideOf('/api/products/other', headers, at)).toBe('service');
  });

  it('a client that carries nothing does, wherever its write may be seen', async () => {
    pace.stop();
    await ask('PATCH', '/api/products/7/price');
    for (const at of [0, 1]) {
      for (const path of ['/api/products/7', '/api/products/7/stock', '/api/products?page=2'])
        expect(await sideOf(path, {}, at)).toBe('monolith');
      expect(await sideOf('/api/products/8', {}, at)).toBe('service');
    }
    pace.catchUp();
    for (const at of [0, 1]) expect(await sideOf('/api/products/7', {}, at)).toBe('service');
  });

  it('a client that is known by a header alone does, everywhere, and nobody else', async () => {
    await stop();
    await start({ canary: { by: { header: 'x-user-id' } } });
    pace.stop();
    await ask('PUT', '/api/products/7', { 'x-user-id': 'ann' });
    for (const at of [0, 1]) {
      expect(await sideOf('/api/products/9', { 'x-user-id': 'ann' }, at)).toBe('monolith');
      expect(await sideOf('/api/products/7', { 'x-user-id': 'bob' }, at)).toBe('service');
    }
    pace.catchUp();
    expect(await sideOf('/api/products/9', { 'x-user-id': 'ann' })).toBe('service');
  });

  it('a client that did not write stays with the service', async () => {
    const jar = jarOf(await ask('GET', '/api/products/7'));
    pace.stop();
    await ask('PUT', '/api/products/7');
    const reply = await ask('GET', '/api/products/7', jar);
    expect(reply.json()['side']).toBe('service');
    expect(reply.headers['strangler-watermark']).toBeUndefined();
    expect(pace.looksOften).toBe(0);
  });

  it('a write that belongs to no migration counts as well: it is the same database', async () => {
    pace.stop();
    const ordered = await ask('POST', '/api/orders');
    expect(ordered.json()['side']).toBe('monolith');
    expect(await sideOf('/api/products/7', jarOf(ordered))).toBe('monolith');
    expect((await ask('GET', '/api/orders')).headers['set-cookie']).toBeUndefined();
  });

  it('a watermark that nobody signed says nothing', async () => {
    const jar = jarOf(await ask('GET', '/api/products/7'));
    const forged = { ...jar, 'strangler-watermark': `g1.${(10 ** 9).toString(36)}.AAAAAAAAAAAAAAAAAAAAAA` };
    expect(await sideOf('/api/products/7', forged)).toBe('service');
  });

  it('somebody looks often whether it has it by now', async () => {
    pace.stop();
    await sideOf('/api/products/7', jarOf(await ask('PUT', '/api/products/7')));
    expect(pace.looksOften).toBe(1);
  });
});

describe('a write that carries nothing', () => {
  it('is known to every proxy from its beginning, and still when its client left before the answer', async () => {
    await stop();
    let answer: () => void = () => undefined;
    await start({
      monolith: (req, res) =>
        req.method === 'PUT' ? void (answer = () => res.end('{}')) : void res.end('{"side":"monolith"}'),
    });
    pace.stop();
    const writing = ask('PUT', '/api/products/7');
    await beds[0]?.monolith.hasBegun(1);
    for (const at of [0, 1]) expect(await sideOf('/api/products/7', {}, at)).toBe('monolith');
    answer();
    await writing;
    await until(() => pace.told.length === 2);
    for (const at of [0, 1]) expect(await sideOf('/api/products/7', {}, at)).toBe('monolith');
    pace.catchUp();
    for (const at of [0, 1]) expect(await sideOf('/api/products/7', {}, at)).toBe('service');
  });

  it('may be unknown to a proxy that did not hear: it sends such clients to the owner until it knows enough', async () => {
    pace.stop();
    pace.isHearing = false;
    expect(await sideOf('/api/products/1')).toBe('monolith');
    pace.isHearing = true;
    pace.miss();
    expect(await sideOf('/api/products/1')).toBe('monolith');
    pace.catchUp();
    expect(await sideOf('/api/products/1')).toBe('service');
  });
});

describe('a watermark', () => {
  it('is renewed when the store has begun another counter, and nobody reads the past meanwhile', async () => {
    const jar = jarOf(await ask('GET', '/api/products/7'), await ask('PUT', '/api/products/7'));
    pace.catchUp();
    expect(await sideOf('/api/products/7', jar)).toBe('service');
    pace.forget('g2');
    expect(await sideOf('/api/products/7', jar)).toBe('monolith');
    pace.catchUp();
    const renewed = await ask('GET', '/api/products/7', jar);
    expect(renewed.json()['side']).toBe('monolith');
    pace.catchUp();
    expect(await sideOf('/api/products/7', jarOf(renewed))).toBe('service');
  });

  it('goes with a failure as well: the write may have happened', async () => {
    await stop();
    await start({ monolith: (_req, res) => void res.destroy() });
    pace.stop();
    const failed = await ask('PUT', '/api/products/7');
    expect(failed.status).toBe(502);
    expect(watermarkOf(failed)).toMatch(/^g1\./);
    expect((await ask('GET', '/api/products/7', jarOf(failed))).status).toBe(502);
  });

  it('is Secure where the client spoke HTTPS, and holds no word about the client', async () => {
    await stop();
    await start({ proxy: { trustedProxies: ['127.0.0.0/8'] } });
    const written = await ask('PUT', '/api/products/7', { 'x-forwarded-proto': 'https' });
    expect(written.headers['set-cookie']).toEqual([
      expect.stringMatching(
        /^strangler_arm_wrote=g1\.[a-z0-9]+\.[\w-]{22}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
      ),
    ]);
  });

  it('is given from stage shadow on, for another proxy may be further already, and in no other stage', async () => {
    const given = async (stage: Parameters<typeof standing>[0]['stage'], owner: 'monolith' | 'service') => {
      beds[0]?.feed.change('catalog', { stage: stage ?? 'legacy', owner });
      return (await ask('PUT', '/api/products/7')).headers['strangler-watermark'] !== undefined;
    };
    expect(await given('shadow', 'monolith')).toBe(true);
    expect(await given('canary', 'monolith')).toBe(true);
    for (const stage of ['legacy', 'dual-write'] as const) expect(await given(stage, 'monolith')).toBe(false);
    for (const stage of ['extracted', 'retired'] as const) expect(await given(stage, 'service')).toBe(false);
  });

  it('is given by a proxy that lost its lease: it may have missed that a canary began', async () => {
    const feed = beds[0]?.feed ?? new FakeFeed();
    feed.change('catalog', { stage: 'dual-write' });
    const given = async () =>
      (await ask('PUT', '/api/products/7')).headers['strangler-watermark'] !== undefined;
    feed.live = false;
    expect(await given()).toBe(true);
    feed.live = true;
    expect(await given()).toBe(false);
  });

  it('is not given for a write that was held and went to the new owner', async () => {
    beds[0]?.feed.change('catalog', { holdWrites: true });
    const writing = ask('PUT', '/api/products/7');
    await until(() => beds[0]?.proxy.stats().migrations['catalog']?.waitingWrites === 1);
    beds[0]?.feed.change('catalog', { holdWrites: false, stage: 'extracted', owner: 'service' });
    const written = await writing;
    expect(written.json()['side']).toBe('service');
    expect(written.headers['set-cookie']).toBeUndefined();
  });

  it('is not needed where nothing is synced', async () => {
    const [bed] = beds;
    const catalog = bed?.config.migrations['catalog'];
    if (!bed || !catalog) throw new Error('the bed has one migration');
    bed.proxy.reconfigure({ ...bed.config, migrations: { catalog: { ...catalog, isSynced: false } } });
    pace.stop();
    const written = await ask('PUT', '/api/products/7');
    expect(written.headers['set-cookie']).toBeUndefined();
    expect(await sideOf('/api/products/7')).toBe('service');
  });
});

describe('the beginning of a canary', () => {
  it('sends nobody to a service that may not have what was written just before', async () => {
    const jar = jarOf(await ask('GET', '/api/products/7'));
    beds[0]?.feed.change('catalog', { stage: 'shadow' });
    pace.stop();
    beds[0]?.feed.change('catalog', { stage: 'canary', shadowSince: 'now' });
    for (const headers of [jar, {}]) expect(await sideOf('/api/products/7', headers)).toBe('monolith');
    pace.catchUp();
    for (const headers of [jar, {}]) expect(await sideOf('/api/products/7', headers)).toBe('service');
  });
});

describe('a read that may wait', () => {
  const started = () => start({ canary: { readYourWrites: { waitMs: 2000 } } });

  it('is answered by the service as soon as that has the write', async () => {
    await stop();
    await started();
    pace.stop();
    const jar = jarOf(await ask('PUT', '/api/products/7'));
    const reading = sideOf('/api/products/7', jar);
    await until(() => pace.looksOften > 0);
    expect(beds[0]?.monolith.begun).toBe(1);
    pace.catchUp();
    expect(await reading).toBe('service');
  });

  it('goes to the owner when the service has it too late', async () => {
    await stop();
    await start({ canary: { readYourWrites: { waitMs: 20 } } });
    pace.stop();
    expect(await sideOf('/api/products/7', jarOf(await ask('PUT', '/api/products/7')))).toBe('monolith');
  });

  it('goes to the owner when the canary is rolled back meanwhile', async () => {
    await stop();
    await started();
    pace.stop();
    const jar = jarOf(await ask('PUT', '/api/products/7'));
    const reading = sideOf('/api/products/7', jar);
    await until(() => pace.looksOften > 0);
    beds[0]?.feed.change('catalog', { stage: 'shadow' });
    pace.catchUp();
    expect(await reading).toBe('monolith');
  });
});
