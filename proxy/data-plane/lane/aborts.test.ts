import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { closeOf, openSocket, readUntil, send, startBed, until } from '../testing/bed.ts';
import type { Bed, BedOptions } from '../testing/bed.ts';
import { begin } from '../testing/raw-http.ts';

let bed: Bed;
afterEach(() => bed.stop());

const start = async (options: BedOptions = {}): Promise<void> => {
  bed = await startBed(options);
};
const counts = () => bed.proxy.stats().migrations['catalog']?.monolith;
const GET = 'GET /api/products/1 HTTP/1.1\r\nHost: a\r\n\r\n';

describe('a client that leaves', () => {
  it('ends its request upstream before the first byte of the answer', async () => {
    let upstream: IncomingMessage | undefined;
    await start({ monolith: (req) => void (upstream = req) });
    const socket = await openSocket(bed.proxy.url);
    socket.write('GET /api/products/1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await bed.monolith.hasBegun(1);
    const closed = closeOf(upstream as IncomingMessage);
    socket.destroy();
    await closed;
    await until(() => counts()?.requests === 1);
    // The side did nothing wrong.
    expect(counts()).toMatchObject({ requests: 1, failed: 0 });
  });

  it('ends its request upstream in the middle of the answer', async () => {
    let upstream: IncomingMessage | undefined;
    await start({
      monolith: (req, res) => {
        upstream = req;
        res.write('half');
      },
    });
    const socket = await openSocket(bed.proxy.url);
    socket.write('GET /api/products/1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await readUntil(socket, /half/);
    const closed = closeOf(upstream as IncomingMessage);
    socket.destroy();
    await closed;
  });

  it('ends its request upstream in the middle of the upload', async () => {
    let upstream: IncomingMessage | undefined;
    await start({ monolith: (req) => void (upstream = req.resume()) });
    const socket = await openSocket(bed.proxy.url);
    socket.write('POST /api/products/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf');
    await bed.monolith.hasBegun(1);
    const aborted = closeOf(upstream as IncomingMessage);
    socket.destroy();
    await aborted;
    expect(upstream?.complete).toBe(false);
  });

  it('ends its request upstream, and the whole connection, when it has pipelined others behind it', async () => {
    await start({ monolith: () => undefined });
    const socket = await begin(bed.proxy.url, GET + GET + GET);
    await bed.monolith.hasBegun(3);
    socket.resetAndDestroy();
    await until(() => counts()?.requests === 3);
    expect(counts()?.failed).toBe(0);
  });
});

/** A random number generator with a seed, so that a soak can be run again as it was. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const connectionsOf = () =>
  new Promise<number>((resolve) => bed.monolith.server.getConnections((_error, count) => resolve(count)));

const KINDS: readonly string[] = [
  GET,
  GET.replace('/1 ', '/stream '),
  `POST /api/products/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n${'x'.repeat(2000)}`,
  `POST /api/products/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
  `POST /api/products/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`,
  GET.replace('Host: a', 'Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket'),
];

describe('hundreds of clients that leave when they like', () => {
  it('leave nothing behind: no connection, no running write, no listener, no timer', async () => {
    const random = seeded(20_261_122);
    const active = (resource: string) =>
      process.getActiveResourcesInfo().filter((kind) => kind === resource).length;
    // What an earlier test of this process left is not ours.
    const [socketsBefore, timersBefore] = [active('TCPSocketWrap'), active('Timeout')];
    await start({
      monolith: (req, res) => {
        req.on('error', () => undefined).resume();
        const turns = Math.floor(random() * 8);
        const later = (left: number, then: () => void): unknown =>
          left === 0 ? then() : setImmediate(() => later(left - 1, then));
        later(turns, () => {
          if (req.url?.endsWith('/stream'))
            res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
          else res.end('x'.repeat(Math.floor(random() * 100_000)));
        });
      },
    });
    bed.monolith.server.on('upgrade', (_req, socket) => {
      socket.on('error', () => undefined).resume();
      socket.once('end', () => socket.destroy());
      if (random() < 0.5)
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      else socket.destroy();
    });
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);

    const leave = async (bytes: string): Promise<void> => {
      const socket = await openSocket(bed.proxy.url);
      const closed = closeOf(socket.resume());
      socket.write(bytes.slice(0, Math.ceil(bytes.length * (0.3 + random()))));
      for (let turns = Math.floor(random() * 12); turns > 0; turns -= 1)
        await new Promise((resolve) => setImmediate(resolve));
      if (random() < 0.5) socket.destroy();
      else socket.resetAndDestroy();
      await closed;
    };
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(Array.from({ length: 24 }, (_, at) => leave(KINDS[at % KINDS.length] ?? GET)));
    }

    const traffic = () => bed.proxy.stats().migrations['catalog'];
    await until(() => traffic()?.runningWrites === 0 && traffic()?.waitingWrites === 0);
    // What an upstream still has open is kept for a next request, and closed when none comes.
    expect((await send(bed.proxy.url, 'GET', '/api/products/1')).status).toBe(200);
    await bed.proxy.close(0);
    await until(async () => (await connectionsOf()) === 0);
    process.off('warning', warned);
    expect(warnings).toEqual([]);
    await until(() => active('TCPSocketWrap') <= socketsBefore);
    await until(() => active('Timeout') <= timersBefore);
  });
});
