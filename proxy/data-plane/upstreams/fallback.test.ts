import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  closeOf,
  FakeFeed,
  openSocket,
  send,
  sideAt,
  standing,
  startBed,
  until,
  type Bed,
  type BedOptions,
  type Handler,
} from '../testing/bed.ts';
import { reconfigureService, serviceHealth } from '../testing/sides.ts';

let bed: Bed;
afterEach(() => bed.stop());

/** A canary that all clients are in. */
const start = async (service?: Handler, options: BedOptions = {}): Promise<void> => {
  bed = await startBed({
    feed: new FakeFeed(standing({ stage: 'canary', weight: 100 })),
    ...(service ? { service } : {}),
    ...options,
  });
};
const get = () => send(bed.proxy.url, 'GET', '/api/products/1');
const traffic = () => bed.proxy.stats().migrations['catalog'];
const answers =
  (status: number): Handler =>
  (_req, res) =>
    void res.writeHead(status).end('from the service');
const hangsUp: Handler = (req) => void req.socket.destroy();

describe('a canary read that the service does not answer', () => {
  it('is answered by the monolith, and counts as failed for the service alone', async () => {
    await start();
    await bed.service.stop();
    const reply = await get();
    expect([reply.status, reply.json()['side']]).toEqual([200, 'monolith']);
    await until(() => traffic()?.service.requests === 1);
    expect(traffic()).toMatchObject({
      service: { requests: 1, failed: 1, lastMinuteReads: { requests: 1, failed: 1 } },
      monolith: { requests: 1, failed: 0, lastMinuteReads: { requests: 0 } },
    });
    expect(serviceHealth(bed).fellBack).toBe(1);
  });

  it.each([
    ['hangs up', hangsUp],
    ['answers 502', answers(502)],
    ['answers 503 with a body that never ends', (_req, res) => void res.writeHead(503).write('half')],
    ['answers 504', answers(504)],
    ['gives no answer in time', (req) => void req.resume()],
  ] as [string, Handler][])('falls back when it %s', async (_what, service) => {
    await start(service, { proxy: { timeouts: { firstByteMs: 500 } } });
    const reply = await get();
    expect([reply.status, reply.json()['side']]).toEqual([200, 'monolith']);
    expect([bed.service.begun, bed.monolith.begun]).toEqual([1, 1]);
  });

  it.each(['shadow', 'dual-write'] as const)(
    'falls back also when the canary was taken back to %s while the service was at it',
    async (stage) => {
      const asked: IncomingMessage[] = [];
      await start((req) => void asked.push(req));
      const reply = get();
      await bed.service.hasBegun(1);
      bed.feed.change('catalog', { stage, weight: 0 });
      asked[0]?.socket.destroy();
      expect((await reply).json()['side']).toBe('monolith');
    },
  );

  it('keeps other answers: a 500 or a 404 is an answer', async () => {
    for (const status of [500, 404]) {
      await start(answers(status));
      expect((await get()).text).toBe('from the service');
      expect(bed.monolith.begun).toBe(0);
      if (status === 500) await bed.stop();
    }
  });

  it('falls back for the statuses that are configured, and not at all when it is off', async () => {
    await start(answers(500));
    reconfigureService(bed, sideAt(bed.service.url, { fallback: { statuses: [500] } }));
    expect((await get()).status).toBe(200);
    reconfigureService(bed, sideAt(bed.service.url, { fallback: { enabled: false } }));
    expect((await get()).status).toBe(500);
  });

  it('names the monolith when that does not answer either', async () => {
    await start(hangsUp);
    await bed.monolith.stop();
    const reply = await get();
    expect(reply.json()).toMatchObject({ status: 502, title: 'The monolith cannot be reached' });
    await until(() => traffic()?.monolith.failed === 1);
    expect(traffic()?.service.failed).toBe(1);
  });
});

describe('nothing falls back', () => {
  it('once a byte went to the client', async () => {
    await start((_req, res) => {
      res.writeHead(200, { 'content-length': 10 }).write('half');
      setImmediate(() => res.socket?.destroy());
    });
    await expect(get()).rejects.toThrow(/aborted|ECONNRESET/);
    await until(() => traffic()?.service.failed === 1);
    expect(bed.monolith.begun).toBe(0);
  });

  it('that has a body, which could not be sent twice', async () => {
    await start(hangsUp, { routes: [{ method: 'POST', path: '/api/products/search', as: 'reads' }] });
    const reply = await send(bed.proxy.url, 'POST', '/api/products/search', { body: '{}' });
    expect([reply.status, bed.monolith.begun]).toEqual([502, 0]);
  });

  it('that is a write, once the service owns it', async () => {
    await start(hangsUp, { feed: new FakeFeed(standing({ stage: 'extracted', owner: 'service' })) });
    for (const method of ['POST', 'DELETE', 'GET']) {
      const reply = await send(bed.proxy.url, method, '/api/products/1');
      expect([method, reply.status, bed.monolith.begun]).toEqual([method, 502, 0]);
    }
  });

  it('of a migration that left the canary stage while the service was at it: the monolith may be behind', async () => {
    const asked: IncomingMessage[] = [];
    await start((req) => void asked.push(req));
    const reply = get();
    await bed.service.hasBegun(1);
    bed.feed.change('catalog', { stage: 'extracted', owner: 'service', epoch: 2 });
    asked[0]?.socket.destroy();
    expect([(await reply).status, bed.monolith.begun]).toEqual([502, 0]);
  });

  it('whose client has left', async () => {
    const asked: IncomingMessage[] = [];
    await start((req) => void asked.push(req));
    const client = await openSocket(bed.proxy.url);
    client.write('GET /api/products/1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await bed.service.hasBegun(1);
    const closed = closeOf(asked[0] as IncomingMessage);
    client.destroy();
    await closed;
    await until(() => traffic()?.service.requests === 1);
    expect([traffic()?.service.failed, bed.monolith.begun]).toEqual([0, 0]);
  });
});
