import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../testing/databases.ts';
import { entryOf, SERVICES, variableOf } from '../testing/running.ts';

interface SentSpan {
  traceId: string;
  parentSpanId?: string;
  name: string;
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[];
}
interface Sent {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue: string } }[] };
    scopeSpans: { spans: SentSpan[] }[];
  }[];
}
interface Line {
  name: string;
  msg: string;
  route?: string;
  status?: number;
  ms?: number;
  traceId?: string;
}

const TRACE = 'a'.repeat(32);
const CALLER = 'b'.repeat(16);
const READ: Record<(typeof SERVICES)[number], string> = {
  catalog: '/api/products/7',
  cart: '/api/carts/7',
  orders: '/api/orders/7',
  payments: '/api/payments/7',
};

describe.each(SERVICES.map((name) => ({ name })))('a request to the $name service', ({ name }) => {
  let database: TestDatabase;
  let collector: Server;
  let service: ChildProcess;
  const sent: Sent[] = [];
  const lines: Line[] = [];

  beforeEach(async () => {
    [sent.length, lines.length] = [0, 0];
    collector = createServer((request, response) => {
      void json(request).then((body) => {
        sent.push(body as Sent);
        response.setHeader('content-type', 'application/json').end('{}');
      });
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    database = await createTestDatabase(name === 'payments' ? 'mysql' : 'postgres');
  });
  afterEach(async () => {
    if (service.exitCode === null && service.signalCode === null) {
      service.kill('SIGKILL');
      await once(service, 'exit');
    }
    collector.closeAllConnections();
    collector.close();
    await database.drop();
  });

  async function start(): Promise<string> {
    const { port } = collector.address() as AddressInfo;
    service = spawn(process.execPath, [entryOf(name)], {
      env: {
        ...process.env,
        [variableOf(name)]: database.url,
        ...{ PORT: '0', LOG_LEVEL: 'info', OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    createInterface(service.stderr!).on('line', (line) => lines.push(JSON.parse(line) as Line));
    for await (const line of createInterface(service.stdout!)) {
      const [, url] = / ready at (\S+)/.exec(line) ?? [];
      if (url !== undefined) return url;
    }
    throw new Error(`${name} ended before it was ready: ${JSON.stringify(lines)}`);
  }

  it('is one line in the log, one span of its caller’s trace, and one more in the metrics', async () => {
    const url = await start();
    const headers = { traceparent: `00-${TRACE}-${CALLER}-01` };
    const { status } = await fetch(`${url}${READ[name]}`, { headers });
    expect(status).toBe(404);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const closed = once(service, 'close');
    service.kill('SIGTERM');
    // What was not delivered yet is delivered before it ends.
    expect(await closed).toEqual([0, null]);

    const route = READ[name].replace('7', ':id');
    expect(lines.filter(({ msg }) => msg === 'answered')).toEqual([
      expect.objectContaining({ name, route, status, traceId: TRACE, ms: expect.any(Number) }),
    ]);
    const [from, ...others] = sent.flatMap(({ resourceSpans }) => resourceSpans);
    expect(others).toEqual([]);
    expect(from!.resource.attributes).toContainEqual({ key: 'service.name', value: { stringValue: name } });
    const [span, ...more] = from!.scopeSpans.flatMap(({ spans }) => spans);
    expect(more).toEqual([]);
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: CALLER, name: `GET ${route}` });
    expect(span!.attributes).toContainEqual({ key: 'http.response.status_code', value: { intValue: 404 } });
    const labels = `service="${name}",method="GET",route="${route}",status="404"`;
    expect(metrics).toContain(`http_request_duration_seconds_count{${labels}} 1`);
  });
});
