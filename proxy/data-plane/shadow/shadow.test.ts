import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  FakeFeed,
  IS_FAST,
  send,
  standing,
  startBed,
  type Bed,
  type BedOptions,
  type Handler,
  until,
} from '../testing/bed.ts';

let bed: Bed;
let sent = 0;
afterEach(() => bed.stop());

const start = async (options: BedOptions = {}): Promise<void> => {
  sent = 0;
  bed = await startBed({
    feed: new FakeFeed(standing({ stage: 'shadow' })),
    ...options,
    shadow: { sample: 100, settleSeconds: 0.1, ...(options.shadow as object) },
  });
};
const says =
  (value: unknown): Handler =>
  (_req, res) =>
    void res.setHeader('content-type', 'application/json').end(JSON.stringify(value));
const ask = (method: string, target: string, headers = {}) => {
  sent += 1;
  return send(bed.proxy.url, method, target, { headers });
};
const get = (target = '/api/products/1', headers = {}) => ask('GET', target, headers);
const found = async () => {
  await sampled();
  await bed.proxy.shadowSettled();
  return bed.proxy.stats().migrations['catalog']?.shadow ?? null;
};

/** A sample is taken once the request has been counted, which the client may see a moment too early. */
async function sampled(): Promise<void> {
  await until(() => {
    const { migrations, unmatched } = bed.proxy.stats();
    return (migrations['catalog']?.monolith.requests ?? 0) + unmatched.requests === sent;
  });
}

describe('comparing reads in the shadow', () => {
  it('agrees when both sides mean the same', async () => {
    await start({ monolith: says({ a: 1, b: 2 }), service: says({ b: 2, a: 1 }) });
    expect((await get()).text).toBe('{"a":1,"b":2}');
    expect(await found()).toMatchObject({ compared: 1, agreed: 1, differed: 0, examples: [] });
  });

  it('begins anew when the stage is entered again: an old fault does not count for ever', async () => {
    const feed = new FakeFeed(standing({ stage: 'shadow', shadowSince: '2026-01-01T00:00:00.000Z' }));
    await start({ feed, monolith: says({ price: 10 }), service: says({ price: 11 }) });
    await get();
    expect(await found()).toMatchObject({ differed: 1 });
    feed.change('catalog', { shadowSince: '2026-01-02T00:00:00.000Z' });
    expect(bed.proxy.stats().migrations['catalog']?.shadow).toBeNull();
  });

  it('leaves out at once what is ordered to be ignored, beside what the file ignores, and compares it again when told', async () => {
    const feed = new FakeFeed(standing({ stage: 'shadow', shadowSince: '2026-01-01T00:00:00.000Z' }));
    await start({
      ...{ feed, monolith: says({ at: 1, price: 10, tax: 1 }), service: says({ at: 2, price: 11, tax: 1 }) },
      shadow: { ignore: [{ path: '$.at', reason: 'a clock' }] },
    });
    await get();
    const before = await found();
    expect(before?.examples).toEqual(['GET /api/products/1 $.price: monolith 10, service 11']);
    feed.change('catalog', { ignored: ['$.price'] });
    expect(bed.proxy.stats().migrations['catalog']?.shadow).toBeNull();
    await get();
    const ignoring = await found();
    expect(ignoring).toMatchObject({ compared: 1, agreed: 1, differed: 0 });
    expect(ignoring?.basis).not.toBe(before?.basis);
    feed.change('catalog', { ignored: [] });
    await get();
    expect(await found()).toMatchObject({ compared: 1, differed: 1, basis: before?.basis });
  });

  it('finds a difference that stays, and says where it is', async () => {
    await start({ monolith: says({ price: 10 }), service: says({ price: 11 }) });
    await get('/api/products/1?q=x');
    expect(await found()).toMatchObject({
      compared: 1,
      agreed: 0,
      differed: 1,
      examples: ['GET /api/products/1?q=x $.price: monolith 10, service 11'],
      operations: { 'GET /api/products/*': { compared: 1, differed: 1 } },
    });
  });

  it('finds a service that fails or is not there', async () => {
    await start({ monolith: says({ a: 1 }), service: (_req, res) => void res.writeHead(500).end() });
    await get();
    expect((await found())?.examples[0]).toMatch(/status: monolith 200, service 500/);
    await bed.service.stop();
    expect((await get()).status).toBe(200);
    expect((await found())?.examples[1]).toMatch(/service no answer \(.*ECONNREFUSED/);
  });

  it('forgives a service that lags and catches up', async () => {
    let asked = 0;
    await start({ monolith: says({ a: 2 }), service: (req, res) => says({ a: (asked += 1) })(req, res) });
    await get();
    expect(await found()).toMatchObject({ agreed: 1, differed: 0 });
    expect(asked).toBe(2);
  });

  it('takes what the monolith says differently each time for noise, and still finds what is not', async () => {
    let tick = 0;
    let price = 10;
    const noisy =
      (own: () => number): Handler =>
      (_req, res) =>
        says({ at: (tick += 1), list: [{ at: tick }], price: own() })(_req, res);
    await start({ monolith: noisy(() => 10), service: noisy(() => price) });
    for (let count = 0; count < 3; count += 1) await get();
    expect(await found()).toMatchObject({ compared: 0, noVerdict: 3 });
    const revision = bed.proxy.shadowRevision();
    expect(revision).toBeGreaterThan(0);
    await get();
    expect(await found()).toMatchObject({ compared: 1, agreed: 1 });
    expect(bed.proxy.shadowRevision()).toBeGreaterThan(revision);
    price = 11;
    await get();
    expect((await found())?.examples).toEqual(['GET /api/products/1 $.price: monolith 10, service 11']);
    expect(bed.proxy.shadowFindings()['catalog']?.operations['GET /api/products/*']).toMatchObject({
      fields: [{ field: '$.price', count: 1 }],
      noise: [
        { field: '$.at', excused: 1 },
        { field: '$.list[*].at', excused: 1 },
      ],
    });
  });

  it('says nothing of a value that was written while it looked, and does not take it for noise', async () => {
    let price = 1;
    let asked = 0;
    await start({
      monolith: (req, res) => {
        // The third time is in the middle of the first sample.
        if ((asked += 1) === 3) price += 1;
        says({ price })(req, res);
      },
      service: says({ price: 0 }),
    });
    await get();
    expect(await found()).toMatchObject({ compared: 0, noVerdict: 1 });
    for (let count = 0; count < 4; count += 1) await get();
    expect(await found()).toMatchObject({ compared: 4, differed: 4, noVerdict: 1 });
  });

  it('gives no verdict when the monolith never says the same text twice', async () => {
    let tick = 0;
    await start({
      monolith: (_req, res) => void res.end(`<p>${(tick += 1)}</p>`),
      service: (_req, res) => void res.end(''),
    });
    await get();
    expect(await found()).toMatchObject({ compared: 0, noVerdict: 1 });
  });

  it('leaves out the fields that the configuration names', async () => {
    const ignore = [{ path: '$..servedBy', reason: 'each side names itself' }];
    await start({ monolith: says({ servedBy: 'm' }), service: says({ servedBy: 's' }), shadow: { ignore } });
    await get();
    expect(await found()).toMatchObject({ agreed: 1 });
  });

  it('begins anew when the rules change, and not when something else does', async () => {
    await start({ monolith: says({ id: 1, price: 10 }), service: says({ id: 1, price: 11 }) });
    const { catalog } = bed.config.migrations;
    const reconfigure = (shadow: object) =>
      bed.proxy.reconfigure({
        ...bed.config,
        migrations: { catalog: { ...catalog!, shadow: { ...catalog!.shadow, ...shadow } } },
      });
    await get();
    expect(await found()).toMatchObject({ differed: 1 });
    const [before, revision] = [
      bed.proxy.stats().migrations['catalog']?.shadow?.basis,
      bed.proxy.shadowRevision(),
    ];
    reconfigure({ maxPending: 7, settleSeconds: 0.2 });
    await get();
    expect(await found()).toMatchObject({ differed: 2, basis: before });
    reconfigure({ mask: ['price'] });
    expect(await found()).toBeNull();
    await get();
    expect((await found())?.examples).toEqual(['GET /api/products/1 $.price: monolith ***, service ***']);
    reconfigure({ ignore: [{ path: '$.price', reason: 'the service is right' }] });
    expect(await found()).toBeNull();
    expect(bed.proxy.shadowRevision()).toBeGreaterThan(revision);
    await get();
    expect(await found()).toMatchObject({ compared: 1, agreed: 1 });
    expect((await found())?.basis).not.toBe(before);
    reconfigure({ sample: 0 });
    await get();
    expect(bed.service.begun).toBeGreaterThan(0);
  });

  it('compares also who may not read, where a read leads, and the headers that are named', async () => {
    let status = 403;
    const answers =
      (headers: Record<string, string>, own?: number): Handler =>
      (_req, res) =>
        void res.writeHead(own ?? status, headers).end();
    await start({
      monolith: answers({ location: '/a', 'cache-control': 'no-store' }),
      service: (req, res) =>
        answers({ location: '/b', 'cache-control': 'no-store' }, status === 403 ? 200 : status)(req, res),
      shadow: { headers: ['location', 'cache-control'] },
    });
    await get();
    expect((await found())?.examples).toEqual(['GET /api/products/1 status: monolith 403, service 200']);
    status = 301;
    await get();
    expect((await found())?.examples[1]).toBe('GET /api/products/1 header location: monolith /a, service /b');
    status = 429;
    await get();
    expect(await found()).toMatchObject({ compared: 2 });
  });

  it('reads what a side encodes although it was asked not to', async () => {
    const body = JSON.stringify({ a: 1 });
    await start({
      monolith: says({ a: 1 }),
      service: (_req, res) =>
        void res
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(gzipSync(body)),
      shadow: { maxBodyBytes: 1000 },
    });
    await get();
    expect(await found()).toMatchObject({ agreed: 1 });
    await bed.stop();
    await start({
      monolith: says({ a: 1 }),
      service: (_req, res) =>
        void res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(100_000))),
      shadow: { maxBodyBytes: 1000 },
    });
    await get();
    expect(await found()).toMatchObject({ compared: 0, tooBig: 1 });
  });

  it('compares what agrees while differences are still waited for', async () => {
    await start({
      monolith: says({ a: 1 }),
      service: (req, res) => says({ a: req.url?.endsWith('/bad') ? 2 : 1 })(req, res),
      shadow: { settleSeconds: 60 },
    });
    for (let count = 0; count < 10; count += 1) await get('/api/products/bad');
    await get('/api/products/good');
    await until(() => bed.proxy.stats().migrations['catalog']?.shadow?.agreed === 1);
    expect(bed.proxy.stats().migrations['catalog']?.shadow).toMatchObject({ compared: 1, differed: 0 });
  });

  it('keeps no secret of the requests that it shows', async () => {
    await start({ monolith: says({ token: 'abc' }), service: says({ token: 'def' }) });
    await get('/api/products/1?access_token=abc', { authorization: 'Bearer abc' });
    expect(await found()).toMatchObject({ differed: 1 });
    const kept = JSON.stringify([await found(), bed.proxy.shadowFindings()]);
    expect(kept).toContain('/api/products/1?access_token=***');
    expect(kept).not.toMatch(/abc|def/);
  });

  it('never delays or fails the client, not even when the service hangs', async () => {
    const hanging: ServerResponse[] = [];
    await start({
      monolith: says({ a: 1 }),
      service: (_req, res) => void hanging.push(res),
      shadow: { sample: 100, maxPending: 3 },
    });
    for (let count = 0; count < 10; count += 1) expect((await get()).status).toBe(200);
    await sampled();
    expect(bed.proxy.stats().migrations['catalog']?.shadow).toMatchObject({ compared: 0, dropped: 7 });
    // The client's requests, and at most the bounded number of samples.
    expect(bed.monolith.begun).toBeLessThanOrEqual(10 + 3);
    for (const res of hanging) res.destroy();
  });

  it('mirrors neither writes, nor parts, nor what is not a GET, nor what other stages read', async () => {
    await start({ routes: ['* /api/products/*', { method: 'GET', path: '/api/buy', as: 'writes' }] });
    await ask('POST', '/api/products/1');
    await ask('HEAD', '/api/products/1');
    await get('/api/buy');
    await get('/api/products/1', { range: 'bytes=0-1' });
    await get('/elsewhere');
    bed.feed.change('catalog', { stage: 'dual-write' });
    await get();
    expect(await found()).toBeNull();
    expect(bed.service.begun).toBe(0);
  });

  it('asks the monolith no more often than it must: what the client was told stands for its answer where it is at hand', async () => {
    await start({ monolith: says({ a: 1 }), service: says({ a: 1 }) });
    await get();
    expect(await found()).toMatchObject({ agreed: 1 });
    expect(bed.monolith.begun).toBe(IS_FAST ? 1 : 2);
    expect(bed.service.begun).toBe(1);
  });

  it('asks both sides the same before a difference counts, whatever the client was told', async () => {
    let told = 0;
    await start({
      monolith: (req, res) => says({ price: (told += 1) === 1 ? 9 : 10 })(req, res),
      service: says({ price: 10 }),
    });
    await get();
    expect(await found()).toMatchObject({ agreed: 1, differed: 0 });
  });

  it('takes nothing for noise that only depends on the encoding that the client wanted', async () => {
    const tagged =
      (tag: (req: IncomingMessage) => string): Handler =>
      (req, res) =>
        void res.writeHead(200, { etag: tag(req) }).end('same');
    await start({
      monolith: tagged((req) => (req.headers['accept-encoding'] === 'gzip' ? 'W/"mono"' : '"mono"')),
      service: tagged(() => '"svc"'),
      shadow: { headers: ['etag'] },
    });
    for (let count = 0; count < 6; count += 1) await get('/api/products/1', { 'accept-encoding': 'gzip' });
    expect(await found()).toMatchObject({ differed: 6, agreed: 0, noVerdict: 0 });
  });

  it('finds a difference behind an encoding that it cannot read', async () => {
    await start({
      monolith: (req, res) => {
        const isPacked = req.headers['accept-encoding'] === 'zstd';
        res.writeHead(200, isPacked ? { 'content-encoding': 'zstd' } : {}).end(isPacked ? 'P' : 'a page');
      },
      service: (_req, res) => void res.end('another page'),
    });
    for (let count = 0; count < 4; count += 1) await get('/api/products/1', { 'accept-encoding': 'zstd' });
    expect(await found()).toMatchObject({ differed: 4, noVerdict: 0 });
  });

  it('counts a body above the limit and does not compare it', async () => {
    await start({ monolith: says('x'.repeat(2000)), service: says('y'), shadow: { maxBodyBytes: 1000 } });
    await get();
    expect(await found()).toMatchObject({ compared: 0, tooBig: 1 });
  });

  it('asks with the credentials of the client, and without its conditions', async () => {
    const seen: IncomingMessage[] = [];
    await start({
      monolith: says({ a: 1 }),
      service: (req, res) => {
        seen.push(req);
        says({ a: 1 })(req, res);
      },
    });
    await get('/api/products/1', {
      cookie: 's=1',
      authorization: 'Bearer t',
      'if-none-match': '"x"',
      connection: 'x-a',
      'x-a': '1',
    });
    expect(await found()).toMatchObject({ agreed: 1 });
    expect(seen[0]?.headers).toMatchObject({
      cookie: 's=1',
      authorization: 'Bearer t',
      'accept-encoding': 'identity',
    });
    expect(seen[0]?.headers).not.toHaveProperty('if-none-match');
    expect(seen[0]?.headers).not.toHaveProperty('x-a');
  });
});
