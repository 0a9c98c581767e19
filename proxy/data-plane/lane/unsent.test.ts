import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { exchangeRaw, openSocket, startBed, until } from '../testing/bed.ts';
import type { Bed, Handler } from '../testing/bed.ts';

let bed: Bed;
afterEach(() => bed.stop());

const running = (): [number, number] => {
  const { migrations, upstreams } = bed.proxy.stats();
  return [migrations['catalog']?.runningWrites ?? NaN, upstreams.monolith.running];
};
const request = (line: string, rest = '\r\n'): string => `${line} HTTP/1.1\r\nHost: a\r\n${rest}`;

describe('requests behind one another on a connection that ends', () => {
  it('end with it, though their answers wait behind one that ends the connection', async () => {
    // Where the whole body came before it was counted, the connection goes on, and ends when nothing more comes.
    bed = await startBed({ proxy: { clients: { maxBodyBytes: 500, keepAliveMs: 200 } } });
    const socket = await openSocket(bed.proxy.url);
    socket.on('error', () => undefined).resume();
    const closed = once(socket, 'close');
    const tooLong = `Transfer-Encoding: chunked\r\n\r\n258\r\n${'x'.repeat(600)}\r\n0\r\n\r\n`;
    socket.write(
      request('GET /api/products/1') +
        request('POST /api/products/1', tooLong) +
        request('PUT /api/products/2', 'Content-Length: 0\r\n\r\n') +
        request('GET /api/products/3'),
    );
    await closed;
    await until(() => running().every((count) => count === 0));
    expect(bed.feed.acknowledged).toEqual([1]);
    const held = bed.feed.change('catalog', { stage: 'shadow', holdWrites: true });
    expect(bed.feed.acknowledged).toContain(held);
  });

  it.each([
    ['a WebSocket is asked for', 'GET /api/products/3', 'Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['a tunnel is asked for', 'CONNECT a:1', '\r\n'],
  ])('end with it when %s behind an answer that is still to come', async (_what, line, rest) => {
    // The first is never answered, the second at once: it has to wait for the first.
    const monolith: Handler = (req, res) => void (req.url?.endsWith('1') || res.end('ok'));
    bed = await startBed({ monolith });
    const socket = await openSocket(bed.proxy.url);
    socket.on('error', () => undefined).resume();
    const closed = once(socket, 'close');
    socket.write(request('DELETE /api/products/1') + request('DELETE /api/products/2'));
    await bed.monolith.hasBegun(2);
    socket.write(request(line, rest));
    await closed;
    await until(() => running().every((count) => count === 0));
  });
});

describe('a WebSocket that is declined', () => {
  it('is declined with the whole answer, however long it is', async () => {
    const page = 'y'.repeat(1_000_000);
    bed = await startBed({ monolith: (_req, res) => void res.end(page) });
    bed.monolith.server.on('upgrade', (_req, socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${page.length}\r\nConnection: close\r\n\r\n${page}`);
    });
    const handshake =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n';
    const answer = await exchangeRaw(bed.proxy.url, request('GET /api/products/1', handshake));
    expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBe(page.length);
  });
});
