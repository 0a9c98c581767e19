import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeFeed, closeOf, openSocket, readUntil, send, standing, startBed, until } from '../testing/bed.ts';
import type { Bed, BedOptions } from '../testing/bed.ts';
import { begin } from '../testing/raw-http.ts';

let bed: Bed;
afterEach(() => bed.stop());

const start = async (
  clients: object,
  options: Omit<BedOptions, 'proxy'> & { proxy?: object } = {},
): Promise<void> => {
  bed = await startBed({ ...options, proxy: { ...options.proxy, clients } });
};
const counts = () => bed.proxy.stats().migrations['catalog']?.monolith;
const POST = 'POST /api/products/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n';

async function answerOn(socket: Socket): Promise<string> {
  let got = '';
  socket.on('data', (chunk: Buffer) => (got += chunk.toString()));
  await closeOf(socket);
  return got;
}

/** Lasts as long as the proxy bears the silence of a client: this one says nothing, and is closed for it. */
async function silence(): Promise<void> {
  const socket = await openSocket(bed.proxy.url);
  await closeOf(socket.resume());
}

/** Sends one byte after the other, each long before any limit for silence. */
function drip(socket: Socket, bytes: string): () => void {
  let at = 0;
  const timer = setInterval(() => socket.write(bytes[at++ % bytes.length] ?? ''), 5);
  socket.once('close', () => clearInterval(timer));
  return () => clearInterval(timer);
}

describe('a client that is slow with the head of its request', () => {
  it('is told so by 408, even if it never stops sending', async () => {
    await start({ headersMs: 100 });
    const socket = await openSocket(bed.proxy.url);
    const answer = answerOn(socket);
    socket.on('error', () => undefined);
    socket.write('GET /a HTTP/1.1\r\nHost: a\r\nX-A: ');
    drip(socket, 'a');
    expect(await answer).toMatch(/^HTTP\/1\.1 408 [^]*within 100 ms \(proxy\.clients\.headersMs\)/);
    expect(bed.monolith.begun).toBe(0);
  });

  it('is told so also on a connection that has carried requests before', async () => {
    await start({ headersMs: 100 });
    const socket = await begin(bed.proxy.url, 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
    await readUntil(socket, /"side":"monolith"/);
    const answer = answerOn(socket);
    socket.write('GET /a HTTP/1.1\r\n');
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('loses its connection when it says nothing at all', async () => {
    await start({ idleMs: 50 });
    const socket = await openSocket(bed.proxy.url);
    expect(await answerOn(socket)).toBe('');
  });
});

describe('a client that is slow with the body of its request', () => {
  const upstreams: IncomingMessage[] = [];
  const swallowing = {
    monolith: (req: IncomingMessage, res: ServerResponse): void => {
      upstreams.push(req);
      req.resume().once('end', () => res.end('done'));
      req.on('error', () => undefined);
    },
  };

  it('is told so by 408 when it falls silent, its request upstream ends, and no side has failed', async () => {
    await start({ idleMs: 50 }, swallowing);
    const answer = answerOn(await begin(bed.proxy.url, `${POST}some`));
    expect(await answer).toMatch(/^HTTP\/1\.1 408 [^]*nothing of the rest[^]*proxy\.clients\.idleMs/);
    await until(() => upstreams.at(-1)?.destroyed === true);
    await until(() => counts()?.requests === 1);
    expect(counts()?.failed).toBe(0);
  });

  it('is told so by 408 when it sends by drops', async () => {
    await start({ idleMs: 200, minBodyBytesPerSecond: 5000 }, swallowing);
    const socket = await begin(bed.proxy.url, POST);
    const answer = answerOn(socket);
    drip(socket, 'a');
    expect(await answer).toMatch(/^HTTP\/1\.1 408 [^]*less than 5000 bytes a second/);
    await until(() => upstreams.at(-1)?.destroyed === true);
  });

  it('is not hurried while it is fast enough, however long it takes', async () => {
    await start({ idleMs: 800, minBodyBytesPerSecond: 5 }, swallowing);
    const socket = await begin(bed.proxy.url, POST.replace('1000', '200'));
    drip(socket, 'a');
    expect(await readUntil(socket, /done/)).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });

  it('is not blamed while its write waits for a change of owner', async () => {
    const feed = new FakeFeed(standing({ holdWrites: true }));
    await start({ idleMs: 20 }, { ...swallowing, feed, proxy: { hold: { capMs: 20_000 } } });
    const socket = await begin(bed.proxy.url, POST.replace('1000', '4'));
    await until(() => bed.proxy.stats().migrations['catalog']?.waitingWrites === 1);
    await silence();
    await silence();
    feed.change('catalog', { holdWrites: false });
    await bed.monolith.hasBegun(1);
    socket.write('body');
    expect(await readUntil(socket, /done/)).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });

  it('is not blamed for an upstream that takes its time', async () => {
    let answer: (() => void) | undefined;
    await start(
      { idleMs: 20 },
      { monolith: (req, res) => void req.resume().once('end', () => (answer = () => res.end('late'))) },
    );
    const reply = send(bed.proxy.url, 'POST', '/api/products/1', { body: 'x' });
    await until(() => answer !== undefined);
    await silence();
    await silence();
    answer?.();
    expect((await reply).text).toBe('late');
  });
});

describe('a client that does not take its answer', () => {
  const endless = {
    monolith: (req: IncomingMessage, res: ServerResponse): void => {
      if (req.url === '/silent') return void res.write('half');
      const chunk = Buffer.alloc(256 * 1024);
      const more = (): void => {
        while (!res.destroyed && res.write(chunk));
      };
      res.on('drain', more).on('error', () => undefined);
      more();
    },
  };

  it('loses its connection, the upstream is let go of, and no side has failed', async () => {
    await start({ idleMs: 200 }, endless);
    const socket = await openSocket(bed.proxy.url);
    socket.pause();
    socket.on('error', () => undefined);
    socket.write('GET /api/products/1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => counts()?.requests === 1);
    expect(counts()?.failed).toBe(0);
    socket.destroy();
  });

  it('is no reason to blame the upstream, whose limit is shorter', async () => {
    await start({ idleMs: 20_000 }, { ...endless, proxy: { timeouts: { idleMs: 2000 } } });
    const socket = await openSocket(bed.proxy.url);
    socket.pause();
    socket.write('GET /api/products/1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await bed.monolith.hasBegun(1);
    // An upstream that falls silent by itself, and later than this one, is cut off: the limit has passed.
    await expect(send(bed.proxy.url, 'GET', '/silent')).rejects.toThrow(/aborted|ECONNRESET/);
    expect(counts()?.requests).toBe(0);
    let got = 0;
    socket.on('data', (chunk: Buffer) => (got += chunk.length)).resume();
    // More than all buffers on the way could have held: it goes on.
    await until(() => got > 20_000_000);
    socket.destroy();
  });
});

it('closes what comes above the number of connections that it takes, and takes others again after that', async () => {
  await start({ maxConnections: 3 });
  const held = await Promise.all(Array.from({ length: 3 }, () => openSocket(bed.proxy.url)));
  const refused = await openSocket(bed.proxy.url);
  await closeOf(refused.resume());
  held[0]?.destroy();
  await until(async () => (await send(bed.proxy.url, 'GET', '/a').catch(() => null))?.status === 200);
  for (const socket of held) socket.destroy();
});

it('keeps an idle connection as long as it says, and no longer', async () => {
  await start({ keepAliveMs: 50 });
  const socket = await begin(bed.proxy.url, 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
  await readUntil(socket, /"side":"monolith"/);
  await closeOf(socket.resume());
});
