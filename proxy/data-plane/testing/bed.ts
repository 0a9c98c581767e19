import { once } from 'node:events';
import { createServer, request, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { RouteInput } from '../../routes/schema.ts';
import { buildRouteTable, type RouteTable } from '../../routes/table.ts';
import type { ProxyLogger } from '../observe/observers.ts';
import { tracesWanted } from '../observe/traces/trace-settings.ts';
import { canaryListsSchema, canarySchema } from '../canary/schema.ts';
import { proxySchema } from '../schema.ts';
import { startProxy, type DataPlaneConfig, type RunningProxy } from '../server.ts';
import type { ContractCheck } from '../shadow/recorded.ts';
import { shadowSchema } from '../shadow/schema.ts';
import { serviceSchema, type SideInput, type SideSettings } from '../upstreams/schema.ts';
import type { Standing, Standings, StandingsFeed } from '../standing.ts';
import { FakePace } from './fake-pace.ts';

/** A journal that a test writes by hand. */
export class FakeFeed implements StandingsFeed {
  live = true;
  readonly acknowledged: number[] = [];
  #standings: Standings;
  readonly #subscribers = new Set<(standings: Standings) => void>();
  readonly #acknowledgers = new Set<() => void>();

  constructor(...standings: Standing[]) {
    this.#standings = { seq: 1, byMigration: new Map(standings.map((each) => [each.migration, each])) };
  }

  current(): Standings {
    return this.#standings;
  }

  subscribe(changed: (standings: Standings) => void): () => void {
    this.#subscribers.add(changed);
    return () => this.#subscribers.delete(changed);
  }

  leaseIsLive(): boolean {
    return this.live;
  }

  acknowledge(seq: number): void {
    this.acknowledged.push(seq);
    for (const each of this.#acknowledgers) each();
  }

  /** Journals a change of one migration and tells everybody; returns its position. */
  change(migration: string, part: Partial<Standing>): number {
    const before = this.#standings.byMigration.get(migration) ?? standing({ migration });
    const byMigration = new Map(this.#standings.byMigration).set(migration, { ...before, ...part });
    this.#standings = { seq: this.#standings.seq + 1, byMigration };
    for (const each of this.#subscribers) each(this.#standings);
    return this.#standings.seq;
  }

  /** Resolves once a position at or above `seq` was acknowledged. */
  async acknowledges(seq: number): Promise<void> {
    while (!this.acknowledged.some((each) => each >= seq)) {
      await new Promise<void>((resolve) => this.#acknowledgers.add(resolve));
    }
  }
}

/** A standing with everything that a test does not care about. */
export function standing(part: Partial<Standing>): Standing {
  return {
    migration: 'catalog',
    stage: 'legacy',
    owner: 'monolith',
    epoch: 1,
    stageSeq: 1,
    weight: 0,
    holdWrites: false,
    isFenced: true,
    shadowSince: null,
    ignored: [],
    ...part,
  };
}

/** What an upstream received, complete with its body. */
export interface Received {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  body: Buffer;
}

export type Handler = (req: IncomingMessage, res: ServerResponse) => void;

/** A real server in the place of the monolith or of a service. */
export class Upstream {
  readonly server: Server;
  readonly name: string;
  readonly received: Received[] = [];
  readonly #arrivals: (() => void)[] = [];
  readonly #sockets = new Set<Socket>();
  #begun = 0;

  constructor(name: string, handler?: Handler) {
    this.name = name;
    this.server = createServer((req, res) => {
      this.#begun += 1;
      this.#tell();
      if (handler) handler(req, res);
      else void this.#echo(req, res);
    });
    this.server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** @param port the one that it had before, to come back at the same address */
  async start(port = 0): Promise<this> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resolves once this many requests have begun to arrive. */
  async hasBegun(count: number): Promise<void> {
    while (this.#begun < count) await new Promise<void>((resolve) => this.#arrivals.push(resolve));
  }

  get begun(): number {
    return this.#begun;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #tell(): void {
    for (const resolve of this.#arrivals.splice(0)) resolve();
  }

  async #echo(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { method = '', url = '', headers, rawHeaders } = req;
    const body = await bodyOf(req).catch(() => null);
    if (!body) return;
    this.received.push({ method, url, headers, rawHeaders, body });
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ side: this.name, method, url, bytes: body.length }));
  }
}

export interface BedOptions {
  routes?: RouteInput[];
  feed?: FakeFeed;
  monolith?: Handler;
  service?: Handler;
  proxy?: Parameters<typeof proxySchema.parse>[0];
  shadow?: Parameters<typeof shadowSchema.parse>[0];
  contracts?: ContractCheck;
  canary?: Parameters<typeof canarySchema.parse>[0];
  upstreamHosts?: Partial<DataPlaneConfig['upstreamHosts']>;
  lists?: Parameters<typeof canaryListsSchema.parse>[0];
  pace?: FakePace;
  logger?: ProxyLogger;
}

/** A proxy between real upstreams, for one migration `catalog` with the service `shop`. */
export interface Bed {
  proxy: RunningProxy;
  /** What the proxy started with, to make another one of. */
  config: DataPlaneConfig;
  feed: FakeFeed;
  monolith: Upstream;
  service: Upstream;
  stop(): Promise<void>;
}

/** Routes of the migration `catalog`. */
function tableOf(routes: RouteInput[]): RouteTable {
  return buildRouteTable([{ migration: 'catalog', service: 'shop', routes }]);
}

/** Says only what is a defect. */
const SILENT: ProxyLogger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields) => console.error(fields),
};

/** One side at one or more addresses. Nobody checks its health unless the test says so: checks are requests too. */
export function sideAt(url: string | string[], part: Partial<SideInput> = {}): SideSettings {
  return { ...serviceSchema.parse({ healthCheck: { enabled: false }, ...part, url }), health: '/' };
}

/** Which lane the tests of this run are about: each of them has to hold on both. */
export const IS_FAST = process.env['STRANGLER_TEST_LANE'] === 'fast';

/** Starts a bed; every test stops its own. */
export async function startBed(options: BedOptions = {}): Promise<Bed> {
  const feed = options.feed ?? new FakeFeed(standing({}));
  const monolith = await new Upstream('monolith', options.monolith).start();
  const service = await new Upstream('service', options.service).start();
  const proxySettings = proxySchema.parse({
    listen: '127.0.0.1:0',
    fastLane: IS_FAST,
    ...(options.proxy ?? {}),
  });
  const config: DataPlaneConfig = {
    table: tableOf(options.routes ?? ['* /api/products/*']),
    proxy: proxySettings,
    traces: tracesWanted(proxySettings.traces, {}),
    canary: canarySchema.parse(options.canary ?? {}),
    upstreams: { monolith: sideAt(monolith.url), services: { shop: sideAt(service.url) } },
    upstreamHosts: { monolith: 'keep', services: {}, ...options.upstreamHosts },
    migrations: {
      catalog: {
        armsWindowMs: 60_000,
        shadow: shadowSchema.parse(options.shadow ?? {}),
        canary: canaryListsSchema.parse(options.lists ?? {}),
        isSynced: true,
      },
    },
  };
  const stopSides = () =>
    Promise.all([monolith.stop(), service.stop()].map((each) => each.catch(() => undefined)));
  const proxy = await startProxy({
    config,
    feed,
    freshness: (options.pace ?? new FakePace()).seen(),
    cookieKeys: ['a key of the tests'],
    logger: options.logger ?? SILENT,
    ...(options.contracts ? { contracts: options.contracts } : {}),
  }).catch(async (error: unknown) => {
    await stopSides();
    throw error;
  });
  const stop = async (): Promise<void> => {
    await proxy.close(0);
    await stopSides();
  };
  return { proxy, config, feed, monolith, service, stop };
}

/** An answer as a client sees it. */
export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  body: Buffer;
  text: string;
  /** The body as JSON; the test says by its expectations what it is. */
  json: () => Record<string, unknown>;
}

/** Sends one request on a connection of its own and waits for the whole answer. */
export async function send(
  base: string,
  method: string,
  target: string,
  options: { headers?: OutgoingHttpHeaders; body?: string | Buffer | Readable } = {},
): Promise<Reply> {
  const { hostname, port } = new URL(base);
  const req = request({ hostname, port, path: target, method, headers: options.headers ?? {}, agent: false });
  const answered = once(req, 'response') as Promise<[IncomingMessage]>;
  if (options.body === undefined || typeof options.body === 'string' || Buffer.isBuffer(options.body)) {
    req.end(options.body);
  } else {
    options.body.pipe(req);
  }
  const [res] = await answered;
  const body = await bodyOf(res);
  const text = body.toString();
  const json = (): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
  return { status: res.statusCode ?? 0, headers: res.headers, rawHeaders: res.rawHeaders, body, text, json };
}

const PATIENCE_MS = 60_000;

/** Turns the loop until something is true that no event tells; fails instead of turning for ever. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`it did not become true: ${isTrue.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Opens a bare connection to write any bytes on. */
export async function openSocket(base: string): Promise<Socket> {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return socket;
}

/** Writes bytes on a connection of its own and gives everything that comes back until it closes. */
export async function exchangeRaw(base: string, bytes: string): Promise<string> {
  const socket = await openSocket(base);
  const closed = once(socket, 'close');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write(bytes, 'latin1');
  await closed;
  return answer;
}

/** Resolves once what came over the connection matches; gives all of it. */
export async function readUntil(socket: Socket, pattern: RegExp): Promise<string> {
  let seen = '';
  for await (const [chunk] of iterate(socket)) {
    seen += chunk.toString('latin1');
    if (pattern.test(seen)) return seen;
  }
  throw new Error(`The connection ended before ${pattern}; it brought: ${seen}`);
}

async function* iterate(socket: Socket): AsyncGenerator<[Buffer]> {
  while (!socket.destroyed) {
    const abort = new AbortController();
    const data = once(socket, 'data', { signal: abort.signal }) as Promise<[Buffer]>;
    const end = once(socket, 'close', { signal: abort.signal }).then(() => null);
    const next = await Promise.race([data, end]);
    abort.abort();
    void data.catch(() => undefined);
    void end.catch(() => undefined);
    if (!next) return;
    yield next;
  }
}

/** Resolves once a stream is closed, in peace or not. */
export function closeOf(stream: Readable): Promise<void> {
  stream.on('error', () => undefined);
  return new Promise((resolve) => stream.once('close', () => resolve()));
}

async function bodyOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
