import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  FakeFeed,
  send,
  sideAt,
  standing,
  startBed,
  until,
  type Bed,
  type Upstream,
} from '../testing/bed.ts';
import { checkHealth } from './check-health.ts';
import { reconfigureService, Replicas, serviceHealth, statesOf } from '../testing/sides.ts';

const EVERY_20_MS = { enabled: true, intervalMs: 20, timeoutMs: 1000 };

let bed: Bed;
const replicas = new Replicas();
/** Paths of health checks whose application is not well. */
let ill: Set<string>;
let a: Upstream;
let b: Upstream;

beforeEach(async () => {
  ill = new Set();
  for (const name of ['a', 'b']) {
    const upstream = await replicas.start(name, (req, res) => {
      const isCheck = req.url === '/health';
      res.writeHead(ill.has(name) && isCheck ? 503 : 200).end(name);
    });
    if (name === 'a') a = upstream;
    else b = upstream;
  }
  bed = await startBed({ feed: new FakeFeed(standing({ stage: 'extracted', owner: 'service' })) });
});
afterEach(async () => {
  await bed.stop();
  await replicas.stop();
});

const checked = (urls: string[], healthCheck: object = EVERY_20_MS): void =>
  reconfigureService(bed, { ...sideAt(urls, { healthCheck }), health: '/health' });
const get = async () => (await send(bed.proxy.url, 'GET', '/api/products/1')).text;

describe('health checks', () => {
  it('notice that a service goes away and comes online, without a request or a restart', async () => {
    const { url } = a;
    checked([url]);
    await until(() => statesOf(bed)[0] === 'healthy');
    await a.stop();
    await until(() => statesOf(bed)[0] === 'unhealthy');
    expect(serviceHealth(bed).addresses[0]?.lastError).toBe('health check: ECONNREFUSED');
    await a.start(Number(new URL(url).port));
    await until(() => statesOf(bed)[0] === 'healthy');
    expect(await get()).toBe('a');
  });

  it('keep requests from an address that says it is not well, until it is', async () => {
    ill.add('b');
    checked([a.url, b.url]);
    await until(() => statesOf(bed).join() === 'healthy,unhealthy');
    expect(serviceHealth(bed).addresses[1]?.lastError).toBe('health check: /health answers 503');
    for (let count = 0; count < 20; count += 1) expect(await get()).toBe('a');
    ill.clear();
    await until(async () => (await get()) === 'b');
  });

  it('do not keep requests from everybody: when nobody is well, all of them are asked', async () => {
    ill.add('a').add('b');
    checked([a.url, b.url]);
    await until(() => statesOf(bed).join() === 'unhealthy,unhealthy');
    const answers = new Set<string>();
    await until(async () => answers.add(await get()).size === 2);
  });

  it('give up a server that accepts and does not answer', async () => {
    const silent = await replicas.start('silent', () => undefined);
    checked([silent.url], { ...EVERY_20_MS, timeoutMs: 30 });
    await until(() => statesOf(bed)[0] === 'unhealthy');
    expect(serviceHealth(bed).addresses[0]?.lastError).toBe('health check: no answer within 30 ms');
  });

  it('lead a circuit that is open to its probes as soon as the service is back', async () => {
    const { url } = a;
    const circuit = { enabled: true, minimumRequests: 1, openMs: 3_600_000, maxOpenMs: 3_600_000, probes: 1 };
    reconfigureService(bed, { ...sideAt(url, { healthCheck: EVERY_20_MS, circuit }), health: '/health' });
    await until(() => statesOf(bed)[0] === 'healthy');
    await a.stop();
    await get();
    await until(() => statesOf(bed)[0] === 'unhealthy');
    expect(serviceHealth(bed).circuit?.state).toBe('open');
    await a.start(Number(new URL(url).port));
    await until(async () => (await get()) === 'a');
    expect(serviceHealth(bed).circuit?.state).toBe('closed');
  });

  it('end for an address that goes, when they are turned off, and with the proxy', async () => {
    ill.add('a').add('b');
    checked([a.url, b.url]);
    await until(() => statesOf(bed).join() === 'unhealthy,unhealthy');
    checked([b.url]);
    const ofA = a.begun;
    await b.hasBegun(b.begun + 3);
    // One may have been under way.
    expect(a.begun - ofA).toBeLessThanOrEqual(1);
    checked([b.url], { enabled: false });
    // Only requests can tell now, and they are let through.
    expect(statesOf(bed)).toEqual(['unknown']);
    checked([b.url]);
    await b.hasBegun(b.begun + 1);
    await bed.proxy.close(0);
    const ofB = b.begun;
    // As long as three checks of another make it.
    const stop = checkHealth({
      url: new URL(a.url),
      path: '/health',
      settings: { ...EVERY_20_MS, unhealthyAfter: 1, healthyAfter: 1 },
      agentFor: () => false,
      passed: () => undefined,
      missed: () => undefined,
      random: Math.random,
    });
    await a.hasBegun(a.begun + 3);
    stop();
    expect(b.begun - ofB).toBeLessThanOrEqual(1);
  });
});
