import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  FakeFeed,
  send,
  sideAt,
  standing,
  startBed,
  until,
  type Bed,
  type BedOptions,
  type Upstream,
} from '../testing/bed.ts';
import { reconfigureService, Replicas, serviceHealth, statesOf } from '../testing/sides.ts';
import type { SideInput } from './schema.ts';

const NO_EJECTION: Partial<SideInput> = { ejection: { enabled: false } };

let bed: Bed;
const replicas = new Replicas();
let a: Upstream;
let b: Upstream;
let urlOfA: string;
let urlOfB: string;

beforeEach(async () => {
  a = await replicas.start('a');
  b = await replicas.start('b');
  [urlOfA, urlOfB] = [a.url, b.url];
});
afterEach(async () => {
  await bed.stop();
  await replicas.stop();
});

/** A service that has been extracted, at the addresses `a` and `b`. */
const start = async (part: Partial<SideInput> = {}, options: BedOptions = {}): Promise<void> => {
  bed = await startBed({
    feed: new FakeFeed(standing({ stage: 'extracted', owner: 'service' })),
    ...options,
  });
  reconfigureService(bed, sideAt([a.url, b.url], part));
};
const portOf = (url: string): number => Number(new URL(url).port);
const call = (method = 'GET', body?: string) =>
  send(bed.proxy.url, method, '/api/products/1', body === undefined ? {} : { body });

/** Sends one request after the other and gives their statuses, each once. */
const statuses = async (times: number, method = 'GET', body?: string): Promise<number[]> => {
  const seen = new Set<number>();
  for (let at = 0; at < times; at += 1) seen.add((await call(method, body)).status);
  return [...seen].sort();
};

describe('an address that dies', () => {
  it('costs no GET, is taken out, and is brought back when it listens again', async () => {
    await start({ ejection: { baseMs: 1500 } });
    expect(await statuses(20)).toEqual([200]);
    expect([a.begun > 0, b.begun > 0]).toEqual([true, true]);
    await a.stop();
    await until(async () => {
      expect((await call()).status).toBe(200);
      return statesOf(bed)[0] === 'ejected';
    });
    expect(serviceHealth(bed)).toMatchObject({
      addresses: [{ lastError: 'ECONNREFUSED' }, { lastError: null }],
    });
    expect(serviceHealth(bed).retried).toBeGreaterThanOrEqual(3);
    // It is out: a write does not meet it any more.
    expect(await statuses(5, 'POST', 'x')).toEqual([200]);
    await a.start(portOf(urlOfA));
    const begun = a.begun;
    await until(async () => {
      expect((await call()).status).toBe(200);
      return a.begun > begun;
    });
    await until(() => statesOf(bed)[0] === 'healthy');
  });

  it('is not taken out when it is the only one, and its recovery is noticed by the next request', async () => {
    await start();
    reconfigureService(bed, sideAt(urlOfA));
    await a.stop();
    expect(await statuses(10)).toEqual([502]);
    expect(statesOf(bed)).toEqual(['unhealthy']);
    await a.start(portOf(urlOfA));
    expect(await statuses(10)).toEqual([200]);
    expect(statesOf(bed)).toEqual(['healthy']);
  });

  it('is asked all the same when the others die too, and is back at once when it answers', async () => {
    await start({ ejection: { baseMs: 3_600_000, maxMs: 3_600_000 } });
    await a.stop();
    await b.stop();
    expect(await statuses(20)).toEqual([502]);
    expect(statesOf(bed).sort()).toEqual(['ejected', 'unhealthy']);
    const first = statesOf(bed).indexOf('ejected');
    await [a, b][first]?.start(portOf([urlOfA, urlOfB][first] ?? ''));
    await until(async () => {
      await call();
      return statesOf(bed)[first] === 'healthy';
    });
    // The other one is now the one that is taken out.
    await until(async () => (await statuses(5)).join() === '200');
  });

  it('fails a POST once: it is sent to nobody else, with a body or without', async () => {
    await start(NO_EJECTION);
    await a.stop();
    let failed = 0;
    for (let at = 0; at < 40; at += 1) {
      const { status } = await call('POST', at % 2 === 0 ? 'x' : undefined);
      if (status !== 200) failed += 1;
    }
    expect(failed).toBeGreaterThan(0);
    expect(b.begun).toBe(40 - failed);
    expect(serviceHealth(bed).retried).toBe(0);
  });

  it('fails a GET once that the configuration calls a write, and a PUT with a body', async () => {
    await start(NO_EJECTION, {
      routes: [{ method: 'GET', path: '/api/products/1', as: 'writes' }, 'PUT /api/products/1'],
    });
    await a.stop();
    expect(await statuses(30)).toEqual([200, 502]);
    expect(await statuses(30, 'PUT', 'x')).toEqual([200, 502]);
    expect(serviceHealth(bed).retried).toBe(0);
  });

  it('does not lead a write to the other side', async () => {
    await start();
    await a.stop();
    await b.stop();
    expect((await call('DELETE')).json()).toMatchObject({ title: 'The service cannot be reached' });
    expect(bed.monolith.begun).toBe(0);
  });
});

describe('a request that is sent again', () => {
  it('is an idempotent write too, which counts as running until its last try has ended', async () => {
    const waiting: ServerResponse[] = [];
    const hangUp = await replicas.start('hangs up', (req) => void req.socket.destroy());
    const slow = await replicas.start('slow', (_req, res) => void waiting.push(res));
    await start();
    reconfigureService(bed, sideAt([hangUp.url, slow.url], NO_EJECTION));
    const running = () => bed.proxy.stats().migrations['catalog']?.runningWrites;
    for (let round = 1; hangUp.begun === 0; round += 1) {
      const answer = call('DELETE');
      await slow.hasBegun(round);
      expect(running()).toBe(1);
      waiting.at(-1)?.end('done');
      expect((await answer).text).toBe('done');
    }
    await until(() => running() === 0);
    expect(serviceHealth(bed).retried).toBe(1);
  });

  it('is none of which a byte of an answer came', async () => {
    const half = await replicas.start('half', (req) => req.socket.end('HTTP/1.1 200 OK\r\nX-Half'));
    await start();
    reconfigureService(bed, sideAt([half.url, b.url], NO_EJECTION));
    await until(async () => (await call()).status === 502);
    expect(half.begun).toBe(1);
    expect(serviceHealth(bed).retried).toBe(0);
  });

  it('is none that only took too long', async () => {
    const silent = await replicas.start('silent', () => undefined);
    await start({}, { proxy: { timeouts: { firstByteMs: 30 } } });
    reconfigureService(bed, sideAt([silent.url, b.url], NO_EJECTION));
    await until(async () => (await call()).status === 504);
    expect(serviceHealth(bed).retried).toBe(0);
  });

  it('is one of a bounded share of all requests', async () => {
    await start({ ...NO_EJECTION, retry: { budgetPercent: 1, budgetMinimum: 3 } });
    await a.stop();
    expect(await statuses(60)).toEqual([200, 502]);
    expect(serviceHealth(bed)).toMatchObject({ retried: 3 });
    expect(serviceHealth(bed).notRetried).toBeGreaterThan(0);
  });

  it('is none when retries are off', async () => {
    await start({ ...NO_EJECTION, retry: { enabled: false } });
    await a.stop();
    expect(await statuses(40)).toEqual([200, 502]);
    expect(serviceHealth(bed)).toMatchObject({ retried: 0, notRetried: 0 });
  });
});

describe('several addresses', () => {
  it('get requests where less runs', async () => {
    const open: ServerResponse[] = [];
    const hold = (_req: unknown, res: ServerResponse) => void open.push(res);
    const [one, two] = [await replicas.start('one', hold), await replicas.start('two', hold)];
    await start();
    reconfigureService(bed, sideAt([one.url, two.url]));
    const answers: Promise<unknown>[] = [];
    for (let count = 1; count <= 10; count += 1) {
      answers.push(call());
      await until(() => one.begun + two.begun === count);
    }
    expect([one.begun, two.begun]).toEqual([5, 5]);
    expect(serviceHealth(bed)).toMatchObject({ running: 10, addresses: [{ running: 5 }, { running: 5 }] });
    for (const res of open) res.end();
    await Promise.all(answers);
    await until(() => serviceHealth(bed).running === 0);
  });

  it('keep what is known of them through a new configuration; those that go let their requests end', async () => {
    let waiting: ServerResponse | undefined;
    const leaving = await replicas.start('leaving', (_req, res) => void (waiting = res));
    await start();
    await a.stop();
    await until(async () => {
      await call();
      return statesOf(bed)[0] === 'ejected';
    });
    const known = serviceHealth(bed).addresses[0];
    reconfigureService(bed, sideAt([urlOfA, leaving.url]));
    const answer = call();
    await leaving.hasBegun(1);
    reconfigureService(bed, sideAt([urlOfA, urlOfB]));
    waiting?.end('the last word');
    expect((await answer).text).toBe('the last word');
    expect(serviceHealth(bed).addresses).toMatchObject([
      { ...known, state: 'ejected' },
      { state: 'unknown' },
    ]);
  });
});
