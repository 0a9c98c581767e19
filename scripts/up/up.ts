import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startEmbedded } from '../../migrations/databases/embedded.ts';
import type { EmbeddedServer } from '../../migrations/databases/embedded.ts';
import { fold } from '../../migrations/lifecycle/fold.ts';
import { ControlStore } from '../../migrations/lifecycle/store.ts';
import { refuseTaken } from '../../proxy/data-plane/lane/listen.ts';
import type { Config } from '../config/read.ts';
import { ConfigInForce, readToStart } from './in-force.ts';
import type { Part } from './parts.ts';
import { startControlPart, startProxyPart, startSyncPart, startWatchPart } from './parts.ts';
import { followConfig, refuseForgotten } from './reload.ts';
import type { PartName, PartToStart, Saying } from './supervised.ts';
import { STORE_URL, Supervised } from './supervised.ts';

const STARTERS: Readonly<Record<PartName, (config: Config, store: ControlStore) => Promise<Part>>> = {
  control: startControlPart,
  proxy: startProxyPart,
  sync: startSyncPart,
};

/** Longer than a proxy gives its running requests. */
const PORT_MS = 12_000;
const LOOK_MS = 200;

const hasChannel = process.send !== undefined;
/** Started by another `up`. A channel alone does not say so: the launcher of an old Node keeps one too. */
const hasParent = hasChannel && process.env[STORE_URL] !== undefined;

/**
 * Runs the product: the control API in this process, proxy and sync in processes of their own that are started
 * again when they end. With `only`, one part in this process; of a proxy that has several processes, each in one of its
 * own. Returns the exit code when it is told to stop.
 */
export async function up(options: { config: string; only?: PartName }): Promise<number> {
  try {
    return await run(options);
  } catch (error) {
    // Should it never come up, its parent can say why.
    await tellParent({ failed: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

async function run(options: { config: string; only?: PartName }): Promise<number> {
  const config = readToStart(options.config);
  const embedded = await startStore(config, options.only);
  const url = embedded?.url ?? process.env[STORE_URL] ?? config.control.store;
  const store = await ControlStore.open(url);
  try {
    refuseForgotten(config, fold(await store.entries()).values());
  } catch (error) {
    await store.close();
    await embedded?.server.stop();
    throw error;
  }
  const inForce = new ConfigInForce(config);
  const children: Supervised[] = [];
  const end = async (part: Part | null): Promise<void> => {
    await Promise.all(children.map((child) => child.stop()));
    await part?.close();
    await store.close();
    await embedded?.server.stop();
    inForce.forget();
  };
  let part: Part | null = null;
  try {
    const others = childrenOf(config, options.only);
    if (config.proxy.processes > 1 && others.length > 0) await untilFree(config.proxy.listen);
    for (const child of others) {
      children.push(
        new Supervised({
          ...child,
          config: options.config,
          storeUrl: url,
          environment: () => inForce.environment(),
        }),
      );
    }
    const isProxyAlone = options.only === 'proxy' && others.length > 0;
    part = await (isProxyAlone ? startWatchPart : STARTERS[options.only ?? 'control'])(config, store);
    // The output of a part that has a parent is for its access log alone: the parent says that it is ready.
    if (hasParent) await tellParent({ ready: part.ready });
    else if (part.ready) say(part.ready);
    // Those that share a port all say the same.
    const ready = await Promise.all(children.map((child) => child.ready));
    for (const line of new Set(ready)) say(line);
  } catch (error) {
    // Half a product is none: without this, proxy and sync would run on under a control API that is not there.
    await end(part);
    throw error;
  }
  if (!options.only) say('ready');
  const watch = followConfig(config, part, {
    taken: (next) => {
      inForce.keep(next);
      tell('the new configuration is in force');
    },
    refused: ({ message }) => tell(`the new configuration is refused, the old one stays:\n${message}`),
  });
  await toldToStop();
  watch.close();
  await end(part);
  // The open channel to the parent would keep this process alive.
  if (process.connected) process.disconnect();
  return 0;
}

type ChildPart = Pick<PartToStart, 'name' | 'number'>;

/** What runs in processes of its own. */
function childrenOf({ proxy }: Config, only: PartName | undefined): ChildPart[] {
  const proxies: ChildPart[] =
    proxy.processes === 1
      ? [{ name: 'proxy' }]
      : Array.from({ length: proxy.processes }, (_, i) => ({ name: 'proxy', number: i + 1 }));
  if (only === undefined) return [...proxies, { name: 'sync' }];
  return only === 'proxy' && !hasParent && proxies.length > 1 ? proxies : [];
}

/**
 * Waits until nobody listens there: those of before may still be ending.
 * @throws Error when they do not
 */
async function untilFree(address: string): Promise<void> {
  const giveUpAt = performance.now() + PORT_MS;
  for (;;) {
    try {
      return await refuseTaken(address);
    } catch (error) {
      const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
      if (cause?.code !== 'EADDRINUSE' || performance.now() > giveUpAt) throw error;
      await pause(LOOK_MS);
    }
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Resolves also when the parent is gone, or when there is none. */
function tellParent(saying: Saying): Promise<void> {
  return new Promise((resolve) => {
    if (hasParent && process.connected) process.send?.(saying, () => resolve());
    else resolve();
  });
}

/** What one part says for all: those with a parent leave it to the parent. */
const tell = (line: string): void => void (hasParent || process.stderr.write(`${line}\n`));

async function startStore(
  config: Config,
  only: PartName | undefined,
): Promise<{ server: EmbeddedServer; url: string } | null> {
  if (process.env[STORE_URL] || config.control.store !== 'embedded') return null;
  if (only === 'proxy' || only === 'sync') {
    throw new Error(
      `control.store is "embedded", which runs inside \`strangler up\`; to run "${only}" alone, give a PostgreSQL URL`,
    );
  }
  const folder = join(config.folder, '.strangler');
  await mkdir(folder, { recursive: true });
  const server = await startEmbedded(join(folder, 'control'));
  return { server, url: await server.database('strangler_control') };
}

/** A signal, or the end of the parent: parts must not go on without the one who restarts them. */
function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    if (!hasChannel) return;
    // It may have gone while this one was starting.
    if (process.connected) process.once('disconnect', () => resolve());
    else resolve();
  });
}
