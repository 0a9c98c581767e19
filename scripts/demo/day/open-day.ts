import { Children } from '../children.ts';
import type { CleanUp } from '../open-shop.ts';
import { environment } from '../open-shop.ts';
import type { Narrator } from '../narrator.ts';
import type { DemoOptions } from '../options.ts';
import { reading } from '../read-side.ts';
import type { Mover } from '../scene.ts';
import { openControl, UP } from '../scene.ts';
import { fillShop } from '../surroundings.ts';
import { Tally } from '../tally.ts';
import { Crowd } from './crowd.ts';
import { Release } from './release.ts';
import { chooseAddresses, environmentOf, startDatabases } from './surroundings.ts';
import type { DayAddresses, DayDatabases, ServiceName } from './surroundings.ts';
import { Till } from './till.ts';

/** Everything that a step of the day works with; who moves something gives it the migration's name. */
export interface Day extends Omit<Mover, 'migration'> {
  databases: DayDatabases;
  addresses: DayAddresses;
  release: Release;
  till: Till;
  crowd: Crowd;
  /** Orders that were there before the day began have no greater id. */
  lastOrderBefore: number;
}

const FOR_SALE = `
  SELECT prod_id AS id FROM tbl_products
   WHERE stat_cd = 'A' AND unit_prc > 0 AND prod_id % 10 <> 0 ORDER BY prod_id LIMIT 400`;

/** Starts the shop as it was and its four services as they will be, and lets people in. */
export async function openDay(
  options: DemoOptions,
  narrator: Narrator,
  ending: AbortController,
  cleanUp: CleanUp,
): Promise<Day> {
  narrator.step(
    'A shop with four services to come',
    'PostgreSQL, a MySQL or MariaDB for the payments, and strangler up.',
  );
  const { server, databases, drop } = await startDatabases();
  cleanUp.push(() => server.stop(), drop);
  await fillShop(databases.monolith, options.lines, narrator);
  const addresses = await chooseAddresses();
  const release = await Release.before(addresses.orders, addresses.release);
  cleanUp.push(() => release.close());
  const children = new Children(await environment(environmentOf(databases, addresses)), (error) =>
    ending.abort(error),
  );
  cleanUp.push(() => children.stop());
  await startAll(children, addresses);
  narrator.good(`proxy ${addresses.proxy}, dashboard ${addresses.control}`);
  narrator.good(`the shop's pages, for you to click in: ${addresses.proxy}/shop`);
  const { goods, lastOrderBefore } = await lookAround(databases.monolith);
  const [till, tally] = [new Till(), new Tally()];
  const [bargain = 0, ...others] = goods;
  const half = Math.floor(others.length / 2);
  const sold = { bargain, forSale: others.slice(0, half) };
  const crowd = new Crowd(addresses.proxy, sold, others.slice(half), till, tally);
  cleanUp.push(() => crowd.stop());
  crowd.start((error) => ending.abort(error));
  const control = openControl(addresses.control);
  return { narrator, children, databases, addresses, control, release, till, tally, crowd, lastOrderBefore };
}

async function startAll(children: Children, addresses: DayAddresses): Promise<void> {
  const portOf = (url: string) => new URL(url).port;
  const startService = (name: ServiceName) =>
    children.start(
      `the ${name} service`,
      [`extracted/${name}/main.ts`],
      { PORT: portOf(addresses[name]) },
      /ready at/,
    );
  const ports = { PORT: portOf(addresses.monolith), INTERNAL_PORT: portOf(addresses.steps) };
  await Promise.all([
    children.start('the monolith', ['legacy-monolith/main.ts'], ports, /ready at/),
    startService('catalog'),
    startService('cart'),
    startService('orders'),
    startService('payments'),
  ]);
  await children.start('strangler up', UP, {}, /^ready$/m);
}

function lookAround(monolith: string): Promise<{ goods: number[]; lastOrderBefore: number }> {
  return reading(monolith, async (client) => {
    const goods = await client.query<{ id: number }>(FOR_SALE);
    const orders = await client.query<{ last: number }>(
      'SELECT coalesce(max(ord_id), 0) AS last FROM ord_hdr',
    );
    return { goods: goods.rows.map(({ id }) => id), lastOrderBefore: orders.rows[0]?.last ?? 0 };
  });
}
