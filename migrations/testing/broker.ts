import { execFile, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { connect } from 'amqplib';

const USUAL = 'amqp://guest:guest@127.0.0.1:5672';
const IMAGE = 'rabbitmq:4';
const START_MS = 60_000;
const run = promisify(execFile);

export interface TestBroker {
  url: string;
  /** Ends it if it was started for the tests. */
  close: () => Promise<void>;
}

/**
 * A real RabbitMQ: the one that STRANGLER_TEST_AMQP names, else the one at the usual place, else one that is started
 * by Docker or from an installed `rabbitmq-server`.
 */
export async function testBroker(): Promise<TestBroker> {
  const named = process.env.STRANGLER_TEST_AMQP;
  const there = { url: named ?? USUAL, close: async () => undefined };
  if (named !== undefined || (await answers(USUAL))) return there;
  const port = await freePort();
  const started = (await startInDocker(port)) ?? (await startInstalled(port));
  if (started) return started;
  throw new Error(
    'no RabbitMQ: start one (docker run -p 5672:5672 rabbitmq:4) or name one in STRANGLER_TEST_AMQP',
  );
}

async function startInDocker(port: number): Promise<TestBroker | null> {
  try {
    const { stdout } = await run('docker', ['run', '-d', '--rm', '-p', `127.0.0.1:${port}:5672`, IMAGE]);
    const close = async (): Promise<void> => void (await run('docker', ['stop', stdout.trim()]));
    return await onceReady(port, close);
  } catch {
    return null;
  }
}

async function startInstalled(port: number): Promise<TestBroker | null> {
  const folder = mkdtempSync(join(tmpdir(), 'strangler-broker-'));
  const server = spawn('rabbitmq-server', [], {
    stdio: 'ignore',
    detached: true,
    env: {
      ...process.env,
      RABBITMQ_NODENAME: `strangler${port}@localhost`,
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_DIST_PORT: String(await freePort()),
      RABBITMQ_MNESIA_BASE: folder,
      RABBITMQ_LOG_BASE: folder,
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    },
  });
  const failed = new Promise<null>((resolve) => server.once('error', () => resolve(null)));
  const close = async (): Promise<void> => {
    if (server.exitCode !== null || server.pid === undefined) return;
    const gone = once(server, 'exit');
    // The script's own child is the broker.
    process.kill(-server.pid, 'SIGTERM');
    await gone;
  };
  return Promise.race([failed, onceReady(port, close)]);
}

async function onceReady(port: number, close: () => Promise<void>): Promise<TestBroker | null> {
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  const giveUpAt = performance.now() + START_MS;
  while (!(await answers(url))) {
    if (performance.now() > giveUpAt) return close().then(() => null);
    await pause(200);
  }
  return { url, close };
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await connect(url, { timeout: 3000 })).close();
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
