import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  FakeFeed,
  exchangeRaw,
  openSocket,
  readUntil,
  send,
  standing,
  startBed,
  until,
} from '../testing/bed.ts';
import type { Bed, BedOptions } from '../testing/bed.ts';

let bed: Bed;
afterEach(() => bed.stop());

const start = async (options: BedOptions = {}): Promise<void> => {
  bed = await startBed(options);
};

describe('streaming', () => {
  it('passes the head of an event stream on before there is an event, and each event as it comes', async () => {
    let stream: ServerResponse | undefined;
    await start({
      monolith: (_req, res) => {
        stream = res;
        res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      },
    });
    const socket = await openSocket(bed.proxy.url);
    socket.write('GET /events HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await readUntil(socket, /\r\n\r\n/)).toMatch(/text\/event-stream/);
    for (const event of ['data: one\n\n', 'data: two\n\n']) {
      stream?.write(event);
      expect(await readUntil(socket, /\n\n/)).toContain(event);
    }
    socket.destroy();
  });

  it('passes an upload on as it comes', async () => {
    let upstream: IncomingMessage | undefined;
    await start({ monolith: (req) => void (upstream = req) });
    const socket = await openSocket(bed.proxy.url);
    socket.write('POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nfirst');
    await bed.monolith.hasBegun(1);
    const [chunk] = (await once(upstream as IncomingMessage, 'data')) as [Buffer];
    expect(chunk.toString()).toBe('first');
    socket.destroy();
  });

  it('stops reading an answer that its client does not read', async () => {
    let written = 0;
    let stalled: (() => void) | undefined;
    const stall = new Promise<void>((resolve) => (stalled = resolve));
    await start({
      monolith: (_req, res) => {
        const chunk = Buffer.alloc(1 << 20);
        const more = (): void => {
          while (written < 200 && res.write(chunk)) written += 1;
          if (written >= 200) res.end();
          else {
            const idle = setTimeout(() => stalled?.(), 300);
            res.once('drain', () => {
              clearTimeout(idle);
              written += 1;
              more();
            });
          }
        };
        more();
      },
    });
    const socket = await openSocket(bed.proxy.url);
    socket.pause();
    socket.write('GET /big HTTP/1.1\r\nHost: a\r\n\r\n');
    await stall;
    expect(written).toBeLessThan(100);
    socket.destroy();
  });

  it('passes trailers and early hints on', async () => {
    await start({
      monolith: (_req, res) => {
        res.writeEarlyHints({ link: '</a.css>; rel=preload' });
        res.writeHead(200, { trailer: 'x-sum' });
        res.write('body');
        res.addTrailers({ 'x-sum': '42' });
        res.end();
      },
    });
    const { hostname, port } = new URL(bed.proxy.url);
    const req = request({ hostname, port, path: '/a', agent: false });
    const hinted = once(req, 'information') as Promise<
      [{ statusCode: number; headers: Record<string, string> }]
    >;
    const answered = once(req, 'response') as Promise<[IncomingMessage]>;
    req.end();
    const [info] = await hinted;
    expect([info.statusCode, info.headers['link']]).toEqual([103, '</a.css>; rel=preload']);
    const [res] = await answered;
    await once(res.resume(), 'end');
    expect(res.headers.trailer).toBe('x-sum');
    expect(res.trailers).toEqual({ 'x-sum': '42' });
  });

  it('answers HEAD, 204 and 304 without a body and keeps the connection in step', async () => {
    await start({
      monolith: (req, res) => {
        const status = { '/204': 204, '/304': 304 }[req.url ?? ''] ?? 200;
        if (status === 200) res.setHeader('content-length', 5);
        res.writeHead(status).end(status === 200 ? 'hello' : undefined);
      },
    });
    const line = (method: string, path: string, more = '') =>
      `${method} ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
    const answers = await exchangeRaw(
      bed.proxy.url,
      line('HEAD', '/a') +
        line('GET', '/204') +
        line('GET', '/304') +
        line('GET', '/a', 'Connection: close\r\n'),
    );
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(
      ['200', '204', '304', '200'].map((code) => `HTTP/1.1 ${code}`),
    );
    expect(answers.match(/hello/g)).toHaveLength(1);
    expect(answers.endsWith('hello')).toBe(true);
  });
});

describe('a WebSocket', () => {
  const HANDSHAKE =
    'GET /api/products/live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n';

  const requests = () => bed.proxy.stats().migrations['catalog']?.service.requests;
  const acceptUpgrades = (): void =>
    void bed.service.server.on('upgrade', (req: IncomingMessage, socket: Socket) => {
      const accept = createHash('sha1')
        .update(`${req.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
      const by = `X-For: ${String(req.headers['x-forwarded-for'])}\r\n`;
      const head = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${by}`;
      socket.write(`${head}Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
      socket.on('data', (chunk: Buffer) => socket.write(`echo ${chunk.toString()}`));
      socket.on('error', () => undefined);
    });

  it('goes to the decided side, both ways', async () => {
    await start({ feed: new FakeFeed(standing({ stage: 'extracted', owner: 'service' })) });
    acceptUpgrades();
    const socket = await openSocket(bed.proxy.url);
    socket.write(HANDSHAKE);
    const head = await readUntil(socket, /\r\n\r\n/);
    expect(head).toMatch(/^HTTP\/1\.1 101 /);
    expect(head).toMatch(/Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
    expect(head).toMatch(/x-for: 127\.0\.0\.1/i);
    socket.write('hello');
    expect(await readUntil(socket, /hello/)).toBe('echo hello');
    socket.destroy();
    // Its upstream keeps its half open; the proxy must not.
    await until(() => requests() === 1);
  });

  it('is a 502 when its side cannot be reached, and a plain answer when its side declines', async () => {
    await start({ feed: new FakeFeed(standing({})) });
    expect(await exchangeRaw(bed.proxy.url, HANDSHAKE)).toMatch(/^HTTP\/1\.1 200 OK[^]*"side":"monolith"/);
    await bed.monolith.stop();
    const answer = await exchangeRaw(bed.proxy.url, HANDSHAKE);
    expect(answer).toMatch(
      /^HTTP\/1\.1 502 [^]*application\/problem\+json[^]*The monolith cannot be reached/,
    );
  });

  it('is refused when its target is', async () => {
    await start();
    const answer = await exchangeRaw(bed.proxy.url, HANDSHAKE.replace('/live', '/%2e%2e/live'));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('is no reason to refuse a client that merely offers HTTP/2', async () => {
    await start();
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
    const reply = await send(bed.proxy.url, 'POST', '/api/products/1', { headers, body: 'hello' });
    expect(reply.json()).toMatchObject({ method: 'POST', bytes: 5 });
  });
});

describe('closing the proxy', () => {
  it('lets running requests end, tells their clients to leave, and takes no new ones', async () => {
    let running: ServerResponse | undefined;
    await start({ monolith: (_req, res) => void (running = res) });
    const answer = send(bed.proxy.url, 'GET', '/a', { headers: { connection: 'keep-alive' } });
    await bed.monolith.hasBegun(1);
    const closed = bed.proxy.close();
    running?.end('done');
    expect((await answer).headers.connection).toBe('close');
    await closed;
    await expect(send(bed.proxy.url, 'GET', '/a')).rejects.toThrow(/ECONNREFUSED/);
  });
});
