import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createDatabase } from '../../migrations/testing/two-databases.ts';
import { PROCESS_FLAGS } from '../../proxy/data-plane/process-flags.ts';

const ROOT = join(import.meta.dirname, '..', '..');

let folder: string;
let config: string;
let proxy: ChildProcess | null;
beforeEach(async () => {
  proxy = null;
  folder = await mkdtemp(join(tmpdir(), 'strangler-start-over-'));
  config = join(folder, 'strangler.yaml');
  const monolith = { url: 'http://127.0.0.1:9' };
  const settings = { version: 1, monolith, services: {}, proxy: { listen: '127.0.0.1:0' }, migrations: {} };
  await writeFile(config, JSON.stringify({ ...settings, control: { store: await createDatabase('') } }));
});
afterEach(async () => {
  if (proxy?.exitCode === null) {
    proxy.kill('SIGTERM');
    await once(proxy, 'exit');
  }
  await rm(folder, { recursive: true });
});

/** Starts a proxy by itself, waits until it is up, and gives the arguments that its process has then. */
async function argumentsOfProxy(env: NodeJS.ProcessEnv = {}): Promise<string> {
  const args = ['scripts/strangler.ts', 'up', '--only', 'proxy', '-c', config];
  proxy = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  for await (const chunk of proxy.stdout ?? []) {
    said += String(chunk);
    if (/^proxy /m.test(said)) break;
  }
  expect(said).toMatch(/^proxy /m);
  return execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(proxy.pid)], { encoding: 'utf8' });
}

describe('a proxy that is started by itself', () => {
  it('has what those have that the product starts, under the id that it was started with', async () => {
    const found = await argumentsOfProxy();
    for (const flag of PROCESS_FLAGS) expect(found).toContain(flag);
    expect(found.trim()).toMatch(/scripts\/strangler\.ts up --only proxy -c \S+$/);
  }, 60_000);

  it.each(['--max-semi-space-size=32', '--max_semi_space_size=32'])(
    'leaves what node was told otherwise: %s',
    async (flag) => {
      const found = await argumentsOfProxy({ NODE_OPTIONS: flag });
      expect(found).not.toContain('--max-semi-space-size');
      expect(found).toContain('--min-semi-space-size=64');
    },
    60_000,
  );
});
