import { Command, Option } from 'commander';
import type { Contender, RunningContender } from './proxy/contenders.ts';
import { startModule } from './proxy/contenders.ts';
import { CONTENDERS } from './proxy/line-up.ts';
import type { Measured, Trial } from './proxy/measure.ts';
import { measure } from './proxy/measure.ts';
import { keepOn, PROXY_CORE, SHARED_CORE } from './proxy/own-core.ts';
import { tableOf } from './proxy/table.ts';

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
  ownCore?: boolean;
  only?: string;
  requests?: number;
}

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
  .option('--own-core', 'a core for the proxy, another for load and application; Linux, two cores')
  .addOption(new Option('--request <kind>', 'what is sent').choices(Object.keys(REQUESTS)).default('get'))
  .option('--only <texts>', 'contenders whose name contains one of these, between semicolons')
  .option('--requests <n>', 'shows the memory of the first contender over this many requests instead', number)
  .parse()
  .opts<Options>();

const { seconds, connections, rate = null } = options;
const trial: Trial = { ...REQUESTS[options.request], seconds, connections, rate };

// What a request through the proxy costs, beside its peers in the same run: `npm run bench:proxy`. The same upstream, the
// same load. The rounds are interleaved, and medians are shown, because machines are noisy.
if (options.ownCore) keepOn(SHARED_CORE, [process.pid]);
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
      await measure(contender, { ...trial, ...LEAD_IN });
      const found = await measure(contender, trial);
      measured.set(name, [...(measured.get(name) ?? []), found]);
      process.stderr.write(`round ${round + 1}, ${name}: ${Math.round(found.cpuPerRequest)} µs\n`);
    }
  }
  await Promise.all([...running.values()].map((contender) => contender.stop()));
  const pace = rate === null ? 'as many as it can' : `${rate} a second`;
  const where = options.ownCore ? ', the proxy on a core of its own' : '';
  const how = `${connections} connections${where}, medians of ${options.rounds} interleaved rounds of ${seconds} s`;
  process.stdout.write(`${WHAT[options.request]}, ${pace}, ${how}\n${tableOf(measured)}\n`);
}

async function startAll(contenders: readonly Contender[]): Promise<Map<string, RunningContender>> {
  const running = new Map<string, RunningContender>();
  for (const { name, start } of contenders) {
    const contender = await startInPlace(start);
    if (contender) running.set(name, contender);
    else process.stdout.write(`${name} is not installed and left out\n`);
  }
  for (const contender of running.values())
    for (const warmUp of WARM_UPS) await measure(contender, { ...trial, ...warmUp });
  return running;
}

async function startInPlace(start: Contender['start']): Promise<RunningContender | null> {
  const contender = await start(upstream.url);
  if (contender && options.ownCore) keepOn(PROXY_CORE, contender.pids);
  return contender;
}

async function showMemory(contender: Contender | undefined, requests: number): Promise<void> {
  const running = contender && (await startInPlace(contender.start));
  if (!contender || !running) throw new Error('there is no such contender here');
  for (let sent = 0; sent < requests;) {
    const { requests: more, memory } = await measure(running, { ...trial, seconds: 20 });
    sent += more;
    process.stdout.write(`${contender.name}: ${sent} requests, ${memory.toFixed(0)} MiB\n`);
  }
  await running.stop();
}
