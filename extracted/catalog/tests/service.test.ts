import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { rowsOf, refuseWrites } from '../testing/scratch-database.ts';
import { type Running, startCatalog } from '../testing/running.ts';

const SEED = `INSERT INTO product (sku, price_minor) VALUES ('85123A', 255); INSERT INTO stock_level VALUES (1, 100)`;

const WAITING = `SELECT pid FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'catalog' AND wait_event_type = 'Lock'`;

/** Asks again as soon as it has the answer; the test's own time limit ends it. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds()));
}

async function closeDatabase(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await rowsOf(
    process.env.STRANGLER_TEST_POSTGRES!,
    `ALTER DATABASE ${name} ALLOW_CONNECTIONS false;
     SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
  );
}

describe('the running catalog service', () => {
  let catalog: Running;
  beforeEach(async () => {
    catalog = await startCatalog(SEED);
  });
  afterEach(() => catalog.stop());

  const send = (method: string, path: string, body: object) =>
    fetch(`${catalog.url}${path}`, {
      method,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });

  it('says that the database refused a write, in JSON and without a stack', async () => {
    await catalog.rows(refuseWrites('product'));

    const refused = await send('PATCH', '/api/products/1/price', { price: '9.99' });

    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    const message = 'The database refused this: table product is closed for writes';
    expect(await refused.json()).toEqual({ error: { code: 'database_refused', message } });
  });

  it('changes product and stock together or not at all', async () => {
    await catalog.rows(refuseWrites('stock_level'));

    const update = { name: 'X', price: '1.00', status: 'hidden', categoryId: null, reorderLevel: 1 };
    expect((await send('PUT', '/api/products/1', update)).status).toBe(503);
    expect((await send('POST', '/api/products', { sku: 'N', price: '1.00' })).status).toBe(503);
    const movement = { quantity: 1, reason: 'sale' };
    expect((await send('POST', '/api/products/1/stock-movements', movement)).status).toBe(503);

    expect(await catalog.rows('SELECT sku, name, updated_at FROM product')).toEqual([
      { sku: '85123A', name: null, updated_at: null },
    ]);
    expect(await catalog.rows('SELECT id FROM stock_movement')).toEqual([]);
  });

  it('loses no movement when many are booked at once, next to other writes of the product', async () => {
    const writes = Array.from({ length: 60 }, (_, index) =>
      index % 3 === 0
        ? send('PATCH', '/api/products/1/price', { price: `${index}.00` })
        : send('POST', '/api/products/1/stock-movements', { quantity: 1, reason: 'sale' }),
    );

    const answers = await Promise.all(writes);

    expect(answers.map(({ status }) => status).filter((status) => status >= 300)).toEqual([]);
    expect(await catalog.rows('SELECT on_hand FROM stock_level')).toEqual([{ on_hand: 60 }]);
  });

  it('counts a product whose stock has not arrived yet as out of stock, and books on it', async () => {
    await catalog.rows('DELETE FROM stock_level');

    const stock = await fetch(`${catalog.url}/api/products/1/stock`);
    expect(await stock.json()).toEqual({ productId: 1, onHand: 0, reorderLevel: null });
    const booked = await send('POST', '/api/products/1/stock-movements', { quantity: 2, reason: 'sale' });
    expect(await booked.json()).toMatchObject({ onHand: -2 });
  });

  it('is alive without its database, but not ready', async () => {
    expect((await fetch(`${catalog.url}/ready`)).status).toBe(200);

    await closeDatabase(catalog.databaseUrl);

    expect((await fetch(`${catalog.url}/ready`)).status).toBe(503);
    expect((await fetch(`${catalog.url}/health`)).status).toBe(200);
  });

  it('finishes a running request on SIGTERM before it exits', async () => {
    const blocker = new pg.Client({ connectionString: catalog.databaseUrl });
    await blocker.connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT * FROM product FOR UPDATE');
    const exit = once(catalog.process, 'exit');
    const running = send('PATCH', '/api/products/1/price', { price: '9.99' });
    await until(async () => (await catalog.rows(WAITING)).length > 0);

    catalog.process.kill('SIGTERM');
    await until(() =>
      fetch(`${catalog.url}/health`)
        .then(() => false)
        .catch(() => true),
    );
    await blocker.query('COMMIT');
    await blocker.end();

    expect((await running).status).toBe(200);
    expect(await exit).toEqual([0, null]);
  });
});

describe('the catalog service without a database', () => {
  const startWith = (url: string) => {
    const entry = fileURLToPath(new URL('../main.ts', import.meta.url));
    const env = { ...process.env, CATALOG_DATABASE_URL: url, PORT: '0' };
    return spawnSync(process.execPath, [entry], { env, encoding: 'utf8' });
  };

  it('says which setting is missing', () => {
    expect(startWith('')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^CATALOG_DATABASE_URL is not set/),
    });
  });

  it('says in one line why it cannot start', () => {
    const { status, stderr } = startWith('postgres://nobody@127.0.0.1:1/nothing');

    expect(status).toBe(1);
    expect(stderr).toMatch(/^catalog cannot start: .*ECONNREFUSED.*\n$/);
  });
});
