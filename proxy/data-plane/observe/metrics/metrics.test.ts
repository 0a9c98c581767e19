import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeFeed, openSocket, send, standing, startBed, until } from '../../testing/bed.ts';
import type { Bed, BedOptions } from '../../testing/bed.ts';
import { scrape, valueOf, type Scraped } from '../../testing/prometheus.ts';

let bed: Bed;
afterEach(() => bed.stop());

const METRICS = { listen: '127.0.0.1:0' };
const start = async (options: BedOptions = {}): Promise<void> => {
  bed = await startBed({ ...options, proxy: { metrics: METRICS, ...(options.proxy ?? {}) } });
};
const metricsUrl = (): string => bed.proxy.metricsUrl() ?? '';
const get = (target = '/api/products/1', headers = {}) => send(bed.proxy.url, 'GET', target, { headers });
const post = (target = '/api/products/1') => send(bed.proxy.url, 'POST', target, { body: 'x' });

/** Scrapes until a series has this value: a client may have its answer a moment before it is counted. */
async function scrapedWith(series: string, value: number): Promise<Map<string, Scraped>> {
  let found = new Map<string, Scraped>();
  await until(async () => valueOf((found = await scrape(metricsUrl())), series) === value);
  return found;
}

describe('what Prometheus scrapes', () => {
  it('agrees with the traffic that was sent, by migration, arm, kind and status', async () => {
    await start({
      feed: new FakeFeed(standing({ stage: 'extracted', owner: 'service', epoch: 3 })),
      service: (req, res) => void res.writeHead(Number(req.url?.split('/').pop())).end(),
    });
    for (const status of [200, 201, 304, 404, 500, 503]) await get(`/api/products/${status}`);
    await post('/api/products/202');
    await get('/unclaimed');
    const found = await scrapedWith('strangler_unmatched_requests_total{status="2xx"}', 1);
    const of = 'migration="catalog",arm="service",kind="reads"';
    const counts = ['1xx', '2xx', '3xx', '4xx', '5xx'].map((status) =>
      valueOf(found, `strangler_requests_total{${of},status="${status}"}`),
    );
    expect(counts).toEqual([0, 2, 1, 1, 2]);
    expect(valueOf(found, `strangler_requests_failed_total{${of}}`)).toBe(2);
    expect(valueOf(found, `strangler_request_duration_seconds_count{${of}}`)).toBe(6);
    expect(valueOf(found, `strangler_first_byte_seconds_count{${of}}`)).toBe(6);
    const writes = 'migration="catalog",arm="service",kind="writes"';
    expect(valueOf(found, `strangler_requests_total{${writes},status="2xx"}`)).toBe(1);
    const monolith = 'migration="catalog",arm="monolith",kind="reads"';
    expect(valueOf(found, `strangler_request_duration_seconds_count{${monolith}}`)).toBe(0);
  });

  it('has whole histograms: buckets that only grow, and as many in the last as there are in all', async () => {
    await start();
    for (let count = 0; count < 5; count += 1) await get();
    await post();
    const count = 'strangler_first_byte_seconds_count{migration="catalog",arm="monolith",kind="writes"}';
    const found = await scrapedWith(count, 1);
    const histograms = [...found].filter(
      ([name, { type }]) => name.startsWith('str') && type === 'histogram',
    );
    expect(histograms).toHaveLength(4);
    for (const [name, { samples }] of histograms) {
      for (const [series, total] of samples) {
        if (!series.startsWith(`${name}_count`)) continue;
        const labels = /\{(.*)\}/.exec(series)?.[1] ?? '';
        const buckets = [...samples].filter(
          ([each]) => each.startsWith(`${name}_bucket`) && each.replace(/,?le=.*$/, '').endsWith(labels),
        );
        const values = buckets.map(([, value]) => value);
        expect(values).toEqual(values.toSorted((a, b) => a - b));
        expect(buckets.at(-1)?.[0]).toContain('le="+Inf"');
        expect(values.at(-1)).toBe(total);
        expect(samples.get(series.replace('_count', '_sum')) ?? 0).toBeGreaterThanOrEqual(0);
      }
    }
  });

  it('shows writes that wait, then how long they did, and which were refused', async () => {
    await start({
      feed: new FakeFeed(standing({ stage: 'canary', holdWrites: true })),
      proxy: { metrics: METRICS, hold: { maxRequests: 1 } },
    });
    const held = post();
    await scrapedWith('strangler_held_writes{migration="catalog"}', 1);
    expect((await post()).status).toBe(503);
    await scrapedWith('strangler_requests_refused_total{migration="catalog",status="503"}', 1);
    bed.feed.change('catalog', { holdWrites: false });
    await held;
    const found = await scrapedWith('strangler_hold_duration_seconds_count{migration="catalog"}', 2);
    expect(valueOf(found, 'strangler_held_writes{migration="catalog"}')).toBe(0);
    const of = 'migration="catalog",arm="monolith",kind="writes"';
    expect(valueOf(found, `strangler_requests_total{${of},status="2xx"}`)).toBe(1);
    expect(valueOf(found, `strangler_requests_total{${of},status="5xx"}`)).toBe(0);
  });

  it('shows running writes, and a client that left as one without status that is no failure', async () => {
    await start({ monolith: (req) => void req.resume() });
    const socket = await openSocket(bed.proxy.url);
    socket.write('POST /api/products/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx');
    await scrapedWith('strangler_running_writes{migration="catalog"}', 1);
    socket.destroy();
    const of = 'migration="catalog",arm="monolith",kind="writes"';
    const found = await scrapedWith(`strangler_requests_total{${of},status="none"}`, 1);
    expect(valueOf(found, `strangler_requests_failed_total{${of}}`)).toBe(0);
    expect(valueOf(found, 'strangler_running_writes{migration="catalog"}')).toBe(0);
  });

  it('shows stage, owner, epoch and weights as the journal says, and the lease', async () => {
    await start({ feed: new FakeFeed(standing({ stage: 'canary', weight: 12.5, epoch: 2 })) });
    const before = await scrape(metricsUrl());
    const info = (stage: string, owner: string) =>
      `strangler_migration_info{migration="catalog",stage="${stage}",owner="${owner}"}`;
    expect(valueOf(before, info('canary', 'monolith'))).toBe(1);
    expect(valueOf(before, 'strangler_weight_ratio{migration="catalog"}')).toBe(0.125);
    expect(before.get('strangler_weight_actual_ratio')?.samples.size).toBe(0);
    expect(valueOf(before, 'strangler_lease_live')).toBe(1);

    const seq = bed.feed.change('catalog', { stage: 'extracted', owner: 'service', epoch: 3 });
    bed.feed.live = false;
    await get();
    const after = await scrapedWith('strangler_weight_actual_ratio{migration="catalog"}', 1);
    expect(after.get('strangler_migration_info')?.samples).toEqual(
      new Map([[info('extracted', 'service'), 1]]),
    );
    expect(valueOf(after, 'strangler_weight_ratio{migration="catalog"}')).toBe(1);
    expect(valueOf(after, 'strangler_epoch{migration="catalog"}')).toBe(3);
    expect(valueOf(after, 'strangler_journal_seq')).toBe(seq);
    expect(valueOf(after, 'strangler_journal_acknowledged_seq')).toBe(seq);
    expect(valueOf(after, 'strangler_lease_live')).toBe(0);
  });

  it('shows what came of compared reads', async () => {
    const answer = (body: string) => (_req: unknown, res: { end: (text: string) => void }) => res.end(body);
    await start({
      feed: new FakeFeed(standing({ stage: 'shadow', shadowSince: new Date().toISOString() })),
      monolith: answer('{"a":1}'),
      service: answer('{"a":1}'),
      shadow: { sample: 100 },
    });
    await get();
    await scrapedWith('strangler_shadow_reads_total{migration="catalog",result="agreed"}', 1);
  });

  it('counts a read that fell back as a failure of the service and an answer of the monolith', async () => {
    await start({
      feed: new FakeFeed(standing({ stage: 'canary', weight: 100 })),
      service: (_req, res) => void res.writeHead(503).end(),
      shadow: { sample: 0 },
    });
    expect((await get()).json()['side']).toBe('monolith');
    const found = await scrapedWith('strangler_requests_fell_back_total{migration="catalog"}', 1);
    const arm = (side: string) => `migration="catalog",arm="${side}",kind="reads"`;
    expect(valueOf(found, `strangler_requests_failed_total{${arm('service')}}`)).toBe(1);
    expect(valueOf(found, `strangler_requests_total{${arm('service')},status="5xx"}`)).toBe(1);
    expect(valueOf(found, `strangler_requests_failed_total{${arm('monolith')}}`)).toBe(0);
    expect(valueOf(found, `strangler_requests_total{${arm('monolith')},status="2xx"}`)).toBe(1);
    expect(valueOf(found, `strangler_request_duration_seconds_count{${arm('monolith')}}`)).toBe(1);
  });

  it('shows who was turned away at the door, on a route and off all of them', async () => {
    await start({
      proxy: { metrics: METRICS, rateLimits: [{ name: 'all', requests: 1, per: '1h' }] },
    });
    await get();
    for (const path of ['/api/products/1', '/unclaimed']) expect((await get(path)).status).toBe(429);
    const found = await scrapedWith('strangler_requests_refused_total{status="429"}', 1);
    expect(valueOf(found, 'strangler_requests_refused_total{migration="catalog",status="429"}')).toBe(1);
    expect(valueOf(found, 'strangler_rate_limited_total{limit="all"}')).toBe(2);
    expect(found.get('strangler_unmatched_requests_total')?.samples.size).toBe(0);
  });

  it('shows how the addresses of the sides fare', async () => {
    await start();
    const { host } = new URL(bed.service.url);
    const found = await scrape(metricsUrl());
    expect(valueOf(found, `strangler_upstream_address_usable{side="shop",address="${host}"}`)).toBe(1);
    expect(valueOf(found, 'strangler_upstream_running_requests{side="monolith"}')).toBe(0);
  });

  it('does not grow with the paths, methods and clients that it sees', async () => {
    await start();
    const lines = async (): Promise<number> => {
      const found = [...(await scrape(metricsUrl()))].filter(([name]) => name.startsWith('strangler_'));
      return found.reduce((sum, [, { samples }]) => sum + samples.size, 0);
    };
    await get();
    await send(bed.proxy.url, 'REPORT', '/unclaimed');
    await scrapedWith('strangler_unmatched_requests_total{status="2xx"}', 1);
    const before = await lines();
    for (let count = 0; count < 20; count += 1) await get(`/api/products/${count}?q=${count}`);
    await send(bed.proxy.url, 'PROPFIND', '/unclaimed/too');
    await scrapedWith('strangler_unmatched_requests_total{status="2xx"}', 2);
    expect(await lines()).toBe(before);
  });

  it('shows the process it runs in, too', async () => {
    await start();
    expect(valueOf(await scrape(metricsUrl()), 'process_resident_memory_bytes')).toBeGreaterThan(0);
  });
});

describe('the listener of the metrics', () => {
  it('is not there unless it is configured', async () => {
    bed = await startBed();
    expect(bed.proxy.metricsUrl()).toBeNull();
  });

  it('answers probes: up always, ready while the lease is live', async () => {
    await start();
    const probe = async (path: string) => (await send(metricsUrl(), 'GET', path)).status;
    expect([await probe('/healthz'), await probe('/readyz')]).toEqual([200, 200]);
    bed.feed.live = false;
    expect([await probe('/healthz'), await probe('/readyz')]).toEqual([200, 503]);
    expect([await probe('/'), (await send(metricsUrl(), 'POST', '/metrics')).status]).toEqual([404, 405]);
  });

  it('says that a proxy that closes is not ready, while its last requests end', async () => {
    let last: ServerResponse | undefined;
    await start({ monolith: (_req, res) => void (last = res) });
    const answer = get();
    await bed.monolith.hasBegun(1);
    const closed = bed.proxy.close();
    expect((await send(metricsUrl(), 'GET', '/readyz')).status).toBe(503);
    last?.end();
    await answer;
    await closed;
    expect(bed.proxy.metricsUrl()).toBeNull();
  });

  it('is no place of the application: its paths go to the monolith on the proxy itself', async () => {
    await start();
    expect((await get('/metrics')).json()['side']).toBe('monolith');
  });

  it('comes, moves and goes with the configuration, and keeps its counts while it stays', async () => {
    bed = await startBed();
    const take = (metrics: { listen: string } | undefined) =>
      bed.proxy.reconfigure({ ...bed.config, proxy: { ...bed.config.proxy, metrics } });
    take(METRICS);
    await until(() => bed.proxy.metricsUrl() !== null);
    await get();
    const series = 'strangler_requests_total{migration="catalog",arm="monolith",kind="reads",status="2xx"}';
    await scrapedWith(series, 1);
    const before = metricsUrl();
    take({ listen: 'localhost:0' });
    await until(() => metricsUrl() !== before);
    await scrapedWith(series, 1);
    take(undefined);
    await until(() => bed.proxy.metricsUrl() === null);
    await expect(send(before, 'GET', '/metrics')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('stays where it is when the new address is taken, and the log says so', async () => {
    const said: string[] = [];
    const silent = () => undefined;
    const error = (fields: object) => void said.push(String(Reflect.get(fields, 'error')));
    await start({ logger: { debug: silent, info: silent, warn: silent, error } });
    const taken = new URL(bed.proxy.url).host;
    bed.proxy.reconfigure({ ...bed.config, proxy: { ...bed.config.proxy, metrics: { listen: taken } } });
    await until(() => said.length > 0);
    expect(said[0]).toMatch(/proxy\.metrics\.listen.*EADDRINUSE/);
    expect((await send(metricsUrl(), 'GET', '/healthz')).status).toBe(200);
  });

  it('moves to an address that another process of the same proxy leaves a moment later', async () => {
    let isWaiting = false;
    const silent = () => undefined;
    const info = (_: object, words: string) => void (isWaiting ||= words.includes('trying again'));
    await start({ logger: { debug: silent, info, warn: silent, error: silent } });
    const other = createServer();
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const listen = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    bed.proxy.reconfigure({ ...bed.config, proxy: { ...bed.config.proxy, metrics: { listen } } });
    await until(() => isWaiting);
    other.close();
    await until(() => bed.proxy.metricsUrl() === `http://${listen}`);
    expect((await send(metricsUrl(), 'GET', '/healthz')).status).toBe(200);
  });

  it('keeps the proxy from starting when its address is taken', async () => {
    await start();
    const taken = new URL(bed.proxy.url).host;
    await expect(startBed({ proxy: { metrics: { listen: taken } } })).rejects.toThrow(
      /proxy\.metrics\.listen.*EADDRINUSE/,
    );
  });
});
