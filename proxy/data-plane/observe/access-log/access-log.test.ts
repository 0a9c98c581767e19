import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Standing } from '../../standing.ts';
import { FakeFeed, openSocket, send, standing, startBed, until } from '../../testing/bed.ts';
import type { Bed, BedOptions } from '../../testing/bed.ts';

let bed: Bed;
let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strangler-log-'));
  file = join(folder, 'logs', 'access.log');
});
afterEach(async () => {
  await bed.stop();
  await rm(folder, { recursive: true });
});

type Line = Record<string, unknown>;

const start = async (accessLog: object = {}, options: BedOptions = {}): Promise<void> => {
  bed = await startBed({
    ...options,
    proxy: { ...(options.proxy ?? {}), accessLog: { to: file, ...accessLog } },
  });
};
const at = (part: Partial<Standing>): BedOptions => ({ feed: new FakeFeed(standing(part)) });
const get = (target = '/api/products/1', headers = {}) => send(bed.proxy.url, 'GET', target, { headers });
const post = (target = '/api/products/1') => send(bed.proxy.url, 'POST', target, { body: 'x' });
const linesIn = async (path: string): Promise<Line[]> => {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
};

/** Waits for this many lines; they are written in the background. */
async function lines(count: number): Promise<Line[]> {
  await until(async () => (await linesIn(file)).length >= count);
  return linesIn(file);
}

describe('a line of the access log', () => {
  it('says who asked for what, who answered, why, and how long it took', async () => {
    await start({}, at({ stage: 'extracted', owner: 'service', epoch: 4 }));
    const reply = await get('/api/products/7?token=hunter2', { 'x-request-id': 'r-1' });
    const [line] = await lines(1);
    expect(line).toMatchObject({
      level: 'info',
      msg: 'answered',
      requestId: 'r-1',
      traceId: null,
      client: '127.0.0.1',
      method: 'GET',
      path: '/api/products/7',
      route: '/api/products/*',
      migration: 'catalog',
      kind: 'reads',
      stage: 'extracted',
      arm: 'service',
      reason: 'extracted',
      epoch: 4,
      seq: 1,
      status: 200,
      fellBack: false,
      heldMs: null,
      requestBytes: 0,
      answerBytes: reply.body.length,
      tried: [new URL(bed.service.url).host],
    });
    expect(Date.parse(String(line?.['time']))).toBeGreaterThan(Date.now() - 60_000);
    expect(line?.['firstByteMs']).toBeGreaterThan(0);
    expect(line?.['durationMs']).toBeGreaterThanOrEqual(line?.['firstByteMs'] as number);
    expect(JSON.stringify(line)).not.toMatch(/hunter2|query|headers/);
  });

  it.each([
    [{ stage: 'legacy' }, 'GET', 'monolith', 'legacy'],
    [{ stage: 'dual-write' }, 'GET', 'monolith', 'dual-write'],
    [{ stage: 'shadow' }, 'POST', 'monolith', 'owner'],
    [{ stage: 'canary', weight: 100 }, 'GET', 'service', 'canary'],
    [{ stage: 'extracted', owner: 'service' }, 'POST', 'service', 'owner'],
    [{ stage: 'retired', owner: 'service' }, 'GET', 'service', 'retired'],
  ] as const)('holds the decision at %j of a %s: %s, "%s"', async (part, method, arm, reason) => {
    await start({}, { ...at(part), shadow: { sample: 0 } });
    await send(bed.proxy.url, method, '/api/products/1');
    expect((await lines(1))[0]).toMatchObject({ stage: part.stage, arm, reason, migration: 'catalog' });
  });

  it('says that no route claims a request', async () => {
    await start();
    await get('/about');
    const [line] = await lines(1);
    expect(line).toMatchObject({
      path: '/about',
      migration: null,
      stage: null,
      route: null,
      reason: 'no route',
    });
  });

  it('says how long a write was held, and in which epoch it went where', async () => {
    await start({}, at({ stage: 'canary', holdWrites: true, epoch: 1 }));
    const answer = post();
    await until(() => bed.proxy.stats().migrations['catalog']?.waitingWrites === 1);
    bed.feed.change('catalog', { stage: 'extracted', owner: 'service', holdWrites: false, epoch: 2 });
    await answer;
    const [line] = await lines(1);
    expect(line).toMatchObject({ kind: 'writes', arm: 'service', stage: 'extracted', epoch: 2, status: 200 });
    expect(line?.['heldMs']).toBeGreaterThan(0);
  });

  it('says that a write was refused and which failure a side is to blame for', async () => {
    await start({}, { ...at({ stage: 'canary', holdWrites: true }), proxy: { hold: { capMs: 20 } } });
    await post();
    await bed.monolith.stop();
    await send(bed.proxy.url, 'PATCH', '/unclaimed', { body: 'x' });
    const [refused, failed] = await lines(2);
    expect(refused).toMatchObject({
      level: 'error',
      status: 503,
      refused: 'The write could not wait any longer',
    });
    expect(refused?.['tried']).toEqual([]);
    expect(failed).toMatchObject({ level: 'error', msg: 'failed', status: 502, arm: 'monolith' });
    expect(failed?.['tried']).toHaveLength(1);
  });

  it('says that a client left before it had its answer', async () => {
    await start({}, { monolith: (req) => void req.resume() });
    const socket = await openSocket(bed.proxy.url);
    socket.write('GET /api/products/1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await bed.monolith.hasBegun(1);
    socket.destroy();
    expect((await lines(1))[0]).toMatchObject({ level: 'info', status: 0, firstByteMs: null });
  });

  it('stays one line, whatever a client sends', async () => {
    await start({ query: true, headers: ['X-Name'] });
    await get('/api/products/1%0a%22?q=%0d%0a{"level":"fake"}', { 'x-name': 'a"b\tc' });
    const found = await lines(1);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ path: '/api/products/1%0a%22', headers: { 'x-name': 'a"b\tc' } });
  });

  it('names the trace of a caller also when the proxy itself does not trace', async () => {
    await start();
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    await get('/api/products/1', { traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    await get('/api/products/1', { traceparent: 'nonsense' });
    expect((await lines(2)).map((line) => line['traceId'])).toEqual([traceId, null]);
  });
});

describe('what the access log keeps to itself', () => {
  it('hides secrets in the headers and parameters that it is told to write', async () => {
    await start({ query: true, headers: ['Authorization', 'Cookie', 'X-Api-Key', 'User-Agent', 'Accept'] });
    const headers = {
      authorization: 'Bearer hunter1',
      cookie: 'id=hunter2',
      'x-api-key': 'hunter3',
      'user-agent': 'test',
    };
    await get('/api/products/1?page=2&access_token=hunter4&%74oken=hunter5&Password=hunter6&a', headers);
    const [line] = await lines(1);
    expect(JSON.stringify(line)).not.toContain('hunter');
    expect(line?.['query']).toBe('?page=2&access_token=[redacted]&%74oken=[redacted]&Password=[redacted]&a');
    expect(line?.['headers']).toEqual({
      authorization: '[redacted]',
      cookie: '[redacted]',
      'x-api-key': '[redacted]',
      'user-agent': 'test',
    });
  });

  it('leaves out requests that went well as it is told, and never a failure or a held write', async () => {
    await start(
      { sample: 0 },
      { monolith: (req, res) => void res.writeHead(req.url === '/bad' ? 500 : 200).end() },
    );
    for (let count = 0; count < 20; count += 1) await get();
    await get('/bad');
    bed.feed.change('catalog', { stage: 'canary', holdWrites: true });
    const answer = post();
    await until(() => bed.proxy.stats().migrations['catalog']?.waitingWrites === 1);
    bed.feed.change('catalog', { holdWrites: false });
    await answer;
    await bed.proxy.close(0);
    expect((await linesIn(file)).map(({ status, kind }) => [status, kind])).toEqual([
      [500, null],
      [200, 'writes'],
    ]);
  });

  it('is everything, unless it is configured', async () => {
    bed = await startBed();
    await get();
    await bed.proxy.close(0);
    expect(await linesIn(file)).toEqual([]);
  });
});

describe('the file of the access log', () => {
  it('is whole once the proxy is closed', async () => {
    await start();
    await Promise.all(Array.from({ length: 50 }, () => get()));
    await bed.proxy.close();
    expect(await linesIn(file)).toHaveLength(50);
  });

  it('begins anew when it was moved away, and no line is lost', async () => {
    await start();
    await get('/first');
    await lines(1);
    await rename(file, `${file}.1`);
    await until(() => existsSync(file));
    await get('/second');
    expect((await lines(1)).map(({ path }) => path)).toEqual(['/second']);
    expect((await linesIn(`${file}.1`)).map(({ path }) => path)).toEqual(['/first']);
  });

  it('changes with the configuration', async () => {
    await start();
    await get('/first');
    const other = join(folder, 'other.log');
    const proxy = { ...bed.config.proxy, accessLog: { ...bed.config.proxy.accessLog, to: other } };
    bed.proxy.reconfigure({ ...bed.config, proxy: proxy as typeof bed.config.proxy });
    await get('/second');
    await bed.proxy.close();
    expect((await linesIn(file)).map(({ path }) => path)).toEqual(['/first']);
    expect((await linesIn(other)).map(({ path }) => path)).toEqual(['/second']);
  });

  it('that cannot be opened is said once and costs no request its answer', async () => {
    const said: object[] = [];
    const silent = () => undefined;
    const logger = {
      debug: silent,
      info: silent,
      warn: (fields: object) => void said.push(fields),
      error: silent,
    };
    await start({ to: folder }, { logger });
    for (let count = 0; count < 3; count += 1) expect((await get()).status).toBe(200);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({ to: folder, why: expect.stringContaining('EISDIR') });
  });
});
