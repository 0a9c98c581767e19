import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import type { DayResult } from './day/play-day.ts';
import type { Result } from './result.ts';

const LIMIT_MS = 300_000;
const DEMO = join(import.meta.dirname, 'demo.ts');
const started: ChildProcess[] = [];

function startDemo(...args: string[]) {
  return startDemoWith(process.env, ...args);
}

function startDemoWith(env: NodeJS.ProcessEnv, ...args: string[]) {
  const child = spawn(process.execPath, [DEMO, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      child.emit('said');
    });
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }));
  return { child, said, ended };
}

// A test that failed must not leave a shop behind.
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = once(child, 'close');
    child.kill('SIGINT');
    await gone;
  }
});

test(
  'the whole life of a migration: no request fails and no write is lost',
  async () => {
    const { code, stdout, stderr } = await startDemo('--once', '-o', 'json', '--lines', '3000').ended;
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const result = JSON.parse(stdout) as Result;
    const none = { missing: 0, doubled: 0, stale: 0, resurrected: 0, wrong: 0 };
    expect(result).toMatchObject({
      ok: true,
      stoppedBy: null,
      requests: { failed: 0, failures: [] },
      verified: { runs: 2, differences: 0 },
      compared: { differences: 0 },
      faults: { monolith: none, service: none },
    });
    expect(result.ownerChanges.map(({ verb, epoch }) => [verb, epoch])).toEqual([
      ['cutover', 2],
      ['rollback', 3],
      ['cutover', 4],
    ]);
    expect(result.ownerChanges.every(({ held }) => held.max < 2000)).toBe(true);
    expect(result.requests.sent).toBeGreaterThan(1000);
    expect(result.writes.acknowledged).toBeGreaterThan(500);
    expect(result.writes.byNightlyJob).toBeGreaterThan(0);
    expect(result.copied?.rows).toBeGreaterThan(3000);
    expect(result.compared.rows).toBeGreaterThan(3000);
    for (const line of [
      '$ strangler sync catalog',
      '$ strangler rollback catalog',
      'refused by the database:',
    ])
      expect(stderr).toContain(line);
  },
  LIMIT_MS,
);

test(
  'a day in which four services leave: no request fails, no order is lost, and a bad release is taken back',
  async () => {
    const { code, stdout, stderr } = await startDemo('--all', '--once', '-o', 'json', '--lines', '2000')
      .ended;
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const result = JSON.parse(stdout) as DayResult;
    expect(result).toMatchObject({
      ok: true,
      routesMoved: 22,
      requests: { failed: 0, failures: [] },
      faults: [],
      nightly: { worked: true, refused: true },
    });
    expect(result.ownerChanges.map(({ migration }) => migration)).toEqual([
      'catalog',
      'cart',
      'orders',
      'payments',
    ]);
    expect(result.ownerChanges.every(({ held }) => held.max < 2000)).toBe(true);
    expect(result.takenBackAfter).toBeGreaterThan(0);
    expect(result.orders).toBeGreaterThan(300);
    for (const { count } of Object.values(result.checkout)) expect(count).toBeGreaterThan(50);
  },
  2 * LIMIT_MS,
);

test(
  'the checker names what a sabotage leaves out',
  async () => {
    const args = ['--sabotage', 'skip-one-in-1000', '-o', 'json', '--lines', '1000'];
    const { code, stdout, stderr } = await startDemo(...args).ended;
    const { ok, stoppedBy, faults, compared, requests } = JSON.parse(stdout) as Result;
    expect({ code, ok, stoppedBy, failed: requests.failed }).toEqual({
      ...{ code: 1, ok: false, stoppedBy: null, failed: 0 },
    });
    expect(faults.monolith.missing).toBeGreaterThan(0);
    expect(faults.service.missing).toBe(0);
    expect(compared.differences).toBe(faults.monolith.missing);
    expect(stderr).toMatch(/✗ monolith: missing: movement demo-c\d+-\d+ of product \d+ is not there/);
  },
  LIMIT_MS,
);

test(
  'Ctrl-C ends everything, from the very beginning on',
  async () => {
    const { child, said, ended } = startDemo('--lines', '1000');
    while (!said.stdout.includes('proxy http')) await once(child, 'said');
    const [, proxy] = /proxy (\S+),/.exec(said.stdout) ?? [];
    const asked = Date.now();
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    expect(stdout).toContain('Stopping');
    expect(Date.now() - asked).toBeLessThan(15_000);
    await expect(fetch(`${proxy}/api/health`)).rejects.toThrow();
  },
  LIMIT_MS,
);

test('where there is no server for the payments, one line says so, and what to do', async () => {
  const env = { ...process.env, STRANGLER_TEST_MYSQL: 'mysql://root@127.0.0.1:1' };
  const { code, stdout } = await startDemoWith(env, '--all', '--once').ended;
  expect(code).toBe(1);
  expect(stdout.split('\n').filter((line) => /[✗!]/.test(line))).toEqual([
    expect.stringMatching(
      /✗ --all keeps .* none at 127\.0\.0\.1:1 \(.*ECONNREFUSED.*\): install MariaDB, or start one .*; without --all/,
    ),
  ]);
});

test('a wrong option is explained', async () => {
  const { code, stderr } = await startDemo('--lines', 'all').ended;
  expect(code).toBe(2);
  expect(stderr).toContain('--lines wants a number of lines, not "all"');
});
