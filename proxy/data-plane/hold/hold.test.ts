import { Readable } from 'node:stream';
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  FakeFeed,
  openSocket,
  readUntil,
  send,
  standing,
  startBed,
  type Bed,
  type BedOptions,
  until,
} from '../testing/bed.ts';
import { HoldQueue } from './hold.ts';

let bed: Bed;
afterEach(() => bed.stop());

const HELD = standing({ stage: 'canary', holdWrites: true });
const start = async (options: BedOptions = {}): Promise<void> => {
  bed = await startBed({ feed: new FakeFeed(HELD), ...options });
};
const stats = () => bed.proxy.stats().migrations['catalog'];
const write = (body: string | Buffer | Readable = 'x', path = '/api/products/1') =>
  send(bed.proxy.url, 'POST', path, { body });

/** Waits for the proxy to hold this many writes: its counter has no event, so the loop is turned until it shows. */
async function holds(count: number): Promise<void> {
  await until(() => stats()?.waitingWrites === count);
}

const flip = () =>
  bed.feed.change('catalog', { stage: 'extracted', owner: 'service', epoch: 2, holdWrites: false });

describe('holding writes', () => {
  it('sends one to the service that its route named when it came, also if a reload has taken that away', async () => {
    await start();
    const answer = write();
    await holds(1);
    const { upstreams } = bed.config;
    bed.proxy.reconfigure({ ...bed.config, upstreams: { ...upstreams, services: {} } });
    flip();
    expect((await answer).json()).toMatchObject({ side: 'service', bytes: 1 });
  });

  it('decides a waiting write again and sends it once, to the new owner', async () => {
    await start();
    const answer = write();
    await holds(1);
    expect([bed.monolith.begun, bed.service.begun]).toEqual([0, 0]);
    flip();
    expect((await answer).json()['side']).toBe('service');
    expect([bed.monolith.begun, bed.service.begun]).toEqual([0, 1]);
    expect(stats()?.held.count).toBe(1);
    expect(Object.keys(stats()?.heldByEpoch ?? {})).toEqual(['2']);
  });

  it('releases to the old owner when the move is given up', async () => {
    await start();
    const answer = write();
    await holds(1);
    bed.feed.change('catalog', { holdWrites: false });
    expect((await answer).json()['side']).toBe('monolith');
  });

  it('goes on with reads meanwhile', async () => {
    await start();
    expect((await send(bed.proxy.url, 'GET', '/api/products/1')).status).toBe(200);
  });

  it('answers 503 when the cap is reached, and sends the write to nobody', async () => {
    await start({ proxy: { hold: { capMs: 30 } } });
    const reply = await write();
    expect(reply.status).toBe(503);
    expect(reply.headers['retry-after']).toBe('1');
    expect(reply.headers['content-type']).toBe('application/problem+json');
    expect(reply.json()['detail']).toMatch(/Nothing of this request to "catalog" was sent to any side/);
    flip();
    expect([bed.monolith.begun, bed.service.begun]).toEqual([0, 0]);
    expect(stats()).toMatchObject({ waitingWrites: 0, heldTooLong: 1, runningWrites: 0 });
  });

  it('answers 503 at once to one write more than may wait', async () => {
    await start({ proxy: { hold: { maxRequests: 2 } } });
    const waiting = [write(), write()];
    await holds(2);
    expect((await write()).status).toBe(503);
    flip();
    expect((await Promise.all(waiting)).map((reply) => reply.status)).toEqual([200, 200]);
  });

  it('answers 503 at once when the waiting bodies are too big together', async () => {
    await start({ proxy: { hold: { maxBytes: 100_000 } } });
    const waiting = write(Buffer.alloc(90_000));
    await holds(1);
    expect((await write(Buffer.alloc(20_000))).status).toBe(503);
    // Of unknown length: what the proxy may have to keep of it counts.
    expect((await write(Readable.from([Buffer.alloc(10)]))).status).toBe(503);
    flip();
    expect((await waiting).status).toBe(200);
    bed.feed.change('catalog', { holdWrites: true });
    const next = write(Buffer.alloc(90_000));
    await holds(1);
    bed.feed.change('catalog', { holdWrites: false });
    expect((await next).status).toBe(200);
  });

  it('frees the place of a client that leaves', async () => {
    await start({ proxy: { hold: { maxRequests: 1, capMs: 60_000 } } });
    const socket = await openSocket(bed.proxy.url);
    socket.write('POST /api/products/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhal');
    await holds(1);
    socket.destroy();
    await holds(0);
    const answer = write();
    await holds(1);
    flip();
    expect((await answer).status).toBe(200);
    expect(bed.service.begun).toBe(1);
  });

  it('lets a 5 MB upload in chunks arrive whole after the wait, having read no more than buffers take', async () => {
    await start();
    const bytes = randomBytes(5 * 1024 * 1024);
    let read = 0;
    const chunks = function* () {
      for (let at = 0; at < bytes.length; at += 65_536) {
        read = at;
        yield bytes.subarray(at, at + 65_536);
      }
    };
    const answer = write(Readable.from(chunks(), { objectMode: false, highWaterMark: 65_536 }));
    await holds(1);
    await send(bed.proxy.url, 'GET', '/api/products/1');
    const readWhileWaiting = read;
    flip();
    expect((await answer).json()['bytes']).toBe(bytes.length);
    const uploaded = bed.service.received.find(({ method }) => method === 'POST');
    expect(uploaded?.body.equals(bytes)).toBe(true);
    expect(readWhileWaiting).toBeLessThan(bytes.length);
  });

  it('asks for the body of a client that waits for 100 Continue only when the write may go', async () => {
    await start();
    const socket = await openSocket(bed.proxy.url);
    socket.write(
      'POST /api/products/1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n',
    );
    const first = readUntil(socket, /\r\n\r\n/);
    await holds(1);
    expect(socket.bytesRead).toBe(0);
    flip();
    expect(await first).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('hello');
    expect(await readUntil(socket, /"bytes":5/)).toMatch(/^HTTP\/1\.1 200 OK/);
    socket.destroy();
  });

  it('holds by itself when the lease runs out and no fence stands, and goes on when it is live again', async () => {
    const unfenced = standing({ stage: 'extracted', owner: 'service', isFenced: false });
    await start({ feed: new FakeFeed(unfenced) });
    bed.feed.live = false;
    const answer = write();
    await holds(1);
    expect(bed.service.begun).toBe(0);
    bed.feed.live = true;
    expect((await answer).json()['side']).toBe('service');
  });

  it('no longer counts a write as running whose client left', async () => {
    await start({ feed: new FakeFeed(standing({})), monolith: () => undefined });
    const socket = await openSocket(bed.proxy.url);
    socket.write('POST /api/products/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
    await bed.monolith.hasBegun(1);
    expect(stats()?.runningWrites).toBe(1);
    socket.destroy();
    await until(() => stats()?.runningWrites === 0);
  });
});

describe('the queue of waiting writes', () => {
  it('lets writes go in the order in which they came', async () => {
    await start();
    const queue = new HoldQueue({ capMs: 1000, maxRequests: 10, maxBytes: 1_000_000 });
    let open = false;
    const order: number[] = [];
    const waits = [1, 2, 3, 4].map((number) => {
      const tryAgain = () => {
        if (open) order.push(number);
        return open;
      };
      return queue.wait({ migration: 'catalog', bytes: 1, tryAgain, onClientGone: () => () => undefined });
    });
    queue.lookAgain();
    expect(order).toEqual([]);
    open = true;
    queue.lookAgain();
    expect(await Promise.all(waits)).toEqual(['released', 'released', 'released', 'released']);
    expect(order).toEqual([1, 2, 3, 4]);
  });
});
