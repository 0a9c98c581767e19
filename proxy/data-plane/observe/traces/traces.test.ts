import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeFeed, openSocket, send, standing, startBed, until } from '../../testing/bed.ts';
import type { Bed, BedOptions } from '../../testing/bed.ts';
import { Collector, type CollectedSpan } from '../../testing/collector.ts';
import { tracesWanted } from './trace-settings.ts';

let bed: Bed;
let collector: Collector;
beforeEach(async () => {
  collector = await new Collector().start();
});
afterEach(async () => {
  await bed.stop();
  await collector.stop();
});

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const SAMPLED = `00-${TRACE}-${CALLER}-01`;
const UNSAMPLED = `00-${TRACE}-${CALLER}-00`;

const start = async (traces: object = {}, options: BedOptions = {}): Promise<void> => {
  const proxy = { ...(options.proxy ?? {}), traces: { endpoint: collector.url, ...traces } };
  bed = await startBed({ ...options, proxy });
};
const get = (headers: Record<string, string> = {}, target = '/api/products/1') =>
  send(bed.proxy.url, 'GET', target, { headers });
const receivedBy = (side: 'monolith' | 'service', name = 'traceparent'): unknown =>
  bed[side].received.at(-1)?.headers[name];
/** Everything that was recorded; closing the proxy delivers it. */
async function spans(): Promise<{ server: CollectedSpan[]; client: CollectedSpan[] }> {
  await bed.proxy.close(0);
  const of = (kind: string) => collector.spans.filter((span) => span.kind === kind);
  return { server: of('server'), client: of('client') };
}

describe('a trace', () => {
  it('leads from the caller through the proxy to the side that answers', async () => {
    await start(
      {},
      { feed: new FakeFeed(standing({ stage: 'canary', weight: 100, epoch: 2 })), shadow: { sample: 0 } },
    );
    await get(
      { traceparent: SAMPLED, tracestate: 'vendor=1', 'user-agent': 'test' },
      '/api/products/7?token=hunter2',
    );
    const { server, client } = await spans();
    expect(server).toMatchObject([
      {
        traceId: TRACE,
        parentSpanId: CALLER,
        name: 'GET /api/products/*',
        isError: false,
        attributes: {
          'http.request.method': 'GET',
          'http.route': '/api/products/*',
          'http.response.status_code': 200,
          'url.path': '/api/products/7',
          'url.scheme': 'http',
          'server.address': '127.0.0.1',
          'client.address': '127.0.0.1',
          'user_agent.original': 'test',
          'strangler.migration': 'catalog',
          'strangler.kind': 'reads',
          'strangler.stage': 'canary',
          'strangler.arm': 'service',
          'strangler.reason': 'canary',
          'strangler.epoch': 2,
          'strangler.tried': [new URL(bed.service.url).host],
        },
      },
    ]);
    const { port } = new URL(bed.service.url);
    expect(client).toMatchObject([
      {
        traceId: TRACE,
        parentSpanId: server[0]?.spanId,
        attributes: { 'server.port': Number(port), 'http.response.status_code': 200 },
      },
    ]);
    expect(receivedBy('service')).toBe(`00-${TRACE}-${client[0]?.spanId}-01`);
    expect(receivedBy('service', 'tracestate')).toBe('vendor=1');
    expect(collector.resource['service.name']).toBe('strangler');
    expect(JSON.stringify(collector.spans)).not.toContain('hunter2');
  });

  it('begins here when nobody traces yet, and a header that cannot be read is nobody', async () => {
    await start();
    for (const traceparent of [
      undefined,
      'nonsense',
      `ff-${TRACE}-${CALLER}-01`,
      `00-${'0'.repeat(32)}-${CALLER}-01`,
    ]) {
      await get(traceparent === undefined ? {} : { traceparent, tracestate: 'vendor=1' });
      expect(receivedBy('monolith')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      // The state belongs to a trace that is not known.
      expect(receivedBy('monolith', 'tracestate')).toBeUndefined();
    }
    const { server } = await spans();
    expect(server.map(({ parentSpanId }) => parentSpanId)).toEqual(['', '', '', '']);
    expect(new Set(server.map(({ traceId }) => traceId)).size).toBe(4);
  });

  it('is not recorded when the caller or the ratio says so, but the sides are still told', async () => {
    await start({ sampleRatio: 0 });
    await get();
    expect(receivedBy('monolith')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    await get({ traceparent: UNSAMPLED });
    expect(receivedBy('monolith')).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
    // A caller that traces has decided for everybody after it.
    await get({ traceparent: SAMPLED });
    expect((await spans()).server.map(({ traceId }) => traceId)).toEqual([TRACE]);
  });

  it('says how long a write was held and what became of it', async () => {
    await start({}, { feed: new FakeFeed(standing({ stage: 'canary', holdWrites: true })) });
    const answer = send(bed.proxy.url, 'POST', '/api/products/1', { body: 'x' });
    await until(() => bed.proxy.stats().migrations['catalog']?.waitingWrites === 1);
    bed.feed.change('catalog', { stage: 'extracted', owner: 'service', epoch: 2, holdWrites: false });
    await answer;
    const { server } = await spans();
    expect(server[0]?.attributes).toMatchObject({ 'strangler.arm': 'service', 'strangler.epoch': 2 });
    expect(server[0]?.attributes['strangler.held_ms']).toBeGreaterThan(0);
  });

  it('marks a side that cannot be reached or answers 5xx, with a span for each try, and a refused write', async () => {
    await start(
      {},
      {
        feed: new FakeFeed(standing({ stage: 'canary', weight: 100, holdWrites: true })),
        proxy: { hold: { capMs: 20 } },
        monolith: (_req, res) => void res.writeHead(503).end(),
        service: (_req, res) => void res.writeHead(503).end(),
        shadow: { sample: 0 },
      },
    );
    await get();
    await Promise.all([bed.monolith.stop(), bed.service.stop()]);
    await get();
    await send(bed.proxy.url, 'POST', '/api/products/1', { body: 'x' });
    const { server, client } = await spans();
    expect(server.map(({ isError, attributes }) => [isError, attributes['error.type']])).toEqual([
      [true, '503'],
      [true, '502'],
      [true, '503'],
    ]);
    expect(server[2]?.attributes['strangler.refused']).toBe('The write could not wait any longer');
    const tries = client.map(({ parentSpanId, isError, attributes }) => [
      server.findIndex(({ spanId }) => spanId === parentSpanId),
      isError,
      attributes['error.type'],
      attributes['http.request.resend_count'],
    ]);
    expect(tries).toEqual([
      [0, true, '503', undefined],
      [0, true, '503', 1],
      [1, true, 'ECONNREFUSED', undefined],
      [1, true, 'ECONNREFUSED', 1],
    ]);
  });

  it('ends, and is no failure, when the client leaves', async () => {
    await start({}, { monolith: (req) => void req.resume() });
    const socket = await openSocket(bed.proxy.url);
    socket.write('GET /api/products/1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await bed.monolith.hasBegun(1);
    socket.destroy();
    await until(() => bed.proxy.stats().migrations['catalog']?.monolith.requests === 1);
    const { server } = await spans();
    expect(server).toMatchObject([{ isError: false }]);
    expect(server[0]?.attributes['http.response.status_code']).toBeUndefined();
  });

  it('does not name a span after what a client makes up, and keeps little of it', async () => {
    await start();
    const headers = { 'user-agent': 'x'.repeat(5000) };
    await send(bed.proxy.url, 'PROPFIND', '/one/of/a/million', { headers });
    const { server } = await spans();
    expect(server[0]).toMatchObject({
      name: 'HTTP',
      attributes: { 'http.request.method_original': 'PROPFIND' },
    });
    expect(String(server[0]?.attributes['user_agent.original'])).toHaveLength(1024);
  });

  it('goes out by itself, with the headers that the collector asks for', async () => {
    await start({ headers: { 'x-api-key': 'hunter2' }, serviceName: 'edge' });
    await get();
    await collector.hasSpans(2);
    expect(collector.headers[0]?.['x-api-key']).toBe('hunter2');
    expect(collector.resource['service.name']).toBe('edge');
  });
});

describe('the usual variables of the environment', () => {
  const VARIABLES = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_RESOURCE_ATTRIBUTES'];
  afterEach(() => {
    for (const name of VARIABLES) delete process.env[name];
  });

  it('turn traces on, and say where they go, with which headers and about what', async () => {
    bed = await startBed();
    Object.assign(process.env, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=hunter2',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.name=edge',
    });
    bed.proxy.reconfigure({ ...bed.config, traces: tracesWanted(undefined, process.env) });
    await get();
    expect((await spans()).server).toHaveLength(1);
    expect(collector.headers[0]?.['x-api-key']).toBe('hunter2');
    expect(collector.resource).toMatchObject({
      'service.name': 'edge',
      'deployment.environment.name': 'test',
    });
  });
});

describe('tracing that is off', () => {
  it('leaves the headers of a trace as they came, or away', async () => {
    bed = await startBed();
    await get({ traceparent: SAMPLED, tracestate: 'vendor=1' });
    expect([receivedBy('monolith'), receivedBy('monolith', 'tracestate')]).toEqual([SAMPLED, 'vendor=1']);
    await get();
    expect(receivedBy('monolith')).toBeUndefined();
  });

  it('can be turned on and off again while requests come', async () => {
    bed = await startBed();
    const take = (traces: typeof bed.config.traces) => bed.proxy.reconfigure({ ...bed.config, traces });
    take({
      url: `${collector.url}/v1/traces`,
      headers: {},
      timeoutMs: 3000,
      sampleRatio: 1,
      serviceName: 'strangler',
    });
    await get();
    take(null);
    await collector.hasSpans(2);
    await get();
    expect(receivedBy('monolith')).toBeUndefined();
    expect((await spans()).server).toHaveLength(1);
  });
});

describe('a collector that is not there', () => {
  it('costs no request its answer, is said once, and does not keep the proxy from closing', async () => {
    const said: object[] = [];
    const silent = () => undefined;
    const logger = {
      debug: silent,
      info: silent,
      warn: (fields: object) => void said.push(fields),
      error: silent,
    };
    await start({}, { logger });
    await collector.stop();
    for (let count = 0; count < 20; count += 1) expect((await get()).status).toBe(200);
    await bed.proxy.close(0);
    await until(() => said.length > 0);
    expect(said).toMatchObject([{ why: expect.stringContaining('ECONNREFUSED') }]);
  });
});
