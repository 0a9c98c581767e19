import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeFeed, send, standing, startBed, type Bed, type Reply } from '../testing/bed.ts';
import { FakePace } from '../testing/fake-pace.ts';
import { canaryListsSchema } from './schema.ts';

let bed: Bed;
let pace: FakePace;
const start = async (options: Parameters<typeof startBed>[0] = {}, weight = 50): Promise<void> => {
  pace = new FakePace();
  const feed = new FakeFeed(standing({ stage: 'canary', weight }));
  bed = await startBed({ feed, pace, shadow: { sample: 0 }, ...options });
};
beforeEach(() => start());
afterEach(() => bed.stop());

const read = (headers: Record<string, string> = {}): Promise<Reply> =>
  send(bed.proxy.url, 'GET', '/api/products/1', { headers });
const readWith = (cookie: string): Promise<Reply> => read({ cookie });

const cookieOf = (reply: Reply): string => reply.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '';

/** Clients until there is one in each arm. */
async function oneOfEachArm(): Promise<{ monolith: string; service: string }> {
  const found: Record<string, string> = {};
  while (!found['monolith'] || !found['service']) {
    const reply = await read();
    found[String(reply.json()['side'])] = cookieOf(reply);
  }
  return { monolith: found['monolith'], service: found['service'] };
}

describe('a canary', () => {
  it('keeps a client on either side by a signed cookie that scripts cannot read', async () => {
    const cookies = await oneOfEachArm();
    for (const side of ['monolith', 'service'] as const) {
      for (let again = 0; again < 3; again += 1) {
        const reply = await readWith(`session=1; ${cookies[side]}`);
        expect(reply.json()['side']).toBe(side);
        expect(reply.headers['set-cookie']).toBeUndefined();
      }
    }
    const attributes = (await read()).headers['set-cookie']?.[0] ?? '';
    expect(attributes).toMatch(
      /^strangler_arm=[\w-]{16}\.[\w-]{22}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/,
    );
  });

  it('lets nobody choose a side by a cookie of their own making', async () => {
    const { service } = await oneOfEachArm();
    const [id] = service.split('.', 1);
    for (const forged of [String(id), `${id}.${'A'.repeat(22)}`]) {
      const reply = await readWith(forged);
      expect(cookieOf(reply)).toMatch(/^strangler_arm=/);
      expect(cookieOf(reply)).not.toBe(service);
    }
  });

  it('gives up every cookie and every list when it is rolled back, and takes all clients when it is done', async () => {
    await bed.stop();
    await start({ canary: { by: { header: 'x-user-id' } }, lists: { always: ['7'], never: ['8'] } });
    const cookies = await oneOfEachArm();
    bed.feed.change('catalog', { stage: 'shadow' });
    expect((await readWith(cookies.service)).json()['side']).toBe('monolith');
    expect((await read({ 'x-user-id': '7' })).json()['side']).toBe('monolith');
    bed.feed.change('catalog', { stage: 'extracted', owner: 'service' });
    expect((await readWith(cookies.monolith)).json()['side']).toBe('service');
    expect((await read({ 'x-user-id': '8' })).json()['side']).toBe('service');
    expect((await read()).headers['set-cookie']).toBeUndefined();
  });

  it('only adds clients when the weight is raised', async () => {
    const cookies = await oneOfEachArm();
    bed.feed.change('catalog', { weight: 80 });
    expect((await readWith(cookies.service)).json()['side']).toBe('service');
  });

  it('keeps a client by a header on the side that it had at any other proxy, without a cookie', async () => {
    await bed.stop();
    await start({ canary: { by: { header: 'X-User-Id' } } });
    const sides = new Map<string, unknown>();
    for (let user = 0; user < 20; user += 1) {
      const reply = await read({ 'x-user-id': `${user}` });
      expect(reply.headers['set-cookie']).toBeUndefined();
      sides.set(`${user}`, reply.json()['side']);
    }
    expect(new Set(sides.values())).toEqual(new Set(['monolith', 'service']));
    await bed.stop();
    await start({ canary: { by: { header: 'X-User-Id' } } });
    for (const [user, side] of sides) expect((await read({ 'x-user-id': user })).json()['side']).toBe(side);
  });

  it('answers listed clients by their list, whatever the weight is', async () => {
    await bed.stop();
    const lists = { always: ['staff'], never: ['auditor'] };
    await start({ canary: { by: { header: 'x-user-id' } }, lists }, 0);
    expect((await read({ 'x-user-id': 'staff' })).json()['side']).toBe('service');
    bed.feed.change('catalog', { weight: 100 });
    expect((await read({ 'x-user-id': 'auditor' })).json()['side']).toBe('monolith');
    expect((await read({ 'x-user-id': 'anybody' })).json()['side']).toBe('service');
  });

  it('goes by changed settings and lists from the next request on', async () => {
    const { service } = await oneOfEachArm();
    bed.feed.change('catalog', { weight: 0 });
    expect((await readWith(service)).json()['side']).toBe('monolith');
    const { catalog } = bed.config.migrations;
    if (!catalog) throw new Error('the bed has one migration');
    const always = service.slice('strangler_arm='.length).split('.', 1);
    const canary = canaryListsSchema.parse({ always });
    bed.proxy.reconfigure({ ...bed.config, migrations: { catalog: { ...catalog, canary } } });
    expect((await readWith(service)).json()['side']).toBe('service');
    bed.proxy.reconfigure({ ...bed.config, canary: { ...bed.config.canary, cookie: 'other' } });
    expect(cookieOf(await readWith(service))).toMatch(/^other=/);
  });

  it('tells the weight that clients really get: writes, and reads that go to the owner after them, are not the service’s', async () => {
    const cookies = await oneOfEachArm();
    const before = bed.proxy.stats().migrations['catalog'];
    const service = before?.service.lastMinuteReads.requests ?? 0;
    const all = service + (before?.monolith.lastMinuteReads.requests ?? 0);
    for (let count = 0; count < 7; count += 1) await readWith(cookies.service);
    pace.stop();
    const written = await send(bed.proxy.url, 'POST', '/api/products/1', {
      headers: { cookie: cookies.service },
    });
    for (let count = 0; count < 3; count += 1) await readWith(`${cookies.service}; ${cookieOf(written)}`);
    const stats = bed.proxy.stats().migrations['catalog'];
    expect(stats?.weightActual).toBeCloseTo((100 * (service + 7)) / (all + 7 + 3), 5);
  });
});
