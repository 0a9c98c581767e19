import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { dirname, extname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

const KEEPER_STOPS_MS = 5000;

/** A PostgreSQL server that came with the package; nothing has to be installed for it. */
export interface EmbeddedServer {
  /** Connection URL of the database with this name, which is created when it is missing. */
  database(name: string): Promise<string>;
  /** Connection URL of the maintenance database. */
  url: string;
  stop(): Promise<void>;
}

class EmbeddedServerError extends Error {
  constructor(dataDir: string, why: string) {
    super(
      `the embedded PostgreSQL in ${dataDir} did not start: ${why}\n` +
        'Give a PostgreSQL of your own by URL, or remove the folder if its data are not needed.',
    );
    this.name = 'EmbeddedServerError';
  }
}

/**
 * Starts the embedded PostgreSQL whose data live in `dataDir`, or adopts the one that a killed predecessor left
 * running there. Listens on loopback only, with a password kept in a file beside the data.
 *
 * @param flags server flags such as `-c`, `fsync=off`
 */
export async function startEmbedded(dataDir: string, flags: readonly string[] = []): Promise<EmbeddedServer> {
  const password = await readOrMakePassword(`${dataDir}.password`);
  const running = await adopt(dataDir, password);
  if (running) return running;
  const port = await freePort();
  const keeper = await startKeeper(dataDir, password, [String(port), ...flags]);
  return describe(port, password, () => stopKeeper(keeper));
}

async function startKeeper(dataDir: string, password: string, args: string[]): Promise<ChildProcess> {
  const script = join(import.meta.dirname, `embedded-keeper${extname(import.meta.filename)}`);
  const env = { ...process.env, STRANGLER_EMBEDDED_PASSWORD: password };
  // Detached: a Ctrl-C on the terminal must not stop the server before those who still use it.
  const keeper = fork(script, [dataDir, ...args], { detached: true, execArgv: [], stdio: 'ignore', env });
  await new Promise<void>((resolve, reject) => {
    keeper.once('message', (said: { ready: boolean; why?: string }) => {
      if (said.ready) resolve();
      else reject(new EmbeddedServerError(dataDir, said.why ?? 'unknown'));
    });
    keeper.once('exit', (code) => reject(new EmbeddedServerError(dataDir, `exit code ${code ?? 'none'}`)));
  });
  keeper.unref();
  keeper.channel?.unref();
  return keeper;
}

async function stopKeeper(keeper: ChildProcess): Promise<void> {
  if (keeper.exitCode !== null || !keeper.connected) return;
  const gone = new Promise<void>((resolve) => keeper.once('exit', () => resolve()));
  keeper.ref();
  keeper.disconnect();
  await gone;
}

function describe(port: number, password: string, stop: () => Promise<void>): EmbeddedServer {
  const urlOf = (name: string): string => `postgres://embedded:${password}@127.0.0.1:${port}/${name}`;
  return {
    url: urlOf('postgres'),
    stop,
    async database(name) {
      const client = new pg.Client({ connectionString: urlOf('postgres') });
      await client.connect();
      try {
        const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
        if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
      } finally {
        await client.end();
      }
      return urlOf(name);
    },
  };
}

async function adopt(dataDir: string, password: string): Promise<EmbeddedServer | null> {
  const lock = await readLock(dataDir);
  if (!lock) return null;
  const { pid, port } = lock;
  const server = describe(port, password, async () => {
    process.kill(pid, 'SIGINT');
  });
  const client = new pg.Client({ connectionString: server.url, connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    return rows[0]?.data_directory === dataDir ? server : null;
  } catch {
    return null; // a stale lock file: the server clears it away when it starts
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** After a crash the keeper is still stopping its server; one that stays has lost its keeper too. */
async function readLock(dataDir: string): Promise<{ pid: number; port: number } | null> {
  const giveUpAt = performance.now() + KEEPER_STOPS_MS;
  for (;;) {
    const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
    const [pid, , , port] = text.split('\n').map(Number);
    if (!pid || !port || !isAlive(pid)) return null;
    if (performance.now() > giveUpAt) return { pid, port };
    await pause(50);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function readOrMakePassword(file: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  const made = randomBytes(18).toString('base64url');
  await writeFile(file, made, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return readFile(file, 'utf8');
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
