import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';

const USUAL = 'mysql://root@127.0.0.1:3306';
const START_MS = 60_000;
const run = promisify(execFile);

let found: Promise<string> | undefined;

/**
 * URL of a MySQL or MariaDB server whose user may create databases: the one named by STRANGLER_TEST_MYSQL, else the one
 * at the usual place, else one that is started and ends with this process.
 */
export const mysqlServer = (): Promise<string> => (found ??= find());

async function find(): Promise<string> {
  const named = process.env.STRANGLER_TEST_MYSQL;
  if (named) return named;
  if (await answers(USUAL)) return USUAL;
  for (const start of [startInstalled, startContainer]) {
    const url = await start().catch(() => null);
    if (url) return url;
  }
  throw new Error(
    'these tests need MySQL 8 or MariaDB 10.6: start one on port 3306 (docker run -e MYSQL_ALLOW_EMPTY_PASSWORD=1 ' +
      '-p 3306:3306 mysql:8), or give its URL in STRANGLER_TEST_MYSQL',
  );
}

/** A collation of the server that tells every two texts apart, as PostgreSQL's do. */
export async function exactCollation(url?: string): Promise<string> {
  const connection = await createConnection({ uri: url ?? (await mysqlServer()) });
  try {
    const [rows] = await connection.query('SELECT VERSION() AS version');
    const [{ version }] = rows as [{ version: string }];
    return version.includes('MariaDB') ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
  } finally {
    await connection.end();
  }
}

/** Starts the `mariadbd` of this machine on data of its own, which end with it. */
export async function startInstalled(env: NodeJS.ProcessEnv = {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'strangler-mysql-'));
  await makeData(folder, env);
  const flags = ['--innodb-flush-log-at-trx-commit=0'];
  return (await startOn(folder, flags, { env, clean: `rm -rf '${folder}'` })).url;
}

const ME = process.getuid?.() === 0 ? ['--user=root'] : [];
/** A server that starts deletes the temporary files of another one in the same folder. */
const within = (folder: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...process.env,
  ...env,
  TMPDIR: folder,
});

/** Makes new data for the `mariadbd` of this machine, with a root that needs no password. */
export async function makeData(folder: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const args = ['--no-defaults', `--datadir=${join(folder, 'data')}`, ...ME];
  await run('mariadb-install-db', [...args, '--auth-root-authentication-method=normal'], {
    env: within(folder, env),
  });
}

/** A server of the test's own. */
export interface RunningServer {
  url: string;
  /** Ends it as an administrator would. */
  stop(): Promise<void>;
  /** `kill -9`: it recovers from its log when it is started again. */
  kill(): Promise<void>;
}

/**
 * Starts the `mariadbd` of this machine on data that are there. It ends with this process, whatever becomes of that.
 *
 * @param clean a command that runs when it has ended
 */
export async function startOn(
  folder: string,
  flags: readonly string[],
  { env = {}, clean = 'true' }: { env?: NodeJS.ProcessEnv; clean?: string } = {},
): Promise<RunningServer> {
  const port = await freePort();
  const pidFile = join(folder, 'pid');
  const command = [
    ...['mariadbd', '--no-defaults', `--datadir=${join(folder, 'data')}`, ...ME, `--port=${port}`],
    ...['--bind-address=127.0.0.1', `--socket=${join(folder, 'socket')}`, `--pid-file=${pidFile}`],
    ...['--skip-log-bin', ...flags],
  ];
  const shell = whileWeLive(command, clean, within(folder, env));
  const url = await untilReady(`mysql://root@127.0.0.1:${port}`, shell);
  const stop = async (): Promise<void> => {
    if (shell.exitCode !== null) return;
    const gone = once(shell, 'exit');
    shell.ref();
    shell.stdin?.end();
    await gone;
  };
  const kill = async (): Promise<void> => {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
    await stop();
  };
  return { url, stop, kill };
}

async function startContainer(): Promise<string> {
  // Where there is no docker, or nobody behind it, nothing has to be waited for.
  await run('docker', ['version', '--format', '{{.Server.Version}}']);
  const port = await freePort();
  const command = [
    ...['docker', 'run', '--rm', '-e', 'MYSQL_ALLOW_EMPTY_PASSWORD=1'],
    ...['-p', `127.0.0.1:${port}:3306`, 'mysql:8'],
  ];
  return untilReady(`mysql://root@127.0.0.1:${port}`, whileWeLive(command, 'true', process.env));
}

/** Its shell reads from us, and ends the server when nobody is left to write: not even a `kill -9` leaves it behind. */
function whileWeLive(command: readonly string[], clean: string, env: NodeJS.ProcessEnv): ChildProcess {
  const shell = spawn(
    'sh',
    [
      '-c',
      `"$@" </dev/null & server=$!; cat >/dev/null; kill $server; wait $server; ${clean}`,
      'sh',
      ...command,
    ],
    { stdio: ['pipe', 'ignore', 'ignore'], env, detached: true },
  );
  shell.unref();
  (shell.stdin as Socket).unref();
  return shell;
}

async function untilReady(url: string, server: ChildProcess): Promise<string> {
  const giveUpAt = performance.now() + START_MS;
  await Promise.race([once(server, 'spawn'), once(server, 'exit')]);
  while (performance.now() < giveUpAt && server.exitCode === null && server.pid !== undefined) {
    if (await answers(url)) return url;
    await pause(100);
  }
  throw new Error(`the server for ${url} did not start`);
}

async function answers(url: string): Promise<boolean> {
  try {
    const connection = await createConnection({ uri: url, connectTimeout: 2000 });
    await connection.end();
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await once(probe.listen(0, '127.0.0.1'), 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
