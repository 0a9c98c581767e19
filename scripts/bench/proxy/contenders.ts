import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { PROCESS_FLAGS } from '../../../proxy/data-plane/process-flags.ts';
import { freePorts } from '../../testing/free-ports.ts';
import { haproxyConfig, nginxConfig } from './peers.ts';
import type { Shadowed, Variant } from './strangler-proxy.ts';

/** A proxy that takes part. */
export interface Contender {
  name: string;
  /** Null when it is not installed here. */
  start: (upstream: string) => Promise<RunningContender | null>;
}

export interface RunningContender {
  url: string;
  /** One, unless it says otherwise in its name. */
  pids: readonly number[];
  /** What was compared since it started, where it can. */
  shadowed?: () => Promise<Shadowed>;
  stop(): Promise<void>;
}

/** Starts a module of this folder and waits until it says its port. */
export async function startModule(
  file: string,
  args: string[] = [],
  { message, flags = [] }: { message?: object; flags?: readonly string[] } = {},
) {
  const child = fork(join(import.meta.dirname, file), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [...process.execArgv, ...flags],
  });
  if (message) child.send(message);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const ask = async (): Promise<unknown> => {
    child.send({});
    return ((await once(child, 'message')) as unknown[])[0];
  };
  return { url: `http://127.0.0.1:${port}`, pids: [child.pid ?? 0], ask, stop: () => end(child) };
}

/** The product's proxy, set up in one way. */
export function strangler(name: string, variant: Partial<Omit<Variant, 'upstream'>> = {}): Contender {
  const defaults = { stage: 'legacy', routes: 50, shadow: 0, proxy: {} } as const;
  return {
    name: `strangler, ${name}`,
    start: async (upstream) => {
      const message = { ...defaults, ...variant, upstream };
      const module = await startModule('strangler-proxy.ts', [], { message, flags: PROCESS_FLAGS });
      return { ...module, shadowed: async () => (await module.ask()) as Shadowed };
    },
  };
}

/** The same in several processes that share a port. */
export function stranglers(
  name: string,
  processes: number,
  { proxy, ...variant }: Partial<Omit<Variant, 'upstream'>>,
): Contender {
  return {
    name: `strangler, ${name}, ${processes} processes`,
    start: async (upstream) => {
      const shared = { ...proxy, processes, listen: `127.0.0.1:${(await freePorts(1))[0]}` };
      const { start } = strangler(name, { ...variant, proxy: shared });
      const all = (await Promise.all(Array.from({ length: processes }, () => start(upstream)))).filter(
        (one) => one !== null,
      );
      return {
        url: `http://${shared.listen}`,
        pids: all.flatMap(({ pids }) => pids),
        stop: async () => void (await Promise.all(all.map((one) => one.stop()))),
      };
    },
  };
}

export const express: Contender = {
  name: 'express + hpm, nothing but proxying',
  start: (upstream) => startModule('express-proxy.ts', [upstream]),
};
export const expressAlike: Contender = {
  name: 'express + hpm, doing the same',
  start: (upstream) => startModule('express-proxy.ts', [upstream, 'alike']),
};

export const nginx: Contender = { name: 'nginx, nothing but proxying', start: (to) => startNginx(to, false) };
export const nginxAlike: Contender = { name: 'nginx, doing the same', start: (to) => startNginx(to, true) };
export const haproxy: Contender = {
  name: 'HAProxy, nothing but proxying',
  start: (to) => startHaproxy(to, false),
};
export const haproxyAlike: Contender = {
  name: 'HAProxy, doing the same',
  start: (to) => startHaproxy(to, true),
};

const startNginx = (upstream: string, isAlike: boolean) =>
  startServer('nginx', (port, folder) => ({
    config: nginxConfig({ port, folder, host: new URL(upstream).host }, isAlike),
    args: (file) => ['-p', folder, '-c', file],
  }));

const startHaproxy = (upstream: string, isAlike: boolean) =>
  startServer('haproxy', (port) => ({
    config: haproxyConfig({ port, host: new URL(upstream).host }, isAlike),
    args: (file) => ['-db', '-f', file],
  }));

interface ServerPlan {
  config: string;
  args: (file: string) => string[];
}

async function startServer(
  program: string,
  plan: (port: number, folder: string) => ServerPlan,
): Promise<RunningContender | null> {
  const path = findProgram(program);
  if (!path) return null;
  const folder = await mkdtemp(join(tmpdir(), 'strangler-bench-'));
  const [port] = await freePorts(1);
  const { config, args } = plan(port, folder);
  const file = join(folder, `${program}.conf`);
  await writeFile(file, config);
  const child = spawn(path, args(file), { stdio: ['ignore', 'ignore', 'inherit'] });
  await answers(port);
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  return { url: `http://127.0.0.1:${port}`, pids: [child.pid ?? 0], stop };
}

/** Servers are often installed where only the administrator's search path looks. */
function findProgram(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  const found = folders.map((folder) => join(folder, name)).find((path) => isThere(path));
  return found ?? null;
}

function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

async function answers(port: number): Promise<void> {
  const giveUpAt = Date.now() + 5000;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isUp = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) return;
    if (Date.now() > giveUpAt) throw new Error(`nothing listens on port ${port}`);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
