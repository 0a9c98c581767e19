import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Children } from './children.ts';
import { Ledger } from './ledger.ts';
import type { Narrator } from './narrator.ts';
import { count } from './narrator.ts';
import type { DemoOptions } from './options.ts';
import { readStart } from './read-side.ts';
import type { Scene } from './scene.ts';
import { openControl, UP } from './scene.ts';
import { chooseAddresses, environmentOf, fillShop, startDatabases } from './surroundings.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

/** What has to be taken down at the end, however it comes; the newest first. */
export type CleanUp = (() => Promise<unknown>)[];

/**
 * Starts everything, and lets the customers in.
 *
 * @param ending aborted with the reason when something dies on which all depends
 * @param cleanUp told of each thing as soon as it runs
 */
export async function openShop(
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
  narrator.good(`the shop's pages, for you to click in: ${addresses.proxy}/shop`);
  const { products, movements } = await readStart(databases.monolith);
  narrator.say(`The shop has ${count(products.length)} products and ${count(movements)} stock movements.`);
  const [ledger, tally] = [new Ledger(products, movements), new Tally()];
  const traffic = new Traffic(addresses.proxy, products, ledger, tally);
  cleanUp.push(() => traffic.stop());
  traffic.start((error) => ending.abort(error));
  return {
    migration: 'catalog',
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
export async function environment(settings: Record<string, string>): Promise<NodeJS.ProcessEnv> {
  const own = Object.entries(process.env).filter(([name]) => !/^(STRANGLER_|NIGHTLY_)/.test(name));
  const cache = join(tmpdir(), 'strangler-compile-cache');
  await mkdir(cache, { recursive: true }).catch(() => undefined);
  return { NODE_COMPILE_CACHE: cache, ...Object.fromEntries(own), ...settings };
}
