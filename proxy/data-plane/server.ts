import type { RouteTable } from '../routes/table.ts';
import { Admission } from './admit/admit.ts';
import { Arms } from './canary/arms.ts';
import type { CanarySettings } from './canary/schema.ts';
import type { Exchange, Problem } from './exchange.ts';
import { Follower } from './hold/follow.ts';
import { HoldQueue } from './hold/hold.ts';
import { RunningWrites } from './hold/running-writes.ts';
import type { EdgeParts } from './lane/edge.ts';
import { createForwarder } from './lane/forward.ts';
import { TrustedProxies } from './lane/forwarded.ts';
import { openFront } from './lane/listen.ts';
import { Traffic } from './observe/observe.ts';
import { Observers, type ProxyLogger } from './observe/observers.ts';
import { carryOut, type Parts } from './pipeline.ts';
import type { ProxySettings } from './schema.ts';
import { createAsker } from './shadow/ask.ts';
import type { ShadowSettings } from './shadow/schema.ts';
import { ShadowReads } from './shadow/shadow.ts';
import type { StandingsFeed } from './standing.ts';
import { statsOf, type ProxyStats } from './stats.ts';
import { Upstreams, type UpstreamSettings } from './upstreams/upstreams.ts';

/** What strangler.yaml says to the data plane, complete with defaults. */
export interface DataPlaneConfig {
  table: RouteTable;
  proxy: ProxySettings;
  canary: CanarySettings;
  upstreams: UpstreamSettings;
  /** By migration; each that has a route has an entry. */
  migrations: Readonly<Record<string, MigrationSettings>>;
}

export interface MigrationSettings {
  /** How long the window is in which the reads of both sides are compared. */
  armsWindowMs: number;
  shadow: ShadowSettings;
}

export interface ProxyOptions {
  config: DataPlaneConfig;
  feed: StandingsFeed;
  logger: ProxyLogger;
}

export interface RunningProxy {
  /** With the port that it really listens on. */
  url: string;
  stats(): ProxyStats;
  /** From the next request on, everything goes by the new configuration; running requests end by the old one. */
  reconfigure(config: DataPlaneConfig): void;
  /** Resolves once no comparison of a mirrored read waits or runs. */
  shadowSettled(): Promise<void>;
  /** Takes no new connections, lets running requests end (at most `graceMs`, 10 s), then closes everything. */
  close(graceMs?: number): Promise<void>;
}

const DEFECT: Problem = {
  status: 500,
  title: 'The proxy failed',
  detail: 'This is a defect of the proxy; its log says more. Look before sending a write again.',
};

const GRACE_MS = 10_000;

/** Starts the proxy's general lane. */
export async function startProxy({ config, feed, logger }: ProxyOptions): Promise<RunningProxy> {
  const state = { closing: false };
  const parts = assemble(config, feed, logger);
  const edge: EdgeParts = {
    forwarder: createForwarder(config.proxy.timeouts),
    trusted: new TrustedProxies(config.proxy.trustedProxies),
    isClosing: () => state.closing,
    carryOut: (exchange) => carryOutSafely(exchange, parts, logger),
  };
  parts.shadow.follow(feed.current());
  compareArms(parts, config);
  const unsubscribe = feed.subscribe((standings) => {
    parts.follower.follow(standings);
    parts.shadow.follow(standings);
    parts.observers.traffic.follow(standings);
    parts.held.lookAgain();
  });
  const front = await openFront(config.proxy.listen, edge);
  logger.info({ url: front.url, routes: config.table.routes.length }, 'proxy listens');
  return {
    url: front.url,
    stats: () => statsOf(parts),
    reconfigure: (next) => reconfigure(parts, edge, next),
    shadowSettled: () => parts.shadow.settled(),
    close: async (graceMs = GRACE_MS) => {
      state.closing = true;
      await front.close(graceMs);
      unsubscribe();
      parts.shadow.close();
      parts.upstreams.close();
      edge.forwarder.close();
    },
  };
}

function assemble(config: DataPlaneConfig, feed: StandingsFeed, logger: ProxyLogger): Parts {
  const { table, proxy } = config;
  const running = new RunningWrites();
  const upstreams = new Upstreams(config.upstreams);
  return {
    table,
    feed,
    running,
    follower: new Follower(feed, running),
    held: new HoldQueue(proxy.hold),
    admission: new Admission(),
    arms: new Arms(config.canary),
    upstreams,
    observers: new Observers(new Traffic(Object.keys(config.migrations)), logger),
    shadow: new ShadowReads({ asker: createAsker(), upstreams, settings: shadowSettings(config) }),
  };
}

/** Nobody sees half of it: no request is looked at in between. */
function reconfigure(parts: Parts, edge: EdgeParts, config: DataPlaneConfig): void {
  parts.table = config.table;
  parts.held.configure(config.proxy.hold);
  parts.arms.configure(config.canary);
  parts.upstreams.configure(config.upstreams);
  parts.shadow.configure(shadowSettings(config));
  compareArms(parts, config);
  edge.trusted = new TrustedProxies(config.proxy.trustedProxies);
  edge.forwarder.configure(config.proxy.timeouts);
}

function compareArms({ observers, feed }: Parts, { migrations }: DataPlaneConfig): void {
  observers.traffic.configure((migration) => migrations[migration]?.armsWindowMs, feed.current());
}

function shadowSettings({ migrations, proxy }: DataPlaneConfig) {
  return {
    of: (migration: string) => migrations[migration]?.shadow,
    timeoutMs: proxy.timeouts.firstByteMs,
  };
}

async function carryOutSafely(exchange: Exchange, parts: Parts, logger: ProxyLogger): Promise<void> {
  try {
    await carryOut(exchange, parts);
  } catch (error) {
    const { method, target } = exchange.request;
    logger.error({ method, path: target.path, error }, 'a stage failed; this is a defect of the proxy');
    if (!exchange.outcome) await exchange.carrier.refuse(DEFECT, []);
  }
}
