import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { startEmbedded } from '../../migrations/databases/embedded.ts';
import type { EmbeddedServer } from '../../migrations/databases/embedded.ts';
import { fold } from '../../migrations/lifecycle/fold.ts';
import { ControlStore } from '../../migrations/lifecycle/store.ts';
import type { Config } from '../config/read.ts';
import { ConfigInForce, readToStart } from './in-force.ts';
import type { Part } from './parts.ts';
import { startControlPart, startProxyPart, startSyncPart } from './parts.ts';
import { followConfig, refuseForgotten } from './reload.ts';

type PartName = 'control' | 'proxy' | 'sync';

const STARTERS: Readonly<Record<PartName, (config: Config, store: ControlStore) => Promise<Part>>> = {
  control: startControlPart,
  proxy: startProxyPart,
  sync: startSyncPart,
};

/** Tells a part which store its parent opened. */
const STORE_URL = 'STRANGLER_STORE_URL';

const hasChannel = process.send !== undefined;
/** Started by another `up`. A channel alone does not say so: the launcher of an old Node keeps one too. */
const hasParent = hasChannel && process.env[STORE_URL] !== undefined;

/** Longer than a proxy gives its running requests. */
const STOP_MS = 15_000;
const RESTART_MS = [100, 500, 2000, 5000];

/**
 * Runs the product: the control API in this process, proxy and sync in processes of their own that are started
 * again when they end. With `only`, one part in this process. Returns the exit code when it is told to stop.
 */
export async function up(options: { config: string; only?: PartName }): Promise<number> {
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
  const inForce = options.only ? null : new ConfigInForce(config);
  const children = inForce
    ? (['proxy', 'sync'] as const).map((part) => new Supervised(part, options.config, url, inForce))
    : [];
  const part = await STARTERS[options.only ?? 'control'](config, store).catch(async (error: unknown) => {
    // Half a product is none: without this, proxy and sync would run on under a control API that is not there.
    await Promise.all(children.map((child) => child.stop()));
    await store.close();
    await embedded?.server.stop();
    inForce?.forget();
    throw error;
  });
  if (hasParent) process.send?.({ ready: part.ready });
  // The output of a part that has a parent is for its access log alone: the parent says that it is ready.
  else say(part.ready);
  for (const child of children) say(await child.ready);
  if (!options.only) say('ready');
  const watch = followConfig(config, part, {
    taken: (next) => {
      inForce?.keep(next);
      tell('the new configuration is in force');
    },
    refused: ({ message }) => tell(`the new configuration is refused, the old one stays:\n${message}`),
  });
  await toldToStop();
  watch.close();
  await Promise.all(children.map((child) => child.stop()));
  await part.close();
  await store.close();
  await embedded?.server.stop();
  inForce?.forget();
  // The open channel to the parent would keep this process alive.
  if (process.connected) process.disconnect();
  return 0;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

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

/** A part in a process of its own, started again whenever it ends. */
class Supervised {
  readonly ready: Promise<string>;
  private readonly part: PartName;
  private readonly inForce: ConfigInForce;
  private readonly config: string;
  private readonly storeUrl: string;
  private child: ChildProcess | null = null;
  private failures = 0;
  private isStopping = false;
  private becomeReady: (line: string) => void = () => undefined;

  constructor(part: PartName, config: string, storeUrl: string, inForce: ConfigInForce) {
    this.inForce = inForce;
    this.part = part;
    this.config = config;
    this.storeUrl = storeUrl;
    this.ready = new Promise((resolve) => (this.becomeReady = resolve));
    this.run();
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(impatience);
  }

  private run(): void {
    const entry = join(import.meta.dirname, '..', `strangler${extname(import.meta.filename)}`);
    const child = fork(entry, ['up', '--only', this.part, '--config', this.config], {
      env: { ...process.env, ...this.inForce.environment(), [STORE_URL]: this.storeUrl },
      // What a part writes to its output is its access log, should it be told to write it there.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.child = child;
    child.on('message', (said: { ready?: string }) => {
      this.failures = 0;
      this.becomeReady(said.ready ?? '');
    });
    child.once('exit', (code, signal) => {
      if (this.isStopping) return;
      const delay = RESTART_MS[Math.min(this.failures, RESTART_MS.length - 1)] ?? 0;
      this.failures += 1;
      process.stderr.write(`${this.part} ended (${signal ?? code}); starting it again in ${delay} ms\n`);
      setTimeout(() => this.isStopping || this.run(), delay);
    });
  }
}
