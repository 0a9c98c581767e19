import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { JournalEntry, MigrationStatus } from '../../proxy/control/lifecycle.ts';
import { createDatabase } from '../../migrations/testing/two-databases.ts';

const ENTRY = join(import.meta.dirname, '..', 'strangler.ts');
const PATIENCE_MS = 60_000;
const REFUSED = 3;
/** A pace that leaves a slow machine time for what is tested. */
const REST_MS = 10;
const READERS = 4;
const PROXIES = 2;

/** How the service behaves. */
export type Behaviour = 'well' | 'fails' | 'dawdles' | 'differs';

/**
 * A monolith and a service without data whose service can be told to turn bad, and the product in front of them: the
 * control process and two proxies, each a process of its own, on a store of their own. Nothing is imitated but the two
 * applications.
 */
export class RampedApplication {
  behaviour: Behaviour = 'well';
  private readonly servers: Server[];
  private readonly folder: string;
  private readonly env: NodeJS.ProcessEnv;
  private readonly proxies: { url: string; process: ChildProcess }[] = [];
  private readonly readers: Promise<void>[] = [];
  private control: ChildProcess | null = null;
  private reads = false;

  private constructor(servers: Server[], folder: string, env: NodeJS.ProcessEnv) {
    this.servers = servers;
    this.folder = folder;
    this.env = env;
  }

  /** @param settings of the migration `catalog`, as YAML on one line each */
  static async start(settings: readonly string[]): Promise<RampedApplication> {
    const monolith = createServer((_request, response) => answer(response, 200, 'a book'));
    const service = createServer((_request, response) => application.serve(response));
    const servers = [monolith, service];
    await Promise.all(servers.map((server) => once(server.listen(0, '127.0.0.1'), 'listening')));
    const folder = await mkdtemp(join(tmpdir(), 'strangler-ramp-'));
    const env = {
      ...process.env,
      CONTROL_STORE: await createDatabase(''),
      MONOLITH_URL: urlOf(monolith),
      CATALOG_URL: urlOf(service),
      CONTROL_LISTEN: `127.0.0.1:${await freePort()}`,
    };
    await writeFile(join(folder, 'strangler.yaml'), configOf(settings));
    const application = new RampedApplication(servers, folder, env);
    try {
      await application.startControl();
      for (let i = 0; i < PROXIES; i += 1) await application.startProxy();
      return application;
    } catch (error) {
      await application.close();
      throw error;
    }
  }

  /** Changes strangler.yaml while everything runs. */
  async configure(settings: readonly string[]): Promise<void> {
    await writeFile(join(this.folder, 'strangler.yaml'), configOf(settings));
  }

  /** Lets clients that the proxies do not know read all the time, until `rest`. */
  read(): void {
    this.reads = true;
    for (let i = this.readers.length; i < READERS; i += 1) this.readers.push(this.keepReading(i));
  }

  async rest(): Promise<void> {
    this.reads = false;
    await Promise.all(this.readers.splice(0));
  }

  /** Starts the control process, or starts it again. */
  async startControl(): Promise<void> {
    this.control = await this.startPart('control', this.env);
  }

  /** Ends the control process with no chance to say goodbye; the proxies go on. */
  async killControl(): Promise<void> {
    const { control } = this;
    if (!control) return;
    const gone = once(control, 'exit');
    control.kill('SIGKILL');
    await gone;
  }

  async status(): Promise<MigrationStatus> {
    return (await this.ask('/v1/migrations/catalog')) as MigrationStatus;
  }

  async journal(): Promise<JournalEntry[]> {
    return (await this.ask('/v1/journal')) as JournalEntry[];
  }

  /** Runs a command that has to succeed, again while a gate refuses it; gives what it printed. */
  async strangler(...args: string[]): Promise<string> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (;;) {
      const child = this.spawn(args, this.env);
      const [out, err] = [collect(child.stdout), collect(child.stderr)];
      const [code] = (await once(child, 'close')) as [number | null];
      if (code === 0) return out();
      if (code !== REFUSED || Date.now() > giveUpAt)
        throw new Error(`strangler ${args.join(' ')} ended with ${code}: ${out()}${err()}`);
    }
  }

  /** Waits until the status fits; an error with the last one says why it never did. */
  async until(fits: (status: MigrationStatus) => boolean): Promise<MigrationStatus> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (;;) {
      const status = await this.status().catch((error: unknown) => String(error));
      if (typeof status !== 'string' && fits(status)) return status;
      if (Date.now() > giveUpAt) throw new Error(`the status never fitted: ${JSON.stringify(status)}`);
      await pause(50);
    }
  }

  async close(): Promise<void> {
    await this.rest();
    const parts = [this.control, ...this.proxies.map((proxy) => proxy.process)];
    for (const part of parts) part?.kill('SIGKILL');
    for (const server of this.servers) server.close().closeAllConnections();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async startProxy(): Promise<void> {
    const listen = `127.0.0.1:${await freePort()}`;
    const proxy = await this.startPart('proxy', { ...this.env, PROXY_LISTEN: listen });
    this.proxies.push({ url: `http://${listen}`, process: proxy });
  }

  private async startPart(part: 'control' | 'proxy', env: NodeJS.ProcessEnv): Promise<ChildProcess> {
    const child = this.spawn(['up', '--only', part], env);
    const [out, err] = [collect(child.stdout), collect(child.stderr)];
    await new Promise<void>((resolve, reject) => {
      child.stdout?.on('data', () => out().includes('http://') && resolve());
      child.once('exit', (code) => reject(new Error(`${part} ended with ${code}: ${out()}${err()}`)));
    });
    return child;
  }

  private spawn(args: string[], env: NodeJS.ProcessEnv): ChildProcess {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    return spawn(process.execPath, [ENTRY, ...args], { cwd: this.folder, env, stdio: [...stdio] });
  }

  private async keepReading(reader: number): Promise<void> {
    for (let i = reader; this.reads; i += 1) {
      const url = `${this.proxies[i % PROXIES]?.url}/books/${i}`;
      await fetch(url)
        .then((got) => got.arrayBuffer())
        .catch(() => undefined);
      await pause(REST_MS);
    }
  }

  private async ask(path: string): Promise<unknown> {
    return (await fetch(`http://${this.env.CONTROL_LISTEN}${path}`)).json();
  }

  private serve(response: ServerResponse): void {
    if (this.behaviour === 'dawdles') setTimeout(() => answer(response, 200, 'a book'), 400);
    else if (this.behaviour === 'fails') answer(response, 500, 'no book');
    else answer(response, 200, this.behaviour === 'differs' ? 'another book' : 'a book');
  }
}

function answer(response: ServerResponse, status: number, title: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ title }));
}

function configOf(settings: readonly string[]): string {
  return `version: 1
monolith: { url: '\${MONOLITH_URL}' }
services: { catalog: { url: '\${CATALOG_URL}' } }
proxy: { listen: '\${PROXY_LISTEN:-127.0.0.1:0}' }
control: { listen: '\${CONTROL_LISTEN}', store: '\${CONTROL_STORE}' }
migrations:
  catalog:
    service: catalog
    routes: [GET /books/*]
${settings.map((line) => `    ${line}\n`).join('')}`;
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
