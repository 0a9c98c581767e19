import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import WebSocket, { WebSocketServer } from 'ws';
import { FakeFeed, closeOf, exchangeRaw, openSocket, readUntil } from '../testing/bed.ts';
import { send, standing, startBed, until, type Bed, type BedOptions } from '../testing/bed.ts';
import { begin, RawUpstream, useAsMonolith } from '../testing/raw-http.ts';

let bed: Bed;
const stopped: (() => unknown)[] = [];
afterEach(async () => {
  await bed.stop();
  await Promise.all(stopped.splice(0).map((stop) => stop()));
});

const PATH = '/api/products/live';
const HANDSHAKE =
  `GET ${PATH} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n';
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

/** A bed whose sides both take WebSockets and say in each message who they are. */
const start = async (options: BedOptions = {}): Promise<void> => {
  bed = await startBed(options);
  for (const side of [bed.monolith, bed.service]) {
    const server = new WebSocketServer({ server: side.server, perMessageDeflate: true });
    server.on('connection', (socket, req) => {
      socket.on('message', (data, isBinary) => {
        socket.send(isBinary ? (data as Buffer) : `${side.name} heard ${(data as Buffer).toString()}`, {
          binary: isBinary,
        });
      });
      socket.on('error', () => undefined);
      if (req.url?.endsWith('/headers')) socket.send(JSON.stringify(req.headers));
    });
    stopped.push(() => {
      for (const client of server.clients) client.terminate();
    });
  }
};

/** A monolith that does whatever a test wants with the bare connection of a handshake. */
const startRaw = async (onRequest: (socket: Socket, head: string) => void, options: BedOptions = {}) => {
  bed = await startBed(options);
  const upstream = await new RawUpstream(onRequest).start();
  stopped.push(() => upstream.stop());
  useAsMonolith(bed, upstream.url);
  return upstream;
};

const opened = async (path = PATH, options: WebSocket.ClientOptions = {}): Promise<WebSocket> => {
  const client = new WebSocket(bed.proxy.url.replace('http', 'ws') + path, options);
  client.on('error', () => undefined);
  stopped.push(() => client.terminate());
  await once(client, 'open');
  return client;
};
const asked = async (client: WebSocket, question: string | Buffer): Promise<string> => {
  const heard = once(client, 'message') as Promise<[Buffer]>;
  client.send(question);
  return (await heard)[0].toString();
};
const counts = (side: 'monolith' | 'service' = 'monolith') => bed.proxy.stats().migrations['catalog']?.[side];
/** The proxy is well and serves. */
const isWell = async () => expect((await send(bed.proxy.url, 'GET', '/a')).status).toBe(200);

describe('an open WebSocket', () => {
  it('joins the client with the decided side, both ways, text and binary, large and compressed', async () => {
    await start({ feed: new FakeFeed(standing({ stage: 'extracted', owner: 'service' })) });
    const client = await opened(PATH, { perMessageDeflate: true });
    expect(client.extensions).toContain('permessage-deflate');
    expect(await asked(client, 'hello')).toBe('service heard hello');
    const large = Buffer.alloc(3_000_000, 'x');
    expect((await asked(client, large)).length).toBe(large.length);
    const pong = once(client, 'pong');
    client.ping('still there?');
    await pong;
  });

  it('passes the reason on for which an end closes it', async () => {
    await start();
    const client = await opened();
    const closed = once(client, 'close') as Promise<[number]>;
    client.close(4321, 'enough');
    expect((await closed)[0]).toBe(4321);
    await until(() => counts()?.requests === 1);
    expect(counts()?.failed).toBe(0);
  });

  it('tells the upstream about the client what every request does', async () => {
    await start();
    const client = new WebSocket(bed.proxy.url.replace('http', 'ws') + '/headers', {
      headers: { 'x-forwarded-for': '6.6.6.6', 'keep-alive': 'timeout=1' },
    });
    const [message] = (await once(client, 'message')) as [Buffer];
    const headers = JSON.parse(message.toString()) as Record<string, string>;
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      connection: 'Upgrade',
      upgrade: 'websocket',
    });
    expect(headers).not.toHaveProperty('keep-alive');
    client.terminate();
  });

  it('gets what the stages say with every answer: the cookie of a canary', async () => {
    await start({ feed: new FakeFeed(standing({ stage: 'canary', weight: 100 })) });
    const socket = await begin(bed.proxy.url, HANDSHAKE);
    expect(await readUntil(socket, /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 101 [^]*set-cookie: strangler_arm=/i);
    socket.destroy();
  });

  it('loses nothing that either end sent right behind its half of the handshake', async () => {
    let heard = '';
    await startRaw((upstream) => {
      upstream.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
      upstream.write(`${SWITCHING}early`);
    });
    const socket = await begin(bed.proxy.url, `${HANDSHAKE}first`);
    expect(await readUntil(socket, /early/)).toMatch(/^HTTP\/1\.1 101 /);
    await until(() => heard === 'first');
    socket.destroy();
  });

  it('survives a change of stage, while new ones go to the new side', async () => {
    const feed = new FakeFeed(standing({}));
    await start({ feed });
    const before = await opened();
    feed.change('catalog', { stage: 'extracted', owner: 'service', epoch: 2 });
    const after = await opened();
    expect(await asked(before, 'who?')).toBe('monolith heard who?');
    expect(await asked(after, 'who?')).toBe('service heard who?');
    expect(await asked(before, 'still?')).toBe('monolith heard still?');
  });

  it('survives a new configuration', async () => {
    await start();
    const client = await opened();
    bed.proxy.reconfigure({ ...bed.config, proxy: { ...bed.config.proxy, trustedProxies: ['10.0.0.0/8'] } });
    expect(await asked(client, 'still?')).toBe('monolith heard still?');
  });

  it('does not keep a change of owner waiting, even on a route that writes', async () => {
    const feed = new FakeFeed(standing({}));
    await start({ feed, routes: [{ method: 'GET', path: PATH, as: 'writes' }] });
    const client = await opened();
    const seq = feed.change('catalog', { holdWrites: true });
    await feed.acknowledges(seq);
    expect(await asked(client, 'still?')).toBe('monolith heard still?');
  });

  it('may be silent for longer than a request, and ends when it is for too long', async () => {
    await start({
      monolith: (_req, res) => void res.write('half'),
      proxy: { timeouts: { idleMs: 300, firstByteMs: 20_000, streamIdleMs: 3000 }, clients: { idleMs: 300 } },
    });
    const client = await opened();
    // An answer that falls silent is cut off: the limit for requests has passed.
    await expect(send(bed.proxy.url, 'GET', '/half')).rejects.toThrow(/aborted|ECONNRESET/);
    expect(await asked(client, 'still?')).toBe('monolith heard still?');
    const [code] = (await once(client, 'close')) as [number];
    expect(code).toBe(1001);
  });
});

describe('an end that leaves without a word', () => {
  it.each(['destroy', 'resetAndDestroy', 'end'] as const)(
    'is noticed by the other end, and by nobody else: the client’s %s',
    async (how) => {
      let upstream: Socket | undefined;
      await startRaw((socket) => {
        upstream = socket;
        socket.write(SWITCHING);
      });
      const socket = await begin(bed.proxy.url, HANDSHAKE);
      await readUntil(socket, /101/);
      const closed = closeOf(upstream as Socket);
      socket[how]();
      await closed;
      await until(() => counts()?.requests === 1);
      useAsMonolith(bed, bed.monolith.url);
      await isWell();
    },
  );

  it.each(['destroy', 'resetAndDestroy', 'end'] as const)(
    'is noticed by the other end, and by nobody else: the upstream’s %s',
    async (how) => {
      let upstream: Socket | undefined;
      await startRaw((socket) => {
        upstream = socket;
        socket.write(SWITCHING);
      });
      const socket = await begin(bed.proxy.url, HANDSHAKE);
      await readUntil(socket, /101/);
      const closed = closeOf(socket);
      (upstream as Socket)[how]();
      await closed;
      await until(() => counts()?.requests === 1);
      useAsMonolith(bed, bed.monolith.url);
      await isWell();
    },
  );

  it.each(['destroy', 'resetAndDestroy', 'end'] as const)(
    'ends its handshake upstream when it does not wait for the answer: the client’s %s',
    async (how) => {
      let upstream: Socket | undefined;
      await startRaw((socket) => void (upstream = socket));
      const socket = await begin(bed.proxy.url, HANDSHAKE);
      await until(() => upstream !== undefined);
      const closed = closeOf(upstream as Socket);
      socket[how]();
      await closed;
      await until(() => counts()?.requests === 1);
      expect(counts()?.failed).toBe(0);
    },
  );
});

describe('a handshake that fails', () => {
  it('is the plain answer of the upstream when that declines', async () => {
    bed = await startBed({
      monolith: (_req, res) => void res.writeHead(401, { 'x-why': 'no token' }).end('who are you?'),
    });
    const answer = await exchangeRaw(bed.proxy.url, HANDSHAKE);
    expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\nx-why: no token\r\n[^]*who are you\?/);
    expect(answer).toMatch(/^connection: close\r$/im);
    await until(() => counts()?.requests === 1);
    expect(counts()?.failed).toBe(0);
  });

  it('is a 502 when nobody listens', async () => {
    await start();
    await bed.monolith.stop();
    const answer = await exchangeRaw(bed.proxy.url, HANDSHAKE);
    expect(answer).toMatch(
      /^HTTP\/1\.1 502 [^]*application\/problem\+json[^]*The monolith cannot be reached/,
    );
  });

  it('is a 504 when no answer comes in time, by the newest limit', async () => {
    await startRaw(() => undefined);
    bed.proxy.reconfigure({
      ...bed.config,
      proxy: { ...bed.config.proxy, timeouts: { ...bed.config.proxy.timeouts, firstByteMs: 40 } },
      upstreams: bed.config.upstreams,
    });
    bed.monolith.server.on('upgrade', () => undefined);
    expect(await exchangeRaw(bed.proxy.url, HANDSHAKE)).toMatch(/^HTTP\/1\.1 504 [^]*did not answer in time/);
  });

  it.each([
    ['it breaks off', 'HTTP/1.1 101 Switching'],
    ['it is no HTTP', 'hello\r\n\r\n'],
    ['it switches to nothing', 'HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x05hello'],
    ['it is silent and leaves', ''],
  ])('is a 502 when the answer is broken: %s', async (_name, bytes) => {
    await startRaw((upstream) => upstream.end(bytes, 'latin1'));
    const answer = await exchangeRaw(bed.proxy.url, HANDSHAKE);
    expect(answer).toMatch(/^HTTP\/1\.1 502 [^]*The monolith broke off/);
    useAsMonolith(bed, bed.monolith.url);
    await isWell();
  });

  it('is a 502 for a plain request that is answered with another protocol', async () => {
    await startRaw((upstream) => void upstream.write(`${SWITCHING}\x81\x05hello`, 'latin1'));
    const answer = await exchangeRaw(
      bed.proxy.url,
      'GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 502 /);
  });

  it.each([
    ['its target is', HANDSHAKE.replace('/live', '/%2e%2e/live')],
    ['it has a body', HANDSHAKE.replace('\r\n\r\n', '\r\nContent-Length: 5\r\n\r\nhello')],
    ['it has two hosts', HANDSHAKE.replace('Host: a', 'Host: a\r\nHost: b')],
  ])('is refused where %s', async (_name, bytes) => {
    await start();
    expect(await exchangeRaw(bed.proxy.url, bytes)).toMatch(/^HTTP\/1\.1 400 [^]*problem\+json/);
    expect(bed.monolith.begun).toBe(0);
  });

  it('is no handshake while an earlier request on its connection waits for an answer', async () => {
    await startRaw((upstream, head) => {
      if (head.includes('Upgrade')) upstream.write(SWITCHING);
    });
    const answer = await exchangeRaw(bed.proxy.url, `GET /slow HTTP/1.1\r\nHost: a\r\n\r\n${HANDSHAKE}`);
    expect(answer).toBe('');
  });
});

it('is no reason to refuse a client that merely offers HTTP/2', async () => {
  await start();
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
  const reply = await send(bed.proxy.url, 'POST', '/api/products/1', { headers, body: 'hello' });
  expect(reply.json()).toMatchObject({ method: 'POST', bytes: 5 });
});

describe('a proxy that closes', () => {
  it('asks the clients of open WebSockets to go elsewhere, and lets them say goodbye', async () => {
    await start();
    const clients = await Promise.all([opened(), opened(), opened()]);
    const codes = clients.map(async (client) => ((await once(client, 'close')) as [number])[0]);
    await bed.proxy.close(20_000);
    expect(await Promise.all(codes)).toEqual([1001, 1001, 1001]);
  });

  it('does so between two frames, never in the middle of one', async () => {
    let upstream: Socket | undefined;
    await startRaw((socket) => {
      upstream = socket;
      socket.write(`${SWITCHING}\x82\x06abc`, 'latin1');
    });
    const socket = await begin(bed.proxy.url, HANDSHAKE);
    let got = '';
    socket.on('data', (chunk: Buffer) => (got += chunk.toString('latin1')));
    await until(() => got.endsWith('abc'));
    const closed = bed.proxy.close(20_000);
    // The frame is not over yet; what comes behind it must not come through.
    upstream?.write('def\x81\x04late', 'latin1');
    await until(() => got.endsWith('abcdef\x88\x02\x03\xe9'));
    socket.end();
    await closed;
  });

  it('does not wait for clients that do not answer', async () => {
    await startRaw((socket) => void socket.write(SWITCHING));
    const socket = await openSocket(bed.proxy.url);
    socket.write(HANDSHAKE);
    await readUntil(socket, /101/);
    const gone = closeOf(socket);
    socket.resume();
    await bed.proxy.close(50);
    await gone;
  });
});
