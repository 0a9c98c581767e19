import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePorts } from './free-ports.ts';
import type { MigrationStatus } from '../../proxy/control/lifecycle.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const REFUSED = 3;
const PATIENCE_MS = 60_000;
/** No command may take longer, whatever it waits for. */
const COMMAND_MS = 120_000;
const run = promisify(execFile);

/** The reference shop and the product, as real processes on databases of their own. */
export class RunningShop {
  /** The configuration that product and commands are given. */
  config = 'legacy-monolith/strangler.yaml';
  readonly env: NodeJS.ProcessEnv;
  readonly monolith: pg.Client;
  readonly service: pg.Client;
  private readonly folder: string;
  private readonly apps: ChildProcess[] = [];
  private product: ChildProcess | null = null;
  private productSaid: () => string = () => '';

  private constructor(env: NodeJS.ProcessEnv, monolith: pg.Client, service: pg.Client, folder: string) {
    this.env = env;
    this.monolith = monolith;
    this.service = service;
    this.folder = folder;
  }

  /**
   * Imports `lines` invoice lines and starts monolith and catalog, with the cart service if asked for; the product is
   * started by `up`.
   */
  static async start(lines: number, { withCart = false } = {}): Promise<RunningShop> {
    const [shop, catalog, control, cart] = await Promise.all([0, 1, 2, 3].map(() => newDatabase()));
    const [monolithPort, catalogPort, proxyPort, controlPort, cartPort, stepsPort] = await freePorts(6);
    const steps = `http://127.0.0.1:${stepsPort}`;
    const env = {
      ...process.env,
      MONOLITH_DATABASE_URL: shop,
      CATALOG_DATABASE_URL: catalog,
      CART_DATABASE_URL: cart,
      CONTROL_STORE: control,
      MONOLITH_URL: `http://127.0.0.1:${monolithPort}`,
      CATALOG_URL: `http://127.0.0.1:${catalogPort}`,
      CART_URL: `http://127.0.0.1:${cartPort}`,
      SHOP_URL: `http://127.0.0.1:${proxyPort}`,
      CATALOG_PLACES: `${steps},http://127.0.0.1:${catalogPort}`,
      ORDERS_PLACES: steps,
      PAYMENTS_PLACES: steps,
      PROXY_LISTEN: `127.0.0.1:${proxyPort}`,
      CONTROL_LISTEN: `127.0.0.1:${controlPort}`,
    };
    await run(process.execPath, ['legacy-monolith/import.ts', '--lines', String(lines)], { cwd: ROOT, env });
    const clients = [shop, catalog].map((connectionString) => new pg.Client({ connectionString }));
    const [monolith, service] = clients as [pg.Client, pg.Client];
    const started = new RunningShop(env, monolith, service, await mkdtemp(join(tmpdir(), 'strangler-shop-')));
    await Promise.all([
      started.startApp('legacy-monolith/main.ts', monolithPort, { INTERNAL_PORT: `${stepsPort}` }),
      started.startApp('extracted/catalog/main.ts', catalogPort),
      withCart ? started.startApp('extracted/cart/main.ts', cartPort) : null,
      ...clients.map((client) => client.connect()),
    ]);
    return started;
  }

  get proxyUrl(): string {
    return `http://${this.env.PROXY_LISTEN}`;
  }

  /** Starts `strangler up` and waits until it is ready; with a channel to it, as the launcher of an old Node does. */
  async up({ withChannel = false } = {}): Promise<void> {
    const args = ['scripts/strangler.ts', 'up', '-c', this.config];
    this.product = spawnNode(args, this.env, withChannel ? ['ipc'] : []);
    this.productSaid = collect(this.product.stderr);
    await lineOf(this.product, /^ready$/m);
  }

  /** Starts one more proxy, which reaches the store by another address; gives its own. */
  async oneMoreProxy(store: string): Promise<string> {
    const [port] = await freePorts(1);
    const env = { ...this.env, CONTROL_STORE: store, PROXY_LISTEN: `127.0.0.1:${port}` };
    const proxy = spawnNode(['scripts/strangler.ts', 'up', '--only', 'proxy', '-c', this.config], env);
    this.apps.push(proxy);
    await lineOf(proxy, /^proxy /m);
    return `http://127.0.0.1:${port}`;
  }

  /** Gives the product a configuration of its own, which the test may change, and its path. */
  async ownConfig(): Promise<string> {
    const text = await readFile(join(ROOT, this.config), 'utf8');
    const beside = (path: string): string => join(ROOT, 'legacy-monolith', path);
    this.config = join(this.folder, 'strangler.yaml');
    await writeFile(
      this.config,
      text.replace(/openapi: (\S+)/g, (_, path: string) => `openapi: ${beside(path)}`),
    );
    return this.config;
  }

  /** Waits until the product has said this on standard error; gives all that it said. */
  async says(pattern: RegExp): Promise<string> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    while (!pattern.test(this.productSaid())) {
      if (Date.now() > giveUpAt) throw new Error(`it never said ${pattern}, but: ${this.productSaid()}`);
      await pause(20);
    }
    return this.productSaid();
  }

  /** Ends `strangler up` and every process that it started, with no chance to say goodbye. */
  async killProduct(): Promise<void> {
    const { product } = this;
    if (!product?.pid || product.exitCode !== null || product.signalCode !== null) return;
    const pids = [product.pid, ...(await childrenOf(product.pid))];
    const gone = once(product, 'exit');
    for (const pid of pids) kill(pid);
    await gone;
    this.product = null;
  }

  /** Kills one part (`proxy` or `sync`); the product starts it again. */
  async killPart(part: 'proxy' | 'sync'): Promise<void> {
    for (const pid of await this.pidsOf(part)) kill(pid);
  }

  /** The processes that the product has for a part. */
  async pidsOf(part: 'proxy' | 'sync'): Promise<number[]> {
    const pids = await childrenOf(this.product?.pid ?? 0);
    const commands = await Promise.all(
      pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
    );
    return pids.filter((_, i) => commands[i]?.split('\0').includes(part));
  }

  /** Runs one CLI command; gives what it printed and its exit code. */
  async strangler(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const child = spawnNode(['scripts/strangler.ts', '-c', this.config, ...args], this.env);
    const [out, err] = [collect(child.stdout), collect(child.stderr)];
    const [code] = (await within(COMMAND_MS, once(child, 'close')).catch(async (error: Error) => {
      child.kill('SIGKILL');
      throw new Error(
        `strangler ${args.join(' ')} ${error.message}: ${out()}${err()}\n${await this.story()}`,
      );
    })) as [number | null];
    return { code: code ?? -1, out: out(), err: err() };
  }

  /** Runs a command that has to succeed, again while a gate refuses it: on a slow machine the sync may be behind. */
  async move(...args: string[]): Promise<string> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (;;) {
      const { code, out, err } = await this.strangler(...args);
      if (code === 0) return out;
      if (code !== REFUSED || Date.now() > giveUpAt) {
        throw new Error(
          `strangler ${args.join(' ')} ended with ${code}: ${out}${err}\n${await this.story()}`,
        );
      }
    }
  }

  /** What a test that waited in vain has to tell: the last status, and all that the product said. */
  async story(): Promise<string> {
    const status = JSON.stringify(await this.status().catch(String));
    return `status: ${status}\nproduct: ${this.productSaid()}`;
  }

  async status(): Promise<MigrationStatus> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const answer = await fetch(`http://${this.env.CONTROL_LISTEN}/v1/migrations/catalog`, { signal });
    return (await answer.json()) as MigrationStatus;
  }

  /** Waits until the status fits; an error with the last one says why it never did. */
  async until(fits: (status: MigrationStatus) => boolean): Promise<MigrationStatus> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (;;) {
      const status = await this.status().catch((error: unknown) => String(error));
      if (typeof status !== 'string' && fits(status)) return status;
      if (Date.now() > giveUpAt) throw new Error(`the status never fitted\n${await this.story()}`);
      await pause(20);
    }
  }

  /**
   * Waits until the follower has all that was written before this call. What the sync has reported until now may be
   * older than the last write, and so may be what the next report was counted from.
   */
  async caughtUp(): Promise<void> {
    let before = new Date().toISOString();
    for (let report = 0; report < 2; report += 1) {
      const { sync } = await this.until((status) => (status.sync?.reportedAt ?? '') > before);
      before = sync?.reportedAt ?? before;
    }
    await this.until(({ sync }) => sync?.state === 'live' && sync.lagChanges === 0);
  }

  async close(): Promise<void> {
    await this.killProduct();
    for (const app of this.apps) app.kill('SIGKILL');
    await Promise.all([this.monolith.end(), this.service.end()]);
    await rm(this.folder, { recursive: true, force: true });
  }

  private async startApp(main: string, port: number, env: NodeJS.ProcessEnv = {}): Promise<void> {
    const app = spawnNode([main], { ...this.env, ...env, PORT: String(port) });
    this.apps.push(app);
    await lineOf(app, /ready at/);
  }
}

function spawnNode(args: string[], env: NodeJS.ProcessEnv, channel: 'ipc'[] = []): ChildProcess {
  return spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe', ...channel] });
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}

/** Waits for a line on standard output; ends in an error with what was said when the process does. */
async function lineOf(child: ChildProcess, line: RegExp): Promise<void> {
  const [out, err] = [collect(child.stdout), collect(child.stderr)];
  const said = new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', () => line.test(out()) && resolve());
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${out()}${err()}`)));
  });
  await within(PATIENCE_MS, said).catch((error: Error) => {
    throw new Error(`no line like ${line}: ${error.message}: ${out()}${err()}`);
  });
}

/** The same promise, but with an end: a test that hangs tells nobody what it waited for. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const patience = new AbortController();
  const over = pause(ms, undefined, patience).then((): never => {
    throw new Error(`took longer than ${ms} ms`);
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    patience.abort();
    over.catch(() => undefined);
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it was gone already
  }
}

async function newDatabase(): Promise<string> {
  const { createDatabase } = await import('../../migrations/testing/two-databases.ts');
  return createDatabase('');
}
