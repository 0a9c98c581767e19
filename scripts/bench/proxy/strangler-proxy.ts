import pino from 'pino';
import { UNASKED } from '../../../proxy/data-plane/canary/freshness.ts';
import { startProxy } from '../../../proxy/data-plane/server.ts';
import type { ProxyStats } from '../../../proxy/data-plane/stats.ts';
import type { Standing, StandingsFeed } from '../../../proxy/data-plane/standing.ts';
import { readConfig } from '../../config/read.ts';
import { proxyConfigOf } from '../../up/proxy-config.ts';

/** How the product's proxy is set up for one contender. */
export interface Variant {
  upstream: string;
  stage: Standing['stage'];
  /** Routes in the table, of which one is asked for. */
  routes: number;
  /** Percent of reads that are compared. */
  shadow: number;
  /** What stands under `proxy:` besides. */
  proxy: Record<string, unknown>;
}

/** What became of the reads that were offered for comparison so far. */
export interface Shadowed {
  compared: number;
  offered: number;
}

// The data plane alone: a journal that never changes stands in for the control store.
process.once('message', (variant: Variant) => void start(variant));
process.once('disconnect', () => process.exit());

async function start({ upstream, stage, routes, shadow, proxy }: Variant): Promise<void> {
  const settings = {
    version: 1,
    monolith: { url: upstream },
    services: { catalog: { url: upstream } },
    proxy: { listen: '127.0.0.1:0', ...proxy },
    migrations: {
      catalog: { service: 'catalog', routes: routesFor(routes), shadow: { sample: shadow } },
    },
  };
  // JSON is YAML as well.
  const config = readConfig('strangler.yaml', {}, JSON.stringify(settings));
  const standing: Standing = {
    migration: 'catalog',
    stage,
    owner: 'monolith',
    epoch: 1,
    stageSeq: 1,
    weight: 50,
    holdWrites: false,
    isFenced: true,
    shadowSince: null,
    ignored: [],
  };
  const standings = { seq: 1, byMigration: new Map([['catalog', standing]]) };
  const feed: StandingsFeed = {
    current: () => standings,
    subscribe: () => () => undefined,
    leaseIsLive: () => true,
    acknowledge: () => undefined,
  };
  const logger = pino({ level: 'error' }, pino.destination(2));
  const running = await startProxy({
    config: proxyConfigOf(config),
    feed,
    freshness: UNASKED,
    cookieKeys: ['a key of the benchmark'],
    logger,
  });
  process.send?.({ port: Number(new URL(running.url).port) });
  process.on('message', () => process.send?.(shadowedBy(running.stats())));
}

function shadowedBy({ migrations }: ProxyStats): Shadowed {
  const { compared = 0, dropped = 0 } = migrations.catalog?.shadow ?? {};
  return { compared, offered: compared + dropped };
}

function routesFor(count: number): string[] {
  const others = Array.from({ length: count - 1 }, (_, each) => `GET /api/collection-${each}/{id}`);
  return [...others, 'GET /api/products/{id}'];
}
