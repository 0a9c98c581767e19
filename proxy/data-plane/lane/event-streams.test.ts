import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { openSocket, readUntil, startBed, until, type Bed, type BedOptions } from '../testing/bed.ts';

let bed: Bed;
afterEach(() => bed.stop());

const EVENTS = { 'content-type': 'text/event-stream; charset=utf-8' };
let streams: ServerResponse[] = [];
const start = async (options: BedOptions = {}): Promise<void> => {
  streams = [];
  bed = await startBed({
    monolith: (req, res) => {
      streams.push(res);
      res.writeHead(200, req.url?.startsWith('/plain') ? {} : EVENTS).flushHeaders();
    },
    ...options,
  });
};
const listening = async (path = '/api/products/events') => {
  const socket = await openSocket(bed.proxy.url);
  socket.on('error', () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  expect(await readUntil(socket, /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 200 /);
  return socket;
};

describe('an event stream', () => {
  it('gets through with its head before there is an event, and with each event as it comes', async () => {
    await start();
    const socket = await listening();
    for (const event of ['data: one\n\n', 'data: two\n\n']) {
      streams[0]?.write(event);
      expect(await readUntil(socket, /\n\n/)).toContain(event);
    }
    socket.destroy();
    await until(() => streams[0]?.destroyed === true);
  });

  it('is not cut by the limits for requests and clients, however silent it is', async () => {
    await start({ proxy: { timeouts: { idleMs: 500, firstByteMs: 20_000 }, clients: { idleMs: 500 } } });
    const [quiet, plain] = [await listening(), await openSocket(bed.proxy.url)];
    // The same silence in an answer that is no event stream says when the limit has come.
    plain.write('GET /plain HTTP/1.1\r\nHost: a\r\n\r\n');
    await readUntil(plain, /\r\n\r\n/);
    await until(() => plain.destroyed || plain.readableEnded || streams[1]?.destroyed === true);
    streams[0]?.write('data: at last\n\n');
    expect(await readUntil(quiet, /\n\n/)).toContain('at last');
    quiet.destroy();
    plain.destroy();
  });

  it('has a limit of its own, and one for its route before that', async () => {
    await start({
      routes: [
        { method: 'GET', path: '/api/products/events', timeouts: { streamIdleMs: 40 } },
        'GET /api/products/more',
      ],
      proxy: { timeouts: { streamIdleMs: 40_000 } },
    });
    await listening('/api/products/more');
    await listening('/api/products/events');
    await until(() => streams[1]?.destroyed === true);
    expect(streams[0]?.destroyed).toBe(false);
    const failed = bed.proxy.stats().migrations['catalog']?.monolith.failed;
    expect(failed).toBe(1);
  });

  it('ends upstream when its client leaves, and is no failure', async () => {
    await start();
    const socket = await listening();
    socket.destroy();
    await until(() => streams[0]?.destroyed === true);
    await until(() => bed.proxy.stats().migrations['catalog']?.monolith.requests === 1);
    expect(bed.proxy.stats().migrations['catalog']?.monolith.failed).toBe(0);
  });
});
