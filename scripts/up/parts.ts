import pino from 'pino';
import type { Logger } from 'pino';
import { BackgroundVerify } from '../../migrations/lifecycle/background-verify.ts';
import { Coordinator } from '../../migrations/lifecycle/coordinator.ts';
import { Leadership } from '../../migrations/lifecycle/lead.ts';
import { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import { openTransport } from '../../migrations/transport/open.ts';
import type { DataPlaneConfig } from '../../proxy/data-plane/server.ts';
import { startProxy } from '../../proxy/data-plane/server.ts';
import { buildRouteTable } from '../../proxy/routes/table.ts';
import type { Config } from '../config/read.ts';
import { routesOf } from '../config/read.ts';
import { openCapabilities } from './capabilities.ts';
import { Contracts } from './contracts.ts';
import { cookieKeysOf } from './cookie-keys.ts';
import { fedMigrations, JournalFeed } from './feed.ts';
import { StoreFreshness } from './freshness.ts';
import { keepForgetting } from './forget-gone.ts';
import { serveControl } from './serve-control.ts';
import { WiredLifecycle } from './lifecycle.ts';
import { ofProcess, proxyConfigOf } from './proxy-config.ts';
import type { Reconfigurable } from './reload.ts';
import { inForceOf } from './reload.ts';
import { reportFindings, ShadowEvidence } from './shadow-evidence.ts';
import { slowestOfGroups } from './slowest-of-group.ts';
import { PROCESS_NUMBER } from './supervised.ts';
import { SyncParts } from './sync.ts';
import { ProgressNotes } from './note-progress.ts';
import { UsageTeller } from './usage.ts';
import { startTrafficGuard } from './traffic-guard.ts';
import { keepLookingAround } from './watch-quiet.ts';

/** One part of the product, running in this process. */
export interface Part extends Reconfigurable {
  /** What it says on the terminal once it is up. */
  ready: string;
  close(): Promise<void>;
}

const REPORT_MS = 1000;

const logger = (name: string): Logger =>
  pino({ name, level: process.env.STRANGLER_LOG_LEVEL ?? 'warn' }, pino.destination(2));

/** Says once, loudly, that the store has another journal than before; returns the follower. */
async function followJournal(store: ControlStore, part: string): Promise<JournalFollower> {
  const journal = await JournalFollower.start(store);
  const stop = journal.subscribe(() => {
    if (!journal.fork) return;
    stop();
    logger(part).error({ error: journal.fork }, journal.fork.message);
  });
  return journal;
}

/** The routing proxy. */
export async function startProxyPart(config: Config, store: ControlStore): Promise<Part> {
  const journal = await followJournal(store, 'proxy');
  const feed = await JournalFeed.start(store, journal, fedMigrations(config));
  let inForce = config;
  const freshness = new StoreFreshness(store, journal, (applied) => slowestOfGroups(inForce, applied));
  const cookieKeys = await cookieKeysOf(store, process.env);
  const contracts = new Contracts(config);
  const log = logger('proxy');
  const complain = (message: string): void => log.warn(message);
  const number = Number(process.env[PROCESS_NUMBER] ?? 1);
  const configOf = (config: Config): DataPlaneConfig => ofProcess(proxyConfigOf(config, complain), number);
  const proxy = await startProxy({
    config: configOf(config),
    contracts,
    feed,
    freshness,
    cookieKeys,
    logger: log,
  });
  const findings = reportFindings(store, feed.id, proxy);
  const usage = new UsageTeller(store, () => proxy.takeUsage());
  const report = setInterval(() => {
    void usage.tell();
    void store.report(`traffic:${feed.id}`, proxy.stats()).catch(() => undefined);
    void findings();
  }, REPORT_MS);
  return {
    ready: `proxy      ${proxy.url}`,
    inForce: () => inForceOf(journal),
    reconfigure: (next) => {
      // Whatever can fail comes first: a picture of migrations that the proxy has no routes for must not stay.
      const config = configOf(next);
      feed.show(fedMigrations(next));
      inForce = next;
      proxy.reconfigure(config);
      contracts.reconfigure(next);
    },
    close: async () => {
      clearInterval(report);
      await proxy.close();
      contracts.close();
      await usage.tell();
      await freshness.close();
      await feed.close();
      await journal.close();
    },
  };
}

/** Nothing but an eye on the journal, for a process whose parts all run in others. */
export async function startWatchPart(_config: Config, store: ControlStore): Promise<Part> {
  const journal = await followJournal(store, 'proxy');
  return {
    ready: '',
    inForce: () => inForceOf(journal),
    // What those others would refuse must not be taken for what is in force.
    reconfigure: (next) => void proxyConfigOf(next),
    close: () => journal.close(),
  };
}

/** The sync of every migration that has tables. */
export async function startSyncPart(config: Config, store: ControlStore): Promise<Part> {
  const journal = await followJournal(store, 'sync');
  const capabilities = openCapabilities(config);
  const sync = new SyncParts(store, journal, capabilities, openTransport(config.transport), logger('sync'));
  sync.start();
  return {
    ready: 'sync       running',
    inForce: () => inForceOf(journal),
    reconfigure: (next) => {
      capabilities.reconfigure(next);
      sync.follow();
    },
    close: async () => {
      await sync.close();
      await journal.close();
      await capabilities.close();
    },
  };
}

/** Control API, dashboard and the coordinator behind them. */
export async function startControlPart(config: Config, store: ControlStore): Promise<Part> {
  const journal = await followJournal(store, 'control');
  const capabilities = openCapabilities(config);
  const shadow = new ShadowEvidence(config, store, journal);
  const leadership: Leadership = new Leadership(store, () => coordinator.resume('strangler'), journal);
  const coordinator: Coordinator = new Coordinator({
    store,
    journal,
    capabilities,
    shadowOf: (migration) => shadow.counts(migration),
    recordedOf: (migration) => shadow.recorded(migration),
    isLeading: () => leadership.isLeading(),
  });
  await leadership.decided;
  const table = buildRouteTable(routesOf(config));
  const log = logger('control');
  const isLeading = (): boolean => leadership.isLeading();
  const { guard, ...guarding } = startTrafficGuard({
    config,
    store,
    journal,
    coordinator,
    isLeading,
    logger: log,
  });
  const progress = new ProgressNotes(store, journal, table, isLeading);
  const stopForgetting = keepForgetting(store, journal, isLeading);
  const stopLooking = keepLookingAround({ store, journal, capabilities }, isLeading);
  const background = new BackgroundVerify({
    ...{ store, journal, capabilities, isLeading },
    onFailure: (migration, error) => log.warn({ migration, error }, 'the comparison by itself failed'),
  });
  background.start();
  const parts = { config, table, store, journal, coordinator, guard, shadow, background };
  const lifecycle = new WiredLifecycle(parts);
  const control = await serveControl(config, store, lifecycle, log);
  return {
    ready: `dashboard  ${control.url}`,
    inForce: () => inForceOf(journal),
    reconfigure: (next) => {
      capabilities.reconfigure(next);
      guarding.reconfigure(next);
      shadow.reconfigure(next);
      const table = buildRouteTable(routesOf(next));
      lifecycle.reconfigure(next, table);
      progress.reconfigure(table);
    },
    close: async () => {
      progress.close();
      stopForgetting();
      stopLooking();
      await guard.close();
      await background.close();
      await leadership.close();
      lifecycle.close();
      await control.close();
      await journal.close();
      await capabilities.close();
    },
  };
}
