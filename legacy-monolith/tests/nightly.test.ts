import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import request from 'supertest';
import type { NightlyReport } from '../nightly.ts';
import { refuseWrites } from '../testing/scratch-database.ts';
import { fillCart, openTestShop, type TestShop } from '../testing/shop.ts';

const JOB = fileURLToPath(new URL('../nightly.ts', import.meta.url));

describe('the nightly job', () => {
  let shop: TestShop;
  beforeEach(async () => {
    shop = await openTestShop();
    await shop.rows(`INSERT INTO tbl_products (prod_id, stk_cd, unit_prc)
      SELECT id, 'N' || id, 100 FROM generate_series(4, 60) id`);
  });
  afterEach(() => shop.close());

  async function run(...args: string[]) {
    const env = { ...process.env, MONOLITH_DATABASE_URL: shop.url };
    const job = spawn(process.execPath, [JOB, ...args], { env });
    const [stdout, stderr, [code]] = await Promise.all([
      text(job.stdout),
      text(job.stderr),
      once(job, 'exit'),
    ]);
    const report = JSON.parse(stdout.trim().split('\n').at(-1)!) as NightlyReport;
    return { code: code as number, stderr, ...report };
  }

  const stored = () =>
    shop.rows(`SELECT prod_id AS "prodId", unit_prc AS "unitPrc", qty_oh AS "qtyOh" FROM tbl_products
                WHERE upd_dt IS NOT NULL ORDER BY prod_id`);

  it('reprices every tenth product and reports exactly what it wrote', async () => {
    const { code, written, failed } = await run('--batch', '2');

    expect({ code, failed }).toEqual({ code: 0, failed: null });
    expect(written.map(({ prodId }) => prodId)).toEqual([10, 20, 30, 40, 50, 60]);
    expect(written.every(({ unitPrc }) => unitPrc !== '100.00')).toBe(true);
    expect(await stored()).toEqual(written);
  });

  it('writes the same for the same seed, other prices for another, and no more than the limit', async () => {
    const first = await run('--seed', '1', '--limit', '3');
    expect(first.written.map(({ prodId }) => prodId)).toEqual([10, 20, 30]);
    const reset = () => shop.rows('UPDATE tbl_products SET unit_prc = 100 WHERE prod_id > 3');

    await reset();
    const again = await run('--seed', '1', '--limit', '3');
    await reset();
    const other = await run('--seed', '2', '--limit', '3');

    expect(again.written).toEqual(first.written);
    expect(other.written).not.toEqual(first.written);
  });

  it('books the stock of each order once', async () => {
    const cart = await fillCart(shop.app, { productId: 1, quantity: 4 });
    await request(shop.app).post(`/api/carts/${cart}/checkout`).send({ method: 'card' }).expect(201);

    const { written } = await run();
    const second = await run('--limit', '0');

    expect(written).toContainEqual({ prodId: 1, unitPrc: '2.55', qtyOh: 6 });
    expect(second.written).toEqual([]);
    expect(await shop.rows('SELECT prod_id, qty, rsn_cd, ref_no FROM stk_mvmt')).toEqual([
      { prod_id: 1, qty: 4, rsn_cd: 'S', ref_no: 'W1' },
    ]);
  });

  it('exits with 1 and the database’s message when writes are refused, and reports what stayed', async () => {
    await shop.rows(refuseWrites('tbl_products', 'NEW.prod_id > 30'));

    const { code, stderr, written, failed } = await run('--batch', '2');

    expect(code).toBe(1);
    expect(failed).toEqual({ message: 'table tbl_products is closed for writes' });
    expect(stderr).toContain('nightly failed: table tbl_products is closed for writes');
    expect(written.map(({ prodId }) => prodId)).toEqual([10, 20]);
    expect(await stored()).toEqual(written);
  });
});
