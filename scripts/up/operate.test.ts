import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { scrape } from '../../proxy/data-plane/testing/prometheus.ts';
import { RunningShop } from '../testing/running-shop.ts';

let shop: RunningShop;
beforeAll(async () => {
  shop = await RunningShop.start(2000);
  await shop.up();
  await shop.move('sync', 'catalog');
}, 180_000);
afterAll(() => shop.close());

const cli = async (...args: string[]) => {
  const { out, err, code } = await shop.strangler(...args, '-o', 'json');
  return { code, said: err, answer: (out === '' ? null : JSON.parse(out)) as Record<string, unknown> };
};
const product = async (id: number): Promise<string | undefined> => {
  const { rows } = await shop.service.query<{ name: string }>('SELECT name FROM product WHERE id = $1', [id]);
  return rows[0]?.name;
};
const rename = (id: number, name: string) =>
  shop.monolith.query('UPDATE tbl_products SET prod_nm = $2 WHERE prod_id = $1', [id, name]);
const metric = async (name: string, labels: string): Promise<number | undefined> =>
  (await scrape(`http://${shop.env.CONTROL_LISTEN}`)).get(name)?.samples.get(`${name}{${labels}}`);
const OF = 'migration="catalog",from="monolith"';

it('shows, retries and skips what the service refuses, and journals who gave up what, and why', async () => {
  await shop.service.query(`ALTER TABLE product ADD CONSTRAINT calm CHECK (name NOT LIKE '%!')`);
  await rename(1, 'poison!');
  await rename(2, 'poison too!');
  await shop.until(({ sync }) => sync?.parkedKeys === 2);
  expect(await metric('strangler_sync_parked_keys', OF)).toBe(2);
  const { answer } = await cli('parked', 'catalog');
  expect(answer).toMatchObject({
    keys: 2,
    parked: [{ table: 'tbl_products', key: '["1"]' }, { key: '["2"]' }],
  });
  expect(await cli('parked', 'catalog', '--table', 'tbl_products', '--key', '1')).toMatchObject({
    answer: { changes: [{ row: { prod_nm: 'poison!' } }] },
  });
  expect(await shop.strangler('retry', 'catalog')).toMatchObject({
    code: 1,
    out: expect.stringContaining('2 stay parked'),
  });

  expect(await cli('skip', 'catalog', '--table', 'tbl_products', '--key', '1')).toMatchObject({ code: 2 });
  for (const verb of ['parked', 'retry']) {
    const { code, said } = await cli(verb, 'catalog', '--table', 'product', '--key', '1');
    expect([code, said]).toEqual([
      expect.any(Number),
      expect.stringContaining('"product" is no table of the monolith'),
    ]);
    expect(code).not.toBe(0);
  }
  const reason = ['--reason', 'a test article'];
  expect(await cli('skip', 'catalog', '--table', 'tbl_products', '--key', '1', ...reason)).toMatchObject({
    code: 0,
    answer: { outcome: 'skipped', changes: 1 },
  });
  const log = (await cli('log', 'catalog')).answer as unknown as { kind: string }[];
  expect(log.at(-1)).toMatchObject({
    kind: 'skipped',
    reason: 'a test article',
    evidence: { table: 'tbl_products', key: '["1"]', seen: [{ row: { prod_nm: 'poison!' } }] },
  });
  expect(await cli('skip', 'catalog', '--table', 'tbl_products', '--key', '1', ...reason)).toMatchObject({
    code: 1,
    answer: { outcome: 'nothing parked' },
  });

  await shop.service.query('ALTER TABLE product DROP CONSTRAINT calm');
  expect((await shop.strangler('retry', 'catalog')).code).toBe(0);
  expect(await product(2)).toBe('poison too!');
  expect(await product(1)).not.toBe('poison!');
  expect(await shop.strangler('verify', 'catalog')).toMatchObject({
    code: 1,
    out: expect.stringContaining('["1"]'),
  });
  expect(await shop.strangler('verify', 'catalog', '--repair')).toMatchObject({ code: 0 });
  expect(await product(1)).toBe('poison!');
}, 180_000);

it('notices within seconds what happens to a table, in status, metrics and the gate; and goes on when it is put back', async () => {
  await shop.caughtUp();
  await shop.monolith.query('ALTER TABLE tbl_products ADD weight numeric');
  await shop.monolith.query('ALTER TABLE tbl_products RENAME prod_nm TO title');
  await shop.monolith.query(`UPDATE tbl_products SET title = 'renamed' WHERE prod_id = 3`);
  const { sync } = await shop.until(
    (status) => (status.sync?.drift.length ?? 0) >= 2 && status.sync?.parkedKeys === 1,
  );
  expect(sync?.state).toBe('live');
  expect(sync?.drift.map(({ effect, column }) => `${column} ${effect}`)).toEqual(
    expect.arrayContaining(['prod_nm parks', 'weight not carried']),
  );
  expect(await metric('strangler_schema_drift', `${OF},effect="parks"`)).toBeGreaterThan(0);
  expect(await product(3)).not.toBe('renamed');
  await shop.monolith.query('ALTER TABLE tbl_products RENAME title TO prod_nm');
  await shop.until((status) => status.sync?.drift.length === 1);
  const { answer, code } = await cli('shadow', 'catalog', '--dry-run');
  expect(code).toBe(3);
  expect(answer).toMatchObject({
    gates: expect.arrayContaining([
      expect.objectContaining({
        gate: 'schema drift',
        passed: false,
        value: expect.stringContaining('weight'),
      }),
    ]),
  });
  await rename(3, 'renamed again');
  await shop.until((status) => status.sync?.parkedKeys === 0);
  expect(await product(3)).toBe('renamed again');
}, 180_000);

it('carries nothing once a type means something else; and going back to legacy is possible all the same', async () => {
  await shop.monolith.query('ALTER TABLE tbl_products ALTER reord_lvl DROP DEFAULT');
  await shop.monolith.query('ALTER TABLE tbl_products ALTER reord_lvl TYPE text');
  const { sync } = await shop.until((status) => status.sync?.state === 'stalled');
  expect(sync?.detail).toContain('"reord_lvl" was');
  expect(await metric('strangler_sync_state', `${OF},state="stalled"`)).toBe(1);
  expect((await shop.strangler('rollback', 'catalog')).code).toBe(0);
  await shop.until(({ stage }) => stage === 'legacy');
}, 180_000);
