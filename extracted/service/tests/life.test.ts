import { afterEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { holdLock } from '../testing/databases.ts';
import { type Application, entryOf, type Running, SERVICES, start, variableOf } from '../testing/running.ts';
import { until } from '../testing/until.ts';

/** A row, a write to it, and how its database tells that somebody waits for a lock. */
interface Life {
  name: Application;
  seed: string;
  lock: string;
  method: string;
  path: string;
  body?: object;
  waiting: string;
}

const IN_POSTGRES = `SELECT pid FROM pg_stat_activity
  WHERE datname = current_database() AND application_name <> '' AND wait_event_type = 'Lock'`;
const IN_MYSQL = `SELECT t.trx_id FROM information_schema.innodb_trx t
  JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
  WHERE p.db = database() AND t.trx_state = 'LOCK WAIT'`;

const LIVES: Life[] = [
  {
    name: 'catalog',
    seed: `INSERT INTO product (sku, price_minor) VALUES ('85123A', 255); INSERT INTO stock_level VALUES (1, 100)`,
    lock: 'SELECT * FROM product FOR UPDATE',
    method: 'PATCH',
    path: '/api/products/1/price',
    body: { price: '9.99' },
    waiting: IN_POSTGRES,
  },
  {
    name: 'cart',
    seed: `INSERT INTO cart (customer_id) VALUES (NULL);
           INSERT INTO cart_line (cart_id, product_id, quantity) VALUES (1, 7, 2)`,
    lock: 'SELECT * FROM cart_line FOR UPDATE',
    method: 'DELETE',
    path: '/api/carts/1/lines/1',
    waiting: IN_POSTGRES,
  },
  {
    name: 'orders',
    seed: `INSERT INTO customer_order (status, total) VALUES ('paid', 1)`,
    lock: 'SELECT * FROM customer_order FOR UPDATE',
    method: 'POST',
    path: '/api/orders/1/cancel',
    waiting: IN_POSTGRES,
  },
  {
    name: 'payments',
    seed: `INSERT INTO payment (order_id, method, amount) VALUES (1, 'card', 5)`,
    lock: 'SELECT * FROM payment FOR UPDATE',
    method: 'POST',
    path: '/api/payments/1/refund',
    waiting: IN_MYSQL,
  },
];

describe.each(LIVES)('the $name service', ({ name, seed, lock, method, path, body, waiting }) => {
  let service: Running;
  afterEach(() => service.stop());

  const write = () =>
    fetch(`${service.url}${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
    });

  it('is alive without its database, but not ready', async () => {
    service = await start(name);
    expect((await fetch(`${service.url}/ready`)).status).toBe(200);

    await service.loseDatabase();

    const notReady = await fetch(`${service.url}/ready`);
    expect(notReady.status).toBe(503);
    expect(await notReady.json()).toMatchObject({ error: { code: 'database_unavailable' } });
    expect((await fetch(`${service.url}/health`)).status).toBe(200);
  });

  it('finishes a running request on SIGTERM before it exits', async () => {
    service = await start(name, seed);
    const letGo = await holdLock(service.databaseUrl, lock);
    const exit = once(service.process, 'exit');
    const running = write();
    await until('the request waits', async () => (await service.rows(waiting)).length > 0);

    service.process.kill('SIGTERM');
    await until('nobody listens', () =>
      fetch(`${service.url}/health`)
        .then(() => false)
        .catch(() => true),
    );
    await letGo();

    expect((await running).status).toBe(200);
    expect(await exit).toEqual([0, null]);
  });

  it('times its requests by route', async () => {
    service = await start(name, seed);
    await fetch(`${service.url}${path.replace(/\/(price|lines\/1|cancel|refund)$/, '')}`);
    await fetch(`${service.url}/nothing/here`);

    const metrics = await (await fetch(`${service.url}/metrics`)).text();

    const labels = `service="${name}",method="GET",route="/api/\\w+/:id",status="\\d+"`;
    expect(metrics).toMatch(new RegExp(`http_request_duration_seconds_count\\{${labels}\\} 1`));
    expect(metrics).toContain('route="none",status="404"');
  });
});

describe.each(SERVICES.map((name) => ({ name })))('the $name service without a database', ({ name }) => {
  const startWith = (url: string) => {
    const env = { ...process.env, [variableOf(name)]: url, PORT: '0' };
    return spawnSync(process.execPath, [entryOf(name)], { env, encoding: 'utf8' });
  };

  it('says which setting is missing', () => {
    expect(startWith('')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(new RegExp(`^${variableOf(name)} is not set`)),
    });
  });

  it('says in one line why it cannot start', () => {
    const scheme = name === 'payments' ? 'mysql' : 'postgres';
    const { status, stderr } = startWith(`${scheme}://nobody@127.0.0.1:1/nothing`);

    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`^${name} cannot start: .*ECONNREFUSED.*\\n$`));
  });
});
