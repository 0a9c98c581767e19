import { openDatabase } from '../../../migrations/databases/open.ts';
import { workOf } from '../../../migrations/lifecycle/moves.ts';
import { Children } from '../../demo/children.ts';
import { environment } from '../../demo/open-shop.ts';
import { freePorts } from '../../testing/free-ports.ts';
import type { Server } from './bed.ts';
import { connect, syncOf } from './bed.ts';
import type { Finding } from './measure.ts';
import { median, rounded } from './measure.ts';

const GOAL = 0.85;
const PRODUCTS = 1000;
const CONNECTIONS = 8;
const SECONDS = 4;

/**
 * What a whole application still manages with the trigger on its table: the reference shop's monolith, as it is, changes
 * prices, each in a transaction of its own that an ORM makes, as fast as its clients can ask for it.
 */
export async function benchShopWrites(server: Server, rounds: number, where: string): Promise<Finding> {
  const urls = {
    monolith: await server.database('shop_monolith'),
    service: await server.database('shop_service'),
  };
  const shop = new Children(await environment({ MONOLITH_DATABASE_URL: urls.monolith }), () => undefined);
  try {
    const [port] = await freePorts(1);
    await shop.start('the monolith', ['legacy-monolith/main.ts'], { PORT: String(port) }, /ready at/);
    const capture = await prepareCapture(urls);
    const rates = { without: [] as number[], captured: [] as number[] };
    await changePrices(port); // a server runs for days
    for (let round = 0; round < rounds; round += 1) {
      rates.without.push(await changePrices(port));
      await capture.install();
      rates.captured.push(await changePrices(port));
      await capture.remove();
    }
    await capture.close();
    const [without, captured] = [median(rates.without), median(rates.captured)];
    return {
      what: `the reference shop changing prices, captured by trigger (${where})`,
      value: `${rounded(captured)} requests/s`,
      peer: `the same without: ${rounded(without)}`,
      ratio: (captured / without).toFixed(2),
      goal: `≥ ${GOAL}`,
      reached: captured / without >= GOAL,
    };
  } finally {
    await shop.stop();
  }
}

/** Fills the shop, and makes a table beside it that follows all columns of its products. */
async function prepareCapture(
  urls: Record<'monolith' | 'service', string>,
): Promise<Record<'install' | 'remove' | 'close', () => Promise<void>>> {
  const [monolith, service] = [await connect(urls.monolith), await connect(urls.service)];
  await monolith.query(
    `INSERT INTO tbl_products (stk_cd, prod_nm, unit_prc, qty_oh)
     SELECT 'code-' || n, 'product ' || n, n, n % 50 FROM generate_series(1, ${PRODUCTS}) n`,
  );
  const { rows } = await monolith.query<{ name: string; declared: string }>(
    `SELECT attname AS name, concat_ws(' ', attname, format_type(atttypid, atttypmod),
       CASE WHEN attnotnull THEN 'NOT NULL' END) AS declared
     FROM pg_attribute WHERE attrelid = 'tbl_products'::regclass AND attnum > 0`,
  );
  const columns = rows.map(({ declared }) => declared).join(', ');
  await service.query(`CREATE TABLE product (${columns}, PRIMARY KEY (prod_id), UNIQUE (stk_cd))`);
  await Promise.all([monolith.end(), service.end()]);
  const others = rows.map(({ name }) => name).filter((name) => name !== 'prod_id');
  const databases = {
    monolith: openDatabase(urls.monolith, 'monolith'),
    service: openDatabase(urls.service, 'service'),
  };
  const synced = await syncOf(databases, {
    ...{ from: 'tbl_products', to: 'product', key: { prod_id: 'prod_id' } },
    columns: Object.fromEntries(others.map((name) => [name, name])),
  });
  return {
    install: () => workOf('sync', 'legacy', true).run(synced, 1),
    remove: () => workOf('rollback', 'dual-write', true).run(synced, 1),
    close: async () => {
      await Promise.all([databases.monolith.close(), databases.service.close()]);
    },
  };
}

/** @returns requests a second */
async function changePrices(port: number): Promise<number> {
  const until = performance.now() + SECONDS * 1000;
  let done = 0;
  const client = async (first: number): Promise<void> => {
    for (let i = first; performance.now() < until; i += CONNECTIONS) {
      const answer = await fetch(`http://127.0.0.1:${port}/api/products/${1 + (i % PRODUCTS)}/price`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ price: `${i % 100}.50` }),
      });
      if (answer.status !== 200) throw new Error(`the shop answers ${answer.status}: ${await answer.text()}`);
      await answer.text();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, n) => client(n)));
  return done / SECONDS;
}
