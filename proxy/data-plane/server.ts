import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { canarySchema, shadowSchema } from '../routes/schema.ts';
import type { CanarySettings, ProxySettings, ShadowSettings } from '../routes/schema.ts';
import type { RouteTable } from '../routes/table.ts';
import { createAsker } from './ask.ts';
import { isSecure, receive, receiveUpgrade, type EdgeParts } from './edge.ts';
import type { Exchange, Problem } from './exchange.ts';
import { Follower } from './follow.ts';
import { createForwarder } from './forward.ts';
import { TrustedProxies } from './forwarded.ts';
import { HoldQueue } from './hold.ts';
import { Traffic } from './observe.ts';
import { carryOut, type Parts } from './pipeline.ts';
import { RunningWrites } from './running-writes.ts';
import { ShadowReads } from './shadow.ts';
import type { StandingsFeed } from './standing.ts';
import { statsOf, type ProxyStats } from './stats.ts';

/** Where the sides listen; services by the names that the route table uses. */
export interface Upstreams {
  monolith: string;
  services: Readonly<Record<string, string>>;
}

export interface DataPlaneSettings {
  proxy: ProxySettings;
  canary?: CanarySettings;
  /** By migration; a migration without an entry compares with the defaults. */
  shadow?: Readonly<Record<string, ShadowSettings>>;
}

/** The part of a pino logger that the data plane uses. */
export interface ProxyLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ProxyOptions {
  table: RouteTable;
  feed: StandingsFeed;
  upstreams: Upstreams;
  settings: DataPlaneSettings;
  logger: ProxyLogger;
}

export interface RunningProxy {
  /** With the port that it really listens on. */
  url: string;
  stats(): ProxyStats;
  /** Resolves once no comparison of a mirrored read waits or runs. */
  shadowSettled(): Promise<void>;
  /** Takes no new connections, lets running requests end (at most `graceMs`, 10 s), then closes everything. */
  close(graceMs?: number): Promise<void>;
}

/** A service that a route names and nobody gave an address for. */
class UnknownServiceError extends Error {
  constructor(service: string, migration: string) {
    super(
      `Migration "${migration}" routes to service "${service}", which has no url. Add it to the services.`,
    );
    this.name = 'UnknownServiceError';
  }
}

const DEFECT: Problem = {
  status: 500,
  title: 'The proxy failed',
  detail: 'This is a defect of the proxy; its log says more. Look before sending a write again.',
};

const GRACE_MS = 10_000;
const KEEP_ALIVE_MS = 65_000;

/** Starts the proxy's general lane: any request that node:http can read. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const { table, feed, settings, logger } = options;
  const state = { closing: false };
  const upstreams = readUpstreams(options);
  const trusted = new TrustedProxies(settings.proxy.trustedProxies);
  const forwarder = createForwarder(settings.proxy.timeouts);
  const parts = assemble(options, upstreams, trusted);
  const edge: EdgeParts = {
    forwarder,
    trusted,
    targetOf: (exchange) => targetOf(exchange, upstreams),
    isClosing: () => state.closing,
    carryOut: (exchange) => carryOutAndLog(exchange, parts, logger),
  };
  parts.shadow.follow(feed.current());
  const unsubscribe = feed.subscribe((standings) => {
    parts.follower.follow(standings);
    parts.shadow.follow(standings);
    parts.held.lookAgain();
  });
  const { server, upgraded } = createHttpServer(edge);
  const url = await listen(server, settings.proxy.listen);
  logger.info({ url, routes: table.routes.length }, 'proxy listens');
  return {
    url,
    stats: () => statsOf(parts),
    shadowSettled: () => parts.shadow.settled(),
    close: async (graceMs = GRACE_MS) => {
      state.closing = true;
      await closeServer(server, upgraded, graceMs);
      unsubscribe();
      parts.shadow.close();
      forwarder.close();
    },
  };
}

function assemble(options: ProxyOptions, upstreams: UpstreamUrls, trusted: TrustedProxies): Parts {
  const { table, feed, settings } = options;
  const running = new RunningWrites();
  const defaults = shadowSchema.parse({});
  return {
    table,
    feed,
    running,
    follower: new Follower(feed, running),
    held: new HoldQueue(settings.proxy.hold),
    traffic: new Traffic(table.routes.map((route) => route.migration)),
    canary: settings.canary ?? canarySchema.parse({}),
    isSecure: (exchange) => isSecure(exchange, trusted),
    shadow: new ShadowReads({
      asker: createAsker(),
      monolith: upstreams.monolith,
      serviceOf: (service) => upstreams.services.get(service) ?? upstreams.monolith,
      settingsOf: (migration) => settings.shadow?.[migration] ?? defaults,
      timeoutMs: settings.proxy.timeouts.firstByteMs,
    }),
  };
}

interface UpstreamUrls {
  monolith: URL;
  services: ReadonlyMap<string, URL>;
}

function readUpstreams({ table, upstreams }: ProxyOptions): UpstreamUrls {
  const services = new Map(Object.entries(upstreams.services).map(([name, url]) => [name, new URL(url)]));
  for (const { service, migration } of table.routes) {
    if (!services.has(service)) throw new UnknownServiceError(service, migration);
  }
  return { monolith: new URL(upstreams.monolith), services };
}

function targetOf({ match, decision }: Exchange, upstreams: UpstreamUrls): URL {
  const service = match && decision.side === 'service' ? upstreams.services.get(match.service) : undefined;
  return service ?? upstreams.monolith;
}

async function carryOutAndLog(exchange: Exchange, parts: Parts, logger: ProxyLogger): Promise<void> {
  const { method, target } = exchange.request;
  try {
    await carryOut(exchange, parts);
    const { side, reason, epoch } = exchange.decision;
    const migration = exchange.match?.migration ?? null;
    const status = exchange.outcome?.status;
    logger.debug({ method, path: target.path, migration, side, reason, epoch, status }, 'answered');
  } catch (error) {
    logger.error({ method, path: target.path, error }, 'a stage failed; this is a defect of the proxy');
    if (!exchange.outcome) await exchange.carrier.refuse(DEFECT);
  }
}

function createHttpServer(edge: EdgeParts): { server: Server; upgraded: Set<Socket> } {
  const upgraded = new Set<Socket>();
  const server = createServer(
    {
      insecureHTTPParser: false,
      requireHostHeader: true,
      maxHeaderSize: 16 * 1024,
      headersTimeout: 15_000,
      requestTimeout: 300_000,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
      // Some clients offer HTTP/2 with every plain request; that offer is declined, not refused.
      shouldUpgradeCallback: (req) =>
        req.method === 'GET' && req.headers.upgrade?.toLowerCase() === 'websocket',
    },
    (req, res) => receive(req, res, false, edge),
  );
  server.on('checkContinue', (req, res) => receive(req, res, true, edge));
  server.on('upgrade', (req, socket, head) => {
    upgraded.add(socket as Socket);
    socket.once('close', () => upgraded.delete(socket as Socket));
    receiveUpgrade(req, socket as Socket, head, edge);
  });
  return { server, upgraded };
}

function listen(server: Server, address: string): Promise<string> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(address.slice(colon + 1)), host.replace(/^\[|\]$/g, ''), () => {
      server.off('error', reject);
      resolve(`http://${host}:${(server.address() as AddressInfo).port}`);
    });
  });
}

async function closeServer(server: Server, upgraded: Set<Socket>, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of upgraded) socket.end();
  const deadline = setTimeout(() => {
    server.closeAllConnections();
    for (const socket of upgraded) socket.destroy();
  }, graceMs);
  await closed;
  clearTimeout(deadline);
}
