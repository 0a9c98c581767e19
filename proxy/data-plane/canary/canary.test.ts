import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeFeed, send, standing, startBed, type Bed, type Reply } from '../testing/bed.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await startBed({
    feed: new FakeFeed(standing({ stage: 'canary', weight: 50 })),
    shadow: { sample: 0 },
  });
});
afterEach(() => bed.stop());

const read = (cookie?: string): Promise<Reply> =>
  send(bed.proxy.url, 'GET', '/api/products/1', cookie === undefined ? {} : { headers: { cookie } });

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
  it('keeps a client on either side by a cookie that scripts cannot read', async () => {
    const cookies = await oneOfEachArm();
    for (const side of ['monolith', 'service'] as const) {
      for (let again = 0; again < 3; again += 1) {
        const reply = await read(`session=1; ${cookies[side]}`);
        expect(reply.json()['side']).toBe(side);
        expect(reply.headers['set-cookie']).toBeUndefined();
      }
    }
    const attributes = (await read()).headers['set-cookie']?.[0] ?? '';
    expect(attributes).toMatch(/^strangler_arm=[\w-]{16}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  it('gives up every cookie when it is rolled back, and takes all clients when it is done', async () => {
    const cookies = await oneOfEachArm();
    bed.feed.change('catalog', { stage: 'shadow' });
    expect((await read(cookies.service)).json()['side']).toBe('monolith');
    bed.feed.change('catalog', { stage: 'extracted', owner: 'service' });
    const reply = await read(cookies.monolith);
    expect(reply.json()['side']).toBe('service');
    expect((await read()).headers['set-cookie']).toBeUndefined();
  });

  it('only adds clients when the weight is raised', async () => {
    const cookies = await oneOfEachArm();
    bed.feed.change('catalog', { weight: 80 });
    expect((await read(cookies.service)).json()['side']).toBe('service');
  });

  it('sends writes to the owner, and the next reads of that client as well', async () => {
    const cookies = await oneOfEachArm();
    const written = await send(bed.proxy.url, 'POST', '/api/products/1', {
      headers: { cookie: cookies.service },
    });
    expect(written.json()['side']).toBe('monolith');
    const wrote = cookieOf(written);
    expect((await read(`${cookies.service}; ${wrote}`)).json()['side']).toBe('monolith');
    expect((await read(cookies.service)).json()['side']).toBe('service');
  });

  it('tells the weight that clients really get', async () => {
    const cookies = await oneOfEachArm();
    const before = bed.proxy.stats().migrations['catalog'];
    const service = before?.service.lastMinuteReads.requests ?? 0;
    const all = service + (before?.monolith.lastMinuteReads.requests ?? 0);
    for (let count = 0; count < 7; count += 1) await read(cookies.service);
    // Writes go to the owner whatever the weight: they must not be counted.
    await send(bed.proxy.url, 'POST', '/api/products/1');
    const stats = bed.proxy.stats().migrations['catalog'];
    expect(stats?.weightActual).toBeCloseTo((100 * (service + 7)) / (all + 7), 5);
  });
});
