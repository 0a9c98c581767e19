import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Children } from './children.ts';
import { caughtUp } from './gates.ts';
import type { Travelled } from './journey.ts';
import { travel } from './journey.ts';
import { Ledger } from './ledger.ts';
import { Narrator, count } from './narrator.ts';
import type { DemoOptions } from './options.ts';
import { HELP, readOptions, UsageError } from './options.ts';
import { readStart } from './read-side.ts';
import type { Result } from './result.ts';
import { complaints, judge, resultTable } from './result.ts';
import type { Scene } from './scene.ts';
import { openControl, UP } from './scene.ts';
import type { Addresses } from './surroundings.ts';
import { chooseAddresses, environmentOf, fillShop, startDatabases } from './surroundings.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

const INTERRUPTED = 130;

/** Somebody pressed Ctrl-C. */
class InterruptedError extends Error {}

/** What has to be taken down at the end, however it comes. */
type CleanUp = (() => Promise<unknown>)[];

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  const narrator = new Narrator(options.json ? process.stderr : process.stdout);
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => ending.abort(new InterruptedError(signal)));
  }
  const cleanUp: CleanUp = [];
  try {
    return await Promise.race([play(options, narrator, ending, cleanUp), rejectionOf(ending.signal)]);
  } catch (error) {
    if (error instanceof InterruptedError) narrator.text('\nStopping …');
    else narrator.bad(error instanceof Error ? error.message : String(error));
    return error instanceof InterruptedError ? INTERRUPTED : 1;
  } finally {
    for (const undo of cleanUp.reverse()) await undo().catch(() => undefined);
  }
}

async function play(
  options: DemoOptions,
  narrator: Narrator,
  ending: AbortController,
  cleanUp: CleanUp,
): Promise<number> {
  const started = Date.now();
  const scene = await setUp(options, narrator, ending, cleanUp);
  const travelled: Travelled = { copied: null, verified: [], ownerChanges: [], nightlyWrites: 0 };
  const stoppedBy = await travel(scene, travelled, options.sabotage).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  if (stoppedBy !== null) narrator.bad(stoppedBy);
  narrator.step(
    'The check',
    'The traffic stops. Both databases are read without the product, and held to the ledger.',
  );
  await scene.traffic.stop();
  if (stoppedBy === null) await caughtUp(scene);
  const result = await judge(scene, travelled, { stoppedBy, seconds: (Date.now() - started) / 1000 });
  report(result, options, narrator);
  if (!options.once && result.ok) {
    scene.traffic.start((error) => ending.abort(error));
    await stayUp(scene.addresses, narrator);
  }
  return result.ok ? 0 : 1;
}

async function setUp(
  options: DemoOptions,
  narrator: Narrator,
  ending: AbortController,
  cleanUp: CleanUp,
): Promise<Scene> {
  narrator.step(
    'A shop',
    'PostgreSQL, the monolith with its data, the new catalog service, and strangler up.',
  );
  const { server, databases } = await startDatabases();
  cleanUp.push(() => server.stop());
  await fillShop(databases.monolith, options.lines, narrator);
  const addresses = await chooseAddresses();
  const children = new Children(await environment(environmentOf(databases, addresses)), (error) =>
    ending.abort(error),
  );
  cleanUp.push(() => children.stop());
  const portOf = (url: string) => ({ PORT: new URL(url).port });
  await Promise.all([
    children.start('the monolith', ['legacy-monolith/main.ts'], portOf(addresses.monolith), /ready at/),
    children.start(
      'the catalog service',
      ['extracted/catalog/main.ts'],
      portOf(addresses.service),
      /ready at/,
    ),
  ]);
  await children.start('strangler up', UP, {}, /^ready$/m);
  narrator.good(`proxy ${addresses.proxy}, dashboard ${addresses.control}`);
  const { products, movements } = await readStart(databases.monolith);
  narrator.say(`The shop has ${count(products.length)} products and ${count(movements)} stock movements.`);
  const [ledger, tally] = [new Ledger(products, movements), new Tally()];
  const traffic = new Traffic(addresses.proxy, products, ledger, tally);
  cleanUp.push(() => traffic.stop());
  traffic.start((error) => ending.abort(error));
  return {
    narrator,
    children,
    databases,
    addresses,
    control: openControl(addresses.control),
    ledger,
    tally,
    traffic,
  };
}

/** The user's own settings of strangler must not meddle; compiling the sources once is enough for all processes. */
async function environment(settings: Record<string, string>): Promise<NodeJS.ProcessEnv> {
  const own = Object.entries(process.env).filter(([name]) => !/^(STRANGLER_|NIGHTLY_)/.test(name));
  const cache = join(tmpdir(), 'strangler-compile-cache');
  await mkdir(cache, { recursive: true }).catch(() => undefined);
  return { NODE_COMPILE_CACHE: cache, ...Object.fromEntries(own), ...settings };
}

function report(result: Result, { json }: DemoOptions, narrator: Narrator): void {
  for (const complaint of complaints(result)) narrator.bad(complaint);
  narrator.text(`\n${resultTable(result)}\n`);
  if (result.ok)
    narrator.good(
      'no request failed, no acknowledged write is missing, doubled or stale, both sides are equal',
    );
  else narrator.bad('this is not how it must be: see above');
  if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}

async function stayUp(addresses: Addresses, narrator: Narrator): Promise<never> {
  const command = `npm run --silent strangler -- --url ${addresses.control}`;
  narrator.text(
    [
      '',
      'The shop stays open, with traffic, until Ctrl-C:',
      `  shop, through the proxy  ${addresses.proxy}/api/products`,
      `  dashboard                ${addresses.control}`,
      `  monolith                 ${addresses.monolith}/api/products`,
      `  catalog service          ${addresses.service}/api/products`,
      '',
      'Move it yourself, and look at the dashboard meanwhile:',
      `  ${command} status --watch`,
      `  ${command} rollback catalog`,
      `  ${command} verify catalog`,
      `  ${command} cutover catalog`,
      '',
    ].join('\n'),
  );
  return new Promise(() => undefined);
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

try {
  process.exit(await main());
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`demo: ${error.message}\n`);
  process.exit(2);
}
