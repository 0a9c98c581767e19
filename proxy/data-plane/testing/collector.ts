import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { until } from './bed.ts';

/** A span as a collector gets it, with plain attributes. */
export interface CollectedSpan {
  traceId: string;
  spanId: string;
  /** Empty for a root. */
  parentSpanId: string;
  name: string;
  kind: 'server' | 'client';
  isError: boolean;
  attributes: Record<string, unknown>;
}

interface Pair {
  key: string;
  value: Record<string, unknown>;
}

interface SentSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  status: { code: number };
  attributes: Pair[];
}

interface Sent {
  resourceSpans: { resource: { attributes: Pair[] }; scopeSpans: { spans: SentSpan[] }[] }[];
}

/** A collector that speaks OTLP/HTTP with JSON and keeps what it gets. */
export class Collector {
  readonly spans: CollectedSpan[] = [];
  readonly headers: NodeJS.Dict<string | string[]>[] = [];
  resource: Record<string, unknown> = {};
  readonly #server: Server;

  constructor() {
    this.#server = createServer((req, res) => {
      void text(req).then((body) => {
        this.headers.push(req.headers);
        if (req.url === '/v1/traces') this.#take(JSON.parse(body) as Sent);
        res.writeHead(req.url === '/v1/traces' ? 200 : 404, { 'content-type': 'application/json' }).end('{}');
      });
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves with the spans once there are as many. */
  async hasSpans(count: number): Promise<CollectedSpan[]> {
    await until(() => this.spans.length >= count);
    return this.spans;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #take({ resourceSpans }: Sent): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      this.resource = plain(resource.attributes);
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) this.spans.push(collected(span));
    }
  }
}

function collected({ traceId, spanId, parentSpanId = '', name, kind, status, attributes }: SentSpan) {
  return {
    traceId,
    spanId,
    parentSpanId,
    name,
    kind: kind === 2 ? ('server' as const) : ('client' as const),
    isError: status.code === 2,
    attributes: plain(attributes),
  };
}

function plain(pairs: readonly Pair[]): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, plainValue(value)]));
}

function plainValue(value: Record<string, unknown>): unknown {
  const [only] = Object.values(value);
  const { values } = (value['arrayValue'] ?? {}) as { values?: Record<string, unknown>[] };
  return values ? values.map(plainValue) : only;
}
