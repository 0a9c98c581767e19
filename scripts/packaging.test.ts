import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

const CONFIG = `
version: 1
monolith: { url: 'http://127.0.0.1:9' }
services: { catalog: { url: 'http://127.0.0.1:9' } }
proxy: { listen: '127.0.0.1:0' }
control: { listen: '127.0.0.1:0' }
migrations: { catalog: { service: catalog, routes: ['GET /api/products'] } }
`;

let app: string;
const started: ChildProcess[] = [];

beforeAll(async () => {
  app = mkdtempSync(join(tmpdir(), 'strangler-packed-'));
  // Run by root, the embedded PostgreSQL has a user of its own, who has to get in here.
  chmodSync(app, 0o755);
  writeFileSync(join(app, 'package.json'), '{ "private": true }');
  writeFileSync(join(app, 'strangler.yaml'), CONFIG);
  await run(npm, ['pack', '--pack-destination', app], { cwd: root });
  const tarball = readdirSync(app).find((file) => file.endsWith('.tgz')) ?? 'none';
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run(npm, ['install', ...flags, `./${tarball}`], { cwd: app });
}, 300_000);

afterAll(async () => {
  for (const child of started.filter((one) => one.exitCode === null && one.signalCode === null)) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(app, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
});

const command = (): string => join(app, 'node_modules', '.bin', 'strangler');

describe('the package, installed outside the repository', () => {
  it('holds what is needed and nothing else', () => {
    const files = readdirSync(join(app, 'node_modules', 'strangler'), { recursive: true }).map(String);
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/strangler.schema.json',
        'dist/proxy/dashboard/dist/index.html',
        'README.md',
      ]),
    );
    expect(files.filter((file) => /\.ts$|test|demo|legacy-monolith|extracted/.test(file))).toEqual([]);
  });

  it('has a command that tells its version and its help', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect((await run(command(), ['--version'], { cwd: app })).stdout).toBe(`${version}\n`);
    expect((await run('npx', ['strangler', '--help'], { cwd: app })).stdout).toMatch(/^Usage: strangler/);
  });

  it('ends with the exit code of the command', async () => {
    await expect(run(command(), ['migrate'], { cwd: app })).rejects.toMatchObject({ code: 2 });
  });

  it('starts with the embedded store, serves the dashboard, and stops when it is told to', async () => {
    const child = spawn(command(), ['up'], { cwd: app, stdio: ['ignore', 'pipe', 'inherit'] });
    started.push(child);
    const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const said = await untilReady(child, ended);
    const dashboard = /dashboard +(\S+)/.exec(said)?.[1] ?? 'none';
    const page = await (await fetch(dashboard)).text();
    const script = /<script type="module"[^>]* src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1] ?? 'none';
    expect((await fetch(new URL(script, dashboard))).status).toBe(200);
    child.kill('SIGTERM');
    expect(await Promise.race([ended, late()])).toEqual([0, null]);
  }, 90_000);
});

/** What it says until it is ready; fails when it ends before. */
async function untilReady(child: ChildProcess, ended: Promise<unknown>): Promise<string> {
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    child.emit('said');
  });
  while (!/^ready$/m.test(said)) {
    const next = await Promise.race([once(child, 'said'), ended.then(() => 'ended')]);
    if (next === 'ended') throw new Error(`it ended before it was ready: ${said}`);
  }
  return said;
}

function late(): Promise<string> {
  const limit = AbortSignal.timeout(20_000);
  return new Promise((resolve) => {
    limit.addEventListener('abort', () => resolve('still running after 20 s'));
  });
}
