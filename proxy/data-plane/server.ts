import { setFlagsFromString } from 'node:v8';
import type { RouteTable } from '../routes/table.ts';
import { Admission, type AdmissionSettings, type MigrationDuties } from './admit/admit.ts';
import { Arms, type CanaryOfMigration } from './canary/arms.ts';
import type { Freshness } from './canary/freshness.ts';
import type { CanarySettings } from './canary/schema.ts';
import type { Exchange, Problem } from './exchange.ts';
import { Follower } from './hold/follow.ts';
import { HoldQueue } from './hold/hold.ts';
import { RunningWrites } from './hold/running-writes.ts';
import type { EdgeParts } from './lane/edge.ts';
import { Connections } from './lane/connections.ts';
import { createForwarder } from './lane/forward.ts';
import { TrustedProxies } from './lane/forwarded.ts';
import { openFront } from './lane/listen.ts';
import type { OutgoingSettings, UpstreamHosts } from './lane/outgoing.ts';
import { LaneCounts } from './observe/lanes.ts';
import { MetricsEndpoint, type Shown } from './observe/metrics/endpoint.ts';
import { renderMetrics } from './observe/metrics/render.ts';
import { Traffic } from './observe/observe.ts';
import { Observers, type ObserverSettings, type ProxyLogger } from './observe/observers.ts';
import type { UsageReport } from './observe/usage.ts';
import type { TraceSettings } from './observe/traces/trace-settings.ts';
import { carryOut, type Parts } from './pipeline.ts';
import type { ProxySettings } from './schema.ts';
import { createAsker } from './shadow/ask.ts';
import type { ShadowFindings } from './shadow/mirror.ts';
import type { ContractCheck } from './shadow/recorded.ts';
import type { ShadowSettings } from './shadow/schema.ts';
import { ShadowReads } from './shadow/shadow.ts';
import type { StandingsFeed } from './standing.ts';
import { statsOf, type ProxyStats } from './stats.ts';
import { Agents } from './tls/agents.ts';
import { Tls, type TlsSettings } from './tls/tls.ts';
import { Upstreams, type UpstreamSettings } from './upstreams/upstreams.ts';

/** What strangler.yaml says to the data plane, complete with defaults. */
export interface DataPlaneConfig {
  table: RouteTable;
  proxy: ProxySettings;
  /** Put together from `proxy.traces` and the environment; null when nobody collects them. */
  traces: TraceSettings | null;
  canary: CanarySettings;
  upstreams: UpstreamSettings;
  /** Which Host each side is told, where no route says it. */
  upstreamHosts: UpstreamHosts;
  /** By migration; each that has a route has an entry. */
  migrations: Readonly<Record<string, MigrationSettings>>;
}

export interface MigrationSettings extends MigrationDuties, CanaryOfMigration {
  /** How long the window is in which the reads of both sides are compared. */
  armsWindowMs: number;
  shadow: ShadowSettings;
}

export interface ProxyOptions {
  config: DataPlaneConfig;
  feed: StandingsFeed;
  freshness: Freshness;
  /** Keys that sign cookies, the same at every proxy: the newest, then those of before. */
  cookieKeys: readonly [string, ...string[]];
  /** Holds recorded answers to their contracts; nobody does when left out. */
  contracts?: ContractCheck;
  logger: ProxyLogger;
}

export interface RunningProxy {
  /** With the port that it really listens on. */
  url: string;
  /** Where metrics and probes are shown; null while they are not. */
  metricsUrl(): string | null;
  stats(): ProxyStats;
  /** Which routes were asked for since the last call. */
  takeUsage(): UsageReport;
  /** From the next request on, everything goes by the new configuration; running requests end by the old one. */
  reconfigure(config: DataPlaneConfig): void;
  /** Resolves once no comparison of a mirrored read waits or runs. */
  shadowSettled(): Promise<void>;
  /** A number that changes whenever the findings of the comparisons do. */
  shadowRevision(): number;
  /** What the comparisons found, with examples, by migration. */
  shadowFindings(): Record<string, ShadowFindings>;
  /** Takes no new connections, lets running requests end (at most `graceMs`, 10 s), then closes everything. */
  close(graceMs?: number): Promise<void>;
}

const DEFECT: Problem = {
  status: 500,
  title: 'The proxy failed',
  detail: 'This is a defect of the proxy; its log says more. Look before sending a write again.',
};

const GRACE_MS = 10_000;

/**
 * What survives while many requests are under way at once makes V8 believe that all of its kind lives long, and puts it
 * among the old from then on; there it is garbage all the same, and costs more. Of requests that is never so.
 */
setFlagsFromString('--no-allocation-site-pretenuring');

/** Starts the proxy: the general lane, and the fast one before it where the configuration says so. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const { config, feed, logger } = options;
  const state = { closing: false };
  const tls = new Tls(tlsSettings(config), logger);
  const parts = assemble(options, tls);
  const edge: EdgeParts = {
    forwarder: createForwarder(new Connections(tls.upstream)),
    settings: laneSettings(config),
    trusted: new TrustedProxies(config.proxy.trustedProxies),
    isClosing: () => state.closing,
    lanes: new LaneCounts(),
    carryOut: (exchange) =>
      carryOut(exchange, parts, (error) => void answerForDefect(exchange, parts, logger, error)),
  };
  parts.shadow.follow(feed.current());
  compareArms(parts, config);
  const unsubscribe = feed.subscribe((standings) => {
    parts.follower.follow(standings);
    parts.shadow.follow(standings);
    parts.observers.traffic.follow(standings);
    parts.held.lookAgain();
  });
  const metrics = new MetricsEndpoint(shownOf(parts, edge), logger);
  const front = await openFront(config.proxy.listen, config.proxy.processes > 1, edge, tls);
  await metrics.open(config.proxy.metrics).catch(async (error: unknown) => {
    await front.close(0);
    throw error;
  });
  logger.info({ url: front.url, routes: config.table.routes.length }, 'proxy listens');
  return {
    url: front.url,
    metricsUrl: () => metrics.url,
    stats: () => statsOf(parts),
    takeUsage: () => parts.observers.usage.take(),
    reconfigure: (next) => {
      tls.configure(tlsSettings(next));
      reconfigure(parts, edge, next);
      front.configure(next.proxy.clients);
      metrics.configure(next.proxy.metrics);
    },
    shadowSettled: () => parts.shadow.settled(),
    shadowRevision: () => parts.shadow.revision,
    shadowFindings: () => parts.shadow.findings(),
    close: async (graceMs = GRACE_MS) => {
      state.closing = true;
      await front.close(graceMs);
      unsubscribe();
      parts.admission.close();
      parts.arms.close();
      parts.shadow.close();
      parts.upstreams.close();
      edge.forwarder.close();
      tls.close();
      await metrics.close();
      await parts.observers.close();
    },
  };
}

function assemble(options: ProxyOptions, tls: Tls): Parts {
  const { config, feed, freshness, cookieKeys, logger, contracts = null } = options;
  const { table, proxy } = config;
  const running = new RunningWrites();
  const follower = new Follower(feed, running);
  const armsParts = {
    freshness,
    cookieKeys,
    newest: () => follower.newest(),
    leaseIsLive: () => feed.leaseIsLive(),
  };
  const checks = new Agents(tls.upstream, { keepAlive: false });
  const upstreams = new Upstreams(config.upstreams, {
    logger,
    agentFor: (address) => checks.agentFor(address),
  });
  return {
    table,
    feed,
    running,
    follower,
    held: new HoldQueue(proxy.hold),
    admission: new Admission(admissionSettings(config), logger),
    arms: new Arms(armsParts, config.canary, config.migrations),
    upstreams,
    observers: new Observers(new Traffic(Object.keys(config.migrations)), observerSettings(config), logger),
    shadow: new ShadowReads({
      asker: createAsker(tls.upstream),
      contracts,
      upstreams,
      settings: shadowSettings(config),
    }),
  };
}

/** Nobody sees half of it: no request is looked at in between. */
function reconfigure(parts: Parts, edge: EdgeParts, config: DataPlaneConfig): void {
  parts.table = config.table;
  parts.admission.configure(admissionSettings(config));
  parts.held.configure(config.proxy.hold);
  parts.arms.configure(config.canary, config.migrations);
  parts.upstreams.configure(config.upstreams);
  parts.shadow.configure(shadowSettings(config));
  compareArms(parts, config);
  parts.observers.configure(observerSettings(config));
  edge.settings = laneSettings(config);
  edge.trusted = new TrustedProxies(config.proxy.trustedProxies);
}

function compareArms({ observers, feed }: Parts, { migrations }: DataPlaneConfig): void {
  observers.traffic.configure((migration) => migrations[migration]?.armsWindowMs, feed.current());
}

function tlsSettings({ proxy, upstreams }: DataPlaneConfig): TlsSettings {
  return { front: proxy.tls, upstreams };
}

function admissionSettings({ table, proxy, migrations }: DataPlaneConfig): AdmissionSettings {
  return { table, migrations, rateLimits: proxy.rateLimits, jwt: proxy.jwt ?? null };
}

function laneSettings({ proxy, upstreamHosts }: DataPlaneConfig): OutgoingSettings {
  return { timeouts: proxy.timeouts, clients: proxy.clients, upstreamHosts, fastLane: proxy.fastLane };
}

function shadowSettings({ migrations, proxy, upstreamHosts }: DataPlaneConfig) {
  return {
    of: (migration: string) => migrations[migration]?.shadow,
    timeoutMs: proxy.timeouts.firstByteMs,
    upstreamHosts,
  };
}

function observerSettings({ proxy, traces }: DataPlaneConfig): ObserverSettings {
  const { metrics, accessLog, requestId, trustedProxies } = proxy;
  return { metrics, traces, accessLog, requestId, trustedProxies };
}

/** Everything is read out at the moment in which somebody asks. */
function shownOf(parts: Parts, edge: EdgeParts): Shown {
  return {
    metrics: () =>
      renderMetrics({
        requests: parts.observers.counts,
        lanes: edge.lanes,
        stats: statsOf(parts),
        standings: parts.follower.newest(),
        leaseIsLive: parts.feed.leaseIsLive(),
      }),
    notReadyBecause: () => {
      if (edge.isClosing()) return 'The proxy is closing.';
      return parts.feed.leaseIsLive()
        ? null
        : 'The lease ran out: a move may have been missed, and what stands here is the last that was known.';
    },
  };
}

async function answerForDefect(
  exchange: Exchange,
  parts: Parts,
  logger: ProxyLogger,
  error: unknown,
): Promise<void> {
  const { method, target } = exchange.request;
  logger.error({ method, path: target.path, error }, 'a stage failed; this is a defect of the proxy');
  if (exchange.outcome) return;
  exchange.problem = DEFECT;
  exchange.outcome = await exchange.carrier.refuse(DEFECT, []);
  parts.observers.end(exchange);
}
