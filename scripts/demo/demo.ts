import { dayTable, honestWord, playDay } from './day/play-day.ts';
import { caughtUp } from './gates.ts';
import type { Travelled } from './journey.ts';
import { travel } from './journey.ts';
import { Narrator } from './narrator.ts';
import type { CleanUp } from './open-shop.ts';
import { openShop } from './open-shop.ts';
import type { DemoOptions } from './options.ts';
import { HELP, readOptions, UsageError } from './options.ts';
import type { Result } from './result.ts';
import { complaints, judge, resultTable } from './result.ts';
import type { Addresses } from './surroundings.ts';

const INTERRUPTED = 130;

/** Somebody pressed Ctrl-C. */
class InterruptedError extends Error {}

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
    const story = options.all ? playAll : play;
    return await Promise.race([story(options, narrator, ending, cleanUp), rejectionOf(ending.signal)]);
  } catch (error) {
    if (error instanceof InterruptedError) narrator.text('\nStopping …');
    else narrator.bad(wordsOf(error));
    narrator.end();
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
  const scene = await openShop(options, narrator, ending, cleanUp);
  const travelled: Travelled = { copied: null, verified: [], ownerChanges: [], nightlyWrites: 0 };
  const stoppedBy = await travel(scene, travelled, options.sabotage).then(() => null, wordsOf);
  if (stoppedBy !== null) narrator.bad(stoppedBy);
  narrator.step(
    'The check',
    'The traffic stops. Both databases are read without the product, and held to the ledger.',
  );
  await scene.traffic.stop();
  // What is only late is no fault; what never arrives is one, and the check names it.
  await caughtUp(scene).catch((error: unknown) => narrator.bad(wordsOf(error)));
  const result = await judge(scene, travelled, { stoppedBy, seconds: (Date.now() - started) / 1000 });
  report(result, options, narrator);
  if (!options.once && result.ok) {
    scene.traffic.start((error) => ending.abort(error));
    await stayUp(scene.addresses, narrator);
  }
  return result.ok ? 0 : 1;
}

async function playAll(
  options: DemoOptions,
  narrator: Narrator,
  ending: AbortController,
  cleanUp: CleanUp,
): Promise<number> {
  const { result, day } = await playDay(options, narrator, ending, cleanUp);
  for (const { at, request, why } of result.requests.failures)
    narrator.bad(`failed at ${at}: ${request}: ${why}`);
  for (const fault of result.faults) narrator.bad(fault);
  narrator.text(`\n${dayTable(result)}\n`);
  narrator.say(honestWord(result));
  if (result.ok)
    narrator.good('no request failed, and every order is there, once, with its payment and its stock');
  else narrator.bad('this is not how it must be: see above');
  if (options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  if (!options.once && result.ok) {
    day.crowd.start((error) => ending.abort(error));
    narrator.text(
      `\nThe shop stays open, with traffic, until Ctrl-C: ${day.addresses.proxy}/shop, ${day.addresses.control}\n`,
    );
    await new Promise(() => undefined);
  }
  return result.ok ? 0 : 1;
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
      `  shop, through the proxy  ${addresses.proxy}/shop (pages), ${addresses.proxy}/api/products`,
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

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

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
