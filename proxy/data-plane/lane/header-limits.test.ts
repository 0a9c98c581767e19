import { afterEach, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { exchangeRaw, send, startBed, type Bed, type BedOptions } from '../testing/bed.ts';
import { RawUpstream, useAsMonolith } from '../testing/raw-http.ts';

let bed: Bed;
afterEach(() => bed.stop());

const start = async (clients: object = {}, options: BedOptions = {}): Promise<void> => {
  bed = await startBed({ ...options, proxy: { clients } });
};
const get = (target: string, lines = '') =>
  exchangeRaw(bed.proxy.url, `GET ${target} HTTP/1.1\r\nHost: a\r\n${lines}Connection: close\r\n\r\n`);

describe('a request that is too large', () => {
  it('is a 414 when its target is', async () => {
    await start({ maxTargetBytes: 100 });
    expect(await get(`/${'a'.repeat(99)}`)).toMatch(/^HTTP\/1\.1 200 /);
    const answer = await get(`/${'a'.repeat(100)}`);
    expect(answer).toMatch(/^HTTP\/1\.1 414 [^]*limit of 100[^]*proxy\.clients\.maxTargetBytes/);
    expect(bed.monolith.begun).toBe(1);
  });

  it('is a 431 when its head is', async () => {
    await start({ maxHeaderBytes: 2048 });
    expect(await get('/a', `X-A: ${'a'.repeat(1500)}\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
    const answer = await get('/a', `X-A: ${'a'.repeat(100_000)}\r\n`);
    expect(answer).toMatch(
      /^HTTP\/1\.1 431 [^]*problem\+json[^]*2048 bytes \(proxy\.clients\.maxHeaderBytes\)/,
    );
    expect(bed.monolith.begun).toBe(1);
  });

  it('is a 431 when it has too many header lines, never one without those above the limit', async () => {
    await start({ maxHeaders: 10 });
    expect(await get('/a', 'a: b\r\n'.repeat(8))).toMatch(/^HTTP\/1\.1 200 /);
    expect(await get('/a', 'a: b\r\n'.repeat(9))).toMatch(/^HTTP\/1\.1 431 [^]*proxy\.clients\.maxHeaders/);
  });

  it('is a 413 when it announces too long a body, and nothing is sent to any side', async () => {
    await start({ maxBodyBytes: 1000 });
    expect((await send(bed.proxy.url, 'POST', '/a', { body: Buffer.alloc(1000) })).status).toBe(200);
    const reply = await send(bed.proxy.url, 'POST', '/a', { body: Buffer.alloc(1001) });
    expect(reply.json()).toMatchObject({ status: 413, title: 'The request is too large' });
    expect(bed.monolith.begun).toBe(1);
  });

  it('is a 413 when its body grows too long without having announced it', async () => {
    await start({ maxBodyBytes: 1000 });
    const chunks = (count: number) => Readable.from(Array.from({ length: count }, () => Buffer.alloc(500)));
    expect((await send(bed.proxy.url, 'POST', '/a', { body: chunks(2) })).status).toBe(200);
    const reply = await send(bed.proxy.url, 'POST', '/a', { body: chunks(3) });
    expect(reply.status).toBe(413);
    expect(bed.monolith.received).toHaveLength(1);
  });

  it('is measured by the newest configuration', async () => {
    await start({ maxHeaderBytes: 2048, maxTargetBytes: 64 });
    bed.proxy.reconfigure({
      ...bed.config,
      proxy: { ...bed.config.proxy, clients: { ...bed.config.proxy.clients, maxHeaderBytes: 10_000 } },
    });
    expect(await get('/a', `X-A: ${'a'.repeat(5000)}\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('is told so on a connection that answers are still to come on only by closing it', async () => {
    await start({ maxHeaderBytes: 2048 }, { monolith: () => undefined });
    const first = 'GET /first HTTP/1.1\r\nHost: a\r\n\r\n';
    const answer = await exchangeRaw(
      bed.proxy.url,
      `${first}GET /${'a'.repeat(5000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    );
    // A 431 here would be the answer to the first request.
    expect(answer).toBe('');
  });
});

it('gives a 502 for an answer whose head is too large', async () => {
  await start();
  const upstream = await new RawUpstream((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(100_000)}\r\nContent-Length: 0\r\n\r\n`);
  }).start();
  useAsMonolith(bed, upstream.url);
  expect(await get('/a')).toMatch(/^HTTP\/1\.1 502 [^]*HPE_HEADER_OVERFLOW/);
  await upstream.stop();
});
