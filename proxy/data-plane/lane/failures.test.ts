import { afterEach, describe, expect, it } from '@jest/globals';
import { openSocket, send, startBed, until, type Bed, type BedOptions } from '../testing/bed.ts';

let bed: Bed;
afterEach(() => bed.stop());

const start = async (options: BedOptions = {}): Promise<void> => {
  bed = await startBed(options);
};
const get = (target = '/api/products/1') => send(bed.proxy.url, 'GET', target);
const counts = () => bed.proxy.stats().migrations['catalog']?.monolith;

/** Waits until this many requests have been counted: the client may see the end of one a moment earlier. */
async function counted(requests: number): Promise<void> {
  await until(() => counts()?.requests === requests);
}

describe('a side that gives no answer', () => {
  it('is a 502 that names it when nobody listens', async () => {
    await start();
    await bed.monolith.stop();
    const reply = await get();
    expect(reply.status).toBe(502);
    expect(reply.headers['content-type']).toBe('application/problem+json');
    expect(reply.json()).toMatchObject({ status: 502, title: 'The monolith cannot be reached' });
    expect(reply.json()['detail']).toMatch(/ECONNREFUSED.*Check that it runs/);
    expect(counts()).toMatchObject({ requests: 1, failed: 1 });
  });

  it('is a 502 when it hangs up before its answer, and a write is not sent again', async () => {
    await start({ monolith: (req) => req.socket.destroy() });
    const reply = await send(bed.proxy.url, 'POST', '/api/products/1', { body: 'x' });
    expect(reply.json()).toMatchObject({ status: 502, title: 'The monolith broke off' });
    expect(bed.monolith.begun).toBe(1);
  });

  it('is a 502 that the client still gets when its upload is not over', async () => {
    await start();
    await bed.monolith.stop();
    const reply = await send(bed.proxy.url, 'POST', '/api/products/1', { body: Buffer.alloc(3_000_000) });
    expect(reply.status).toBe(502);
  });

  it('is a 504 when its first byte takes too long, and a write is not sent again', async () => {
    await start({ monolith: (req) => void req.resume(), proxy: { timeouts: { firstByteMs: 40 } } });
    const reply = await send(bed.proxy.url, 'POST', '/api/products/1', { body: 'x' });
    expect(reply.json()).toMatchObject({ status: 504, title: 'The monolith did not answer in time' });
    expect(reply.json()['detail']).toMatch(/first byte limit of 40 ms.*proxy\.timeouts\.firstByteMs/);
    expect(bed.monolith.begun).toBe(1);
    expect(counts()).toMatchObject({ requests: 1, failed: 1 });
  });

  it('does not run into the idle limit while its answer is awaited', async () => {
    await start({
      proxy: { timeouts: { firstByteMs: 5000, idleMs: 30 } },
      monolith: (_req, res) => void setTimeout(() => res.end('late'), 120),
    });
    expect((await get()).text).toBe('late');
  });

  it('is cut off when it falls silent in the middle of its answer', async () => {
    await start({
      proxy: { timeouts: { idleMs: 40 } },
      monolith: (_req, res) => void res.writeHead(200, { 'content-length': 10 }).write('half'),
    });
    await expect(get()).rejects.toThrow(/aborted|ECONNRESET/);
    await counted(1);
    expect(counts()).toMatchObject({ requests: 1, failed: 1 });
  });

  it('is a broken answer for the client when it breaks in the middle, not a shorter one', async () => {
    await start({
      monolith: (_req, res) => {
        res.write('half');
        setImmediate(() => res.socket?.destroy());
      },
    });
    await expect(get()).rejects.toThrow(/aborted|ECONNRESET/);
  });

  it('answers 5xx: the client gets it, and it counts as failed', async () => {
    await start({ monolith: (_req, res) => void res.writeHead(503).end('mine') });
    expect((await get()).text).toBe('mine');
    expect(counts()).toMatchObject({ requests: 1, failed: 1 });
  });
});

describe('the time limits', () => {
  const silent: BedOptions = {
    routes: [
      { method: '*', path: '/api/products/report', timeouts: { firstByteMs: 5000 } },
      { method: '*', path: '/api/products/quick', timeouts: { firstByteMs: 40 } },
      '* /api/products/other',
    ],
    monolith: (req, res) => {
      if (req.url?.endsWith('/report')) setTimeout(() => res.end('at last'), 150);
    },
  };

  it('are those of the route, where it has any', async () => {
    await start({ ...silent, proxy: { timeouts: { firstByteMs: 70 } } });
    expect((await get('/api/products/report')).text).toBe('at last');
    expect((await get('/api/products/quick')).json()['detail']).toMatch(/limit of 40 ms/);
    expect((await get('/api/products/other')).json()['detail']).toMatch(/limit of 70 ms/);
  });

  it('are the newest ones for every request that comes', async () => {
    await start({ monolith: () => undefined });
    const { proxy } = bed.config;
    bed.proxy.reconfigure({
      ...bed.config,
      proxy: { ...proxy, timeouts: { ...proxy.timeouts, firstByteMs: 30 } },
    });
    expect((await get()).json()['detail']).toMatch(/limit of 30 ms/);
  });

  it('end an upload that its upstream does not read, and say that it was the upstream', async () => {
    await start({
      monolith: (req) => void req.pause(),
      proxy: { timeouts: { idleMs: 300 }, clients: { lingerMs: 20_000 } },
    });
    const socket = await openSocket(bed.proxy.url);
    socket.on('error', () => undefined);
    let got = '';
    socket.on('data', (chunk: Buffer) => (got += chunk.toString()));
    socket.write('POST /api/products/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n');
    socket.write(Buffer.alloc(100_000_000));
    await until(() => got.includes('proxy.timeouts.idleMs'));
    expect(got).toMatch(/^HTTP\/1\.1 504 /);
    socket.destroy();
  });
});
