import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  closeOf,
  openSocket,
  readUntil,
  send,
  startBed,
  until,
  type Bed,
  type BedOptions,
} from '../testing/bed.ts';
import { RawUpstream, statusesOf, useAsMonolith } from '../testing/raw-http.ts';

let bed: Bed;
const raw: RawUpstream[] = [];
afterEach(async () => {
  await bed.stop();
  await Promise.all(raw.splice(0).map((each) => each.stop()));
});

const start = async (options: Omit<BedOptions, 'proxy'> & { clients?: object } = {}): Promise<void> => {
  bed = await startBed({ ...options, proxy: { fastLane: true, clients: options.clients ?? {} } });
};
const MARKED = 'X-Case: kept\r\n';
const get = (path: string, lines = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${MARKED}${lines}\r\n`;
/** The general lane writes names in lower case, the fast one as they came. */
const lanes = () =>
  bed.monolith.received.map(({ rawHeaders }) => (rawHeaders.includes('X-Case') ? 'fast' : 'general'));

async function ask(socket: Socket, bytes: string): Promise<string> {
  const answer = readUntil(socket, /\}(\r\n0\r\n\r\n)?$/);
  socket.write(bytes);
  return answer;
}

describe('the fast lane', () => {
  it('carries what is plain, and hands the connection over with the first request that is not', async () => {
    await start();
    const socket = await openSocket(bed.proxy.url);
    await ask(socket, get('/1'));
    await ask(socket, `POST /2 HTTP/1.1\r\nHost: a\r\n${MARKED}Content-Length: 5\r\n\r\nhello`);
    await ask(
      socket,
      `POST /3 HTTP/1.1\r\nHost: a\r\n${MARKED}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    );
    await ask(socket, get('/4'));
    expect(lanes()).toEqual(['fast', 'fast', 'general', 'general']);
    expect(bed.monolith.received.map(({ url, body }) => url + body.toString())).toEqual([
      '/1',
      '/2hello',
      '/3hello',
      '/4',
    ]);
    socket.destroy();
  });

  it('is off unless it is asked for, and lets go of open connections when it is turned off', async () => {
    bed = await startBed({ proxy: { fastLane: false } });
    const before = await openSocket(bed.proxy.url);
    await ask(before, get('/1'));
    const turned = (fastLane: boolean) =>
      bed.proxy.reconfigure({ ...bed.config, proxy: { ...bed.config.proxy, fastLane } });
    turned(true);
    const after = await openSocket(bed.proxy.url);
    await ask(after, get('/2'));
    turned(false);
    await ask(after, get('/3'));
    expect(lanes()).toEqual(['general', 'fast', 'general']);
    before.destroy();
    after.destroy();
  });

  it('waits for the rest of a head that comes in pieces, wherever it is cut', async () => {
    await start();
    const bytes = get('/a');
    const socket = await openSocket(bed.proxy.url);
    for (let at = 1; at < bytes.length; at += 7) {
      socket.write(bytes.slice(0, at));
      await new Promise((resolve) => setImmediate(resolve));
      expect(statusesOf(await ask(socket, bytes.slice(at)))).toEqual([200]);
    }
    socket.destroy();
    expect(new Set(lanes())).toEqual(new Set(['fast']));
  });

  it('leaves a head whose rest does not come to the general lane', async () => {
    await start({ clients: { headersMs: 100 } });
    const socket = await openSocket(bed.proxy.url);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n');
    expect(await readUntil(socket, /\}$/)).toMatch(/^HTTP\/1\.1 408 /);
    socket.destroy();
  });

  it('answers in order a client that does not wait for the answer before its next request', async () => {
    const waiting: ServerResponse[] = [];
    await start({ monolith: (_req, res) => void waiting.push(res) });
    const socket = await openSocket(bed.proxy.url);
    socket.write(get('/1'));
    await bed.monolith.hasBegun(1);
    socket.write(get('/2') + get('/3', 'Connection: close\r\n'));
    const answers = readUntil(socket, /three/);
    for (const text of ['one', 'two', 'three']) {
      await until(() => waiting.length > 0);
      waiting.shift()?.end(text);
    }
    expect(await answers).toMatch(/^[^]*one[^]*two[^]*three/);
    await closeOf(socket.resume());
  });

  it('sends one request after the other over one connection to the upstream', async () => {
    const used = new Set<Socket>();
    await start({ monolith: (req, res) => void (used.add(req.socket), res.end('{}')) });
    for (let round = 0; round < 5; round += 1) await send(bed.proxy.url, 'GET', '/a');
    expect(used.size).toBe(1);
  });

  it('ends a connection over which more came than was asked for, before anybody takes it for an answer', async () => {
    await start();
    const forged = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged';
    const upstream = await new RawUpstream((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
    }).start();
    raw.push(upstream);
    useAsMonolith(bed, upstream.url);
    const startedAt = performance.now();
    for (let round = 0; round < 5; round += 1) {
      const { text } = await send(bed.proxy.url, 'GET', '/a');
      expect(text).toBe('{}');
      const connection = upstream.connections.at(-1);
      connection?.write(forged);
      await until(() => connection?.destroyed === true);
    }
    expect(upstream.connections).toHaveLength(5);
    // Of themselves they would have been kept for four seconds each.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('does not use a connection again over which an answer came with the beginning of another one', async () => {
    await start();
    const upstream = await new RawUpstream((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n');
      socket.once('data', () => socket.write('\r\nforged'));
    }).start();
    raw.push(upstream);
    useAsMonolith(bed, upstream.url);
    for (let round = 0; round < 3; round += 1)
      expect((await send(bed.proxy.url, 'GET', '/a')).text).toBe('{}');
    expect(upstream.connections).toHaveLength(3);
  });

  it('passes large bodies on whole, in both directions at once', async () => {
    const body = Buffer.alloc(3_000_000, 'abcdefghij');
    await start({ monolith: (req: IncomingMessage, res: ServerResponse) => void req.pipe(res) });
    const replies = await Promise.all(
      Array.from({ length: 5 }, () => send(bed.proxy.url, 'POST', '/a', { body })),
    );
    for (const reply of replies) expect(reply.body.equals(body)).toBe(true);
  });

  it('passes on to a slow client exactly what came, in pieces that are neither small nor large', async () => {
    // No two places in it hold the same.
    const body = Buffer.from(Uint32Array.from({ length: 3_000_000 }, (_, at) => at).buffer);
    let isWritten = false;
    const writeOn = (res: ServerResponse, at: number): void => {
      res.write(body.subarray(at, at + 20_000));
      if (at + 20_000 < body.length) return void setImmediate(() => writeOn(res, at + 20_000));
      res.end();
      isWritten = true;
    };
    await start({
      monolith: (_req, res) => writeOn(res.writeHead(200, { 'content-length': body.length }), 0),
    });
    const socket = await openSocket(bed.proxy.url);
    socket.pause();
    socket.write(get('/big', 'Connection: close\r\n'));
    await until(() => isWritten);
    const came: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => came.push(chunk)).resume();
    await once(socket, 'close');
    const all = Buffer.concat(came);
    expect(all.subarray(all.indexOf('\r\n\r\n') + 4).equals(body)).toBe(true);
  });
});
