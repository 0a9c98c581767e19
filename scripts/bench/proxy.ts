import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import Table from 'cli-table3';
import type { Contender, RunningContender } from './contenders.ts';
import {
  express,
  expressAlike,
  haproxy,
  haproxyAlike,
  nginx,
  nginxAlike,
  startModule,
  strangler,
  stranglers,
} from './contenders.ts';
import type { Load, LoadResult } from './load.ts';

/**
 * What a request through the proxy costs, beside its peers in the same run: `npm run bench:proxy`. One process each (unless
 * it says otherwise), the same upstream, the same load. The rounds are interleaved, and medians are shown, because machines are noisy.
 */
const WATCHED = {
  metrics: { listen: '127.0.0.1:0' },
  accessLog: { to: '/dev/null', sample: 1 },
  rateLimits: [{ name: 'generous', requests: 1_000_000_000, per: '1h', by: 'address' }],
};

/** What nginx and HAProxy do in the same run besides proxying. */
const ALIKE = { metrics: WATCHED.metrics, accessLog: WATCHED.accessLog };

const CONTENDERS: readonly Contender[] = [
  express,
  expressAlike,
  nginx,
  nginxAlike,
  haproxy,
  haproxyAlike,
  strangler('fast lane, canary, metrics, log', { stage: 'canary', proxy: { ...ALIKE, fastLane: true } }),
  stranglers('fast lane, canary, metrics, log', 2, { stage: 'canary', proxy: { ...ALIKE, fastLane: true } }),
  strangler('fast lane, canary', { stage: 'canary', proxy: { fastLane: true } }),
  strangler('fast lane, shadow on every read', {
    stage: 'shadow',
    shadow: 100,
    proxy: { ...ALIKE, fastLane: true },
  }),
  strangler('canary, metrics, log', { stage: 'canary', proxy: ALIKE }),
  strangler('no migration under way'),
  strangler('canary', { stage: 'canary' }),
  strangler('canary, metrics, log, rate limit', { stage: 'canary', proxy: WATCHED }),
  strangler('shadow on every read', { stage: 'shadow', shadow: 100 }),
  strangler('10 routes', { routes: 10 }),
  strangler('1,000 routes', { routes: 1000 }),
  strangler('10,000 routes', { routes: 10_000 }),
];

/** What is sent; answers have 1 KiB but for the large one. */
const REQUESTS = {
  get: { path: '/api/products/7', bodyBytes: 0 },
  post: { path: '/api/products/7', bodyBytes: 1024 },
  fields: { path: '/api/products/fields', bodyBytes: 0 },
  large: { path: '/api/products/large', bodyBytes: 0 },
};

const WHAT = {
  get: 'GET, 1 KiB',
  post: 'POST of 1 KiB, 1 KiB back',
  fields: 'GET, 1 KiB of JSON, in another order at the other side',
  large: 'GET, 1 MiB',
};

interface Options {
  request: keyof typeof REQUESTS;
  rounds: number;
  seconds: number;
  connections: number;
  rate?: number;
  only?: string;
  requests?: number;
}

interface Measured extends LoadResult {
  /** CPU time of the proxy in microseconds, all its processes together. */
  cpuPerRequest: number;
  /** Share of it that the busiest process has. */
  busiest: number;
  /** Resident memory in MiB after the run, all together. */
  memory: number;
}

/** Of /proc/…/stat: the kernel counts in hundredths of a second. */
const TICK_US = 10_000;
/**
 * Uncounted. What compiles itself while it runs is ready after so many requests, not after so much time, and learns
 * something from the second run that it did not meet in the first.
 */
const WARM_UPS = [
  { seconds: 3, connections: 32, rate: null },
  { seconds: 3, connections: 32, rate: null },
];
/** Uncounted: it stood still while the others ran, and what it needs lies far from the processor. */
const LEAD_IN = { seconds: 1 };

const number = (text: string): number => Number(text);
const options = new Command('bench:proxy')
  .option('--rounds <n>', 'how often each contender runs', number, 3)
  .option('--seconds <n>', 'how long each run takes', number, 4)
  .option('--connections <n>', 'connections at the same time', number, 32)
  .option(
    '--rate <n>',
    'requests a second, whatever the answers do, in the place of as many as it can',
    number,
  )
  .addOption(new Option('--request <kind>', 'what is sent').choices(Object.keys(REQUESTS)).default('get'))
  .option('--only <texts>', 'contenders whose name contains one of these, between semicolons')
  .option('--requests <n>', 'shows the memory of the first contender over this many requests instead', number)
  .parse()
  .opts<Options>();

const upstream = await startModule('upstream.ts');
try {
  if (options.requests) await showMemory(pick(options.only ?? 'canary')[0], options.requests);
  else await compare(pick(options.only ?? ''));
} finally {
  await upstream.stop();
}

function pick(text: string): Contender[] {
  return CONTENDERS.filter(({ name }) => text.split(';').some((each) => name.includes(each)));
}

async function compare(contenders: readonly Contender[]): Promise<void> {
  const running = await startAll(contenders);
  const measured = new Map<string, Measured[]>();
  for (let round = 0; round < options.rounds; round += 1) {
    for (const [name, contender] of running) {
      await measure(contender, LEAD_IN);
      const found = await measure(contender);
      measured.set(name, [...(measured.get(name) ?? []), found]);
      process.stderr.write(`round ${round + 1}, ${name}: ${Math.round(found.cpuPerRequest)} µs\n`);
    }
  }
  await Promise.all([...running.values()].map((contender) => contender.stop()));
  show(measured);
}

async function startAll(contenders: readonly Contender[]): Promise<Map<string, RunningContender>> {
  const running = new Map<string, RunningContender>();
  for (const { name, start } of contenders) {
    const contender = await start(upstream.url);
    if (contender) running.set(name, contender);
    else process.stdout.write(`${name} is not installed and left out\n`);
  }
  for (const contender of running.values()) for (const warmUp of WARM_UPS) await measure(contender, warmUp);
  return running;
}

async function measure({ url, pids }: RunningContender, otherwise: Partial<Load> = {}): Promise<Measured> {
  const { path, bodyBytes } = REQUESTS[options.request];
  const first = await fetch(`${url}${path}`);
  await first.arrayBuffer();
  const cookie = first.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const { seconds, connections, rate = null } = options;
  const before = pids.map(cpuOf);
  const result = await resultOf({ url, path, bodyBytes, cookie, seconds, connections, rate, ...otherwise });
  if (result.failed > 0) throw new Error(`${url}: ${result.failed} of ${result.requests} requests failed`);
  const spent = pids.map((pid, i) => cpuOf(pid) - (before[i] ?? 0));
  return {
    ...result,
    cpuPerRequest: sum(spent) / result.requests,
    busiest: Math.max(...spent) / sum(spent),
    memory: sum(pids.map(memoryOf)),
  };
}

async function resultOf(load: Load): Promise<LoadResult> {
  const child = fork(join(import.meta.dirname, 'load.ts'));
  child.send(load);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the load ended with exit code ${code} and no result`);
  });
  const [result] = (await Promise.race([once(child, 'message'), ended])) as [LoadResult];
  return result;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}

function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold blanks; user and system time are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

function show(measured: ReadonlyMap<string, readonly Measured[]>): void {
  const table = new Table({
    head: [
      '',
      'CPU µs/request',
      'busiest process',
      'of express alike',
      'of nginx alike',
      'requests/s',
      'p50 ms',
      'p99 ms',
      'MiB',
    ],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const [name, runs] of measured) {
    const of = (value: (run: Measured) => number): number => median(runs.map(value));
    table.push([
      name,
      of((run) => run.cpuPerRequest).toFixed(0),
      `${(100 * of((run) => run.busiest)).toFixed(0)} %`,
      ratioTo(expressAlike.name, runs, measured),
      ratioTo(nginxAlike.name, runs, measured),
      of((run) => run.requests / run.seconds).toFixed(0),
      (of((run) => run.p50) / 1000).toFixed(2),
      (of((run) => run.p99) / 1000).toFixed(2),
      of((run) => run.memory).toFixed(0),
    ]);
  }
  const { request, connections, rate, rounds, seconds } = options;
  const pace = rate === undefined ? 'as many as it can' : `${rate} a second`;
  process.stdout.write(
    `${WHAT[request]}, ${pace}, ${connections} connections, medians of ${rounds} interleaved rounds of ${seconds} s\n${table.toString()}\n`,
  );
}

/** Of the same rounds: whatever else the machine does meanwhile, it does to both. */
function ratioTo(
  name: string,
  runs: readonly Measured[],
  measured: ReadonlyMap<string, readonly Measured[]>,
): string {
  const peer = measured.get(name);
  if (!peer) return '';
  const ratio = median(runs.map((run, at) => run.cpuPerRequest / (peer[at]?.cpuPerRequest ?? NaN)));
  return `${ratio.toFixed(2)} ×`;
}

async function showMemory(contender: Contender | undefined, requests: number): Promise<void> {
  const running = await contender?.start(upstream.url);
  if (!contender || !running) throw new Error('there is no such contender here');
  for (let sent = 0; sent < requests;) {
    const { requests: more, memory } = await measure(running, { seconds: 20 });
    sent += more;
    process.stdout.write(`${contender.name}: ${sent} requests, ${memory.toFixed(0)} MiB\n`);
  }
  await running.stop();
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}
