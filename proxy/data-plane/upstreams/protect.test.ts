import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeFeed, send, sideAt, standing, startBed, until, type Bed, type Handler } from '../testing/bed.ts';
import { reconfigureService, serviceHealth } from '../testing/sides.ts';
import type { SideInput } from './schema.ts';

let bed: Bed;
afterEach(() => bed.stop());

const start = async (
  service: Handler,
  part: Partial<SideInput>,
  stage: 'canary' | 'extracted' = 'extracted',
) => {
  const owner = stage === 'canary' ? 'monolith' : 'service';
  bed = await startBed({ service, feed: new FakeFeed(standing({ stage, owner, weight: 100 })) });
  reconfigureService(bed, sideAt(bed.service.url, part));
};
const get = () => send(bed.proxy.url, 'GET', '/api/products/1');
const CIRCUIT = { enabled: true, minimumRequests: 5, openMs: 300, probes: 1 };

describe('a circuit', () => {
  it('opens when most requests fail, says so, lets a probe through after a while, and closes', async () => {
    let isWell = false;
    await start((_req, res) => void res.writeHead(isWell ? 200 : 503).end('mine'), { circuit: CIRCUIT });
    for (let count = 1; count <= 5; count += 1) expect((await get()).text).toBe('mine');
    const refused = await get();
    expect(refused.json()).toMatchObject({ status: 503, title: 'The service is given time to recover' });
    expect(refused.headers['retry-after']).toBe('1');
    expect(bed.service.begun).toBe(5);
    expect(serviceHealth(bed)).toMatchObject({ circuit: { state: 'open' }, notAsked: 1 });
    // Its probe fails, and it stays open.
    await until(async () => {
      await get();
      return bed.service.begun === 6;
    });
    expect(serviceHealth(bed).circuit?.state).toBe('open');
    isWell = true;
    await until(async () => (await get()).status === 200);
    expect(serviceHealth(bed).circuit?.state).toBe('closed');
    expect((await get()).text).toBe('mine');
  });

  it('refuses a write as well, of which nothing runs afterwards', async () => {
    await start((req) => void req.socket.destroy(), { circuit: CIRCUIT });
    const post = () => send(bed.proxy.url, 'POST', '/api/products/1', { body: 'x' });
    for (let count = 1; count <= 5; count += 1) expect((await post()).status).toBe(502);
    expect((await post()).status).toBe(503);
    expect(bed.service.begun).toBe(5);
    expect(bed.proxy.stats().migrations['catalog']?.runningWrites).toBe(0);
  });

  it('sends canary reads to the monolith at once, and they still count as failed for the service', async () => {
    await start(
      (req) => void req.socket.destroy(),
      { circuit: { ...CIRCUIT, openMs: 60_000, maxOpenMs: 60_000 } },
      'canary',
    );
    for (let count = 1; count <= 8; count += 1) expect((await get()).json()['side']).toBe('monolith');
    expect(bed.service.begun).toBe(5);
    await until(() => bed.proxy.stats().migrations['catalog']?.service.failed === 8);
  });

  it('does not judge a service by clients that leave', async () => {
    await start(() => undefined, { circuit: CIRCUIT });
    for (let count = 1; count <= 10; count += 1) {
      const { hostname, port } = new URL(bed.proxy.url);
      const leaving = new AbortController();
      const request = fetch(`http://${hostname}:${port}/api/products/1`, { signal: leaving.signal });
      await bed.service.hasBegun(count);
      leaving.abort();
      await expect(request).rejects.toThrow(/abort/);
    }
    await until(() => serviceHealth(bed).running === 0);
    expect(serviceHealth(bed)).toMatchObject({
      circuit: { state: 'closed' },
      addresses: [{ lastError: null }],
    });
  });
});

describe('a limit of running requests', () => {
  it('refuses what is above it with a 503 until one of them has ended', async () => {
    const open: ServerResponse[] = [];
    await start((_req, res) => void open.push(res), { maxRunning: 1 });
    const first = get();
    await bed.service.hasBegun(1);
    const second = await get();
    expect(second.json()).toMatchObject({ status: 503, title: 'The service has too much to do' });
    expect(second.headers['retry-after']).toBe('1');
    open[0]?.end('done');
    expect((await first).text).toBe('done');
    await until(() => serviceHealth(bed).running === 0);
    const third = get();
    await bed.service.hasBegun(2);
    open[1]?.end('done');
    expect((await third).status).toBe(200);
  });
});
