import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startCuttableWire } from '../../proxy/control/testing/cuttable-wire.ts';
import type { CuttableWire } from '../../proxy/control/testing/cuttable-wire.ts';
import { AcknowledgedWrites } from '../testing/acknowledged-writes.ts';
import { RunningShop } from '../testing/running-shop.ts';

let shop: RunningShop;
let wire: CuttableWire;
let store: pg.Client;
/** The proxy of `strangler up`, and one more that reaches the store by the wire. */
let near: string;
let far: string;
beforeEach(async () => {
  shop = await RunningShop.start(2000);
  const url = new URL(shop.env.CONTROL_STORE ?? '');
  store = new pg.Client({ connectionString: url.href });
  await Promise.all([shop.up(), store.connect()]);
  wire = await startCuttableWire(`http://${url.host}`);
  far = await shop.oneMoreProxy(Object.assign(url, { host: new URL(wire.url).host }).href);
  near = shop.proxyUrl;
}, 120_000);
afterEach(async () => {
  await store.end();
  await wire.close();
  await shop.close();
}, 120_000);

interface Answer {
  status: number;
  text: string;
}

async function price(proxy: string, id: number, value: number): Promise<Answer> {
  const answer = await fetch(`${proxy}/api/products/${id}/price`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ price: value.toFixed(2) }),
  });
  return { status: answer.status, text: await answer.text() };
}

async function priceIn(side: 'monolith' | 'service', id: number): Promise<number> {
  if (side === 'service') {
    const { rows } = await shop.service.query<{ price_minor: string }>(
      'SELECT price_minor FROM product WHERE id = $1',
      [id],
    );
    return Number(rows[0]?.price_minor) / 100;
  }
  const { rows } = await shop.monolith.query<{ unit_prc: string }>(
    'SELECT unit_prc FROM tbl_products WHERE prod_id = $1',
    [id],
  );
  return Number(rows[0]?.unit_prc);
}

async function toShadow(): Promise<void> {
  await shop.move('sync', 'catalog');
  await shop.move('shadow', 'catalog');
  await shop.move('verify', 'catalog');
  for (let i = 1; (await shop.status()).shadow?.verdict !== 'agrees'; i += 1) {
    await fetch(`${near}/api/products/${(i % 50) + 1}`).then((answer) => answer.arrayBuffer());
  }
}

async function leases(): Promise<number> {
  const { rows } = await store.query<{ live: string }>(
    'SELECT count(*) AS live FROM strangler_control.proxy WHERE lease_until > clock_timestamp()',
  );
  return Number(rows[0]?.live);
}

/** The moment in which a proxy that is cut off counts for the coordinator as gone. */
async function leaseRunsOut(): Promise<void> {
  const giveUpAt = Date.now() + 60_000;
  while ((await leases()) > 1) expect(Date.now()).toBeLessThan(giveUpAt);
}

describe('two proxies on one store', () => {
  it('take a change of owner together: no write of either is lost, and both have acknowledged it', async () => {
    await toShadow();
    const writes = [near, far].map((proxy) => new AcknowledgedWrites(shop, proxy));
    await Promise.all(writes.map((each) => each.more(10)));
    await shop.move('cutover', 'catalog');
    const { rows } = await store.query<{ behind: string }>(
      `SELECT count(*) AS behind FROM strangler_control.proxy WHERE acked <
       (SELECT max(seq) FROM strangler_control.journal WHERE kind = 'owner-changed')`,
    );
    expect(Number(rows[0]?.behind)).toBe(0);
    await Promise.all(writes.map((each) => each.more(10)));
    await Promise.all(writes.map((each) => each.stop()));
    await shop.caughtUp();
    for (const each of writes) expect(await each.faults()).toEqual([]);
  }, 120_000);

  it('one that has lost the store goes on with reads and writes by its last table while nothing moves', async () => {
    await toShadow();
    await shop.move('cutover', 'catalog');
    wire.sever();
    await leaseRunsOut();
    expect((await fetch(`${far}/api/products/7`)).status).toBe(200);
    expect(await price(far, 7, 31.5)).toMatchObject({ status: 200 });
    expect(await priceIn('service', 7)).toBe(31.5);
  }, 120_000);

  it('one that missed a cutover cannot write to the former owner, and follows once it is back', async () => {
    await toShadow();
    wire.sever();
    await leaseRunsOut();
    await shop.move('cutover', 'catalog');
    const before = await priceIn('monolith', 7);
    expect((await price(far, 7, 99.5)).status).toBeGreaterThanOrEqual(500);
    expect([await priceIn('monolith', 7), await priceIn('service', 7)]).toEqual([before, before]);
    wire.mend();
    const giveUpAt = Date.now() + 60_000;
    while ((await price(far, 7, 99.5)).status !== 200) expect(Date.now()).toBeLessThan(giveUpAt);
    expect(await priceIn('service', 7)).toBe(99.5);
  }, 120_000);

  it('one that loses the store in the middle of a change of owner lets writes wait, and no read', async () => {
    await toShadow();
    await shop.monolith.query('BEGIN');
    await shop.monolith.query('UPDATE tbl_products SET upd_dt = now() WHERE prod_id = 500');
    const moving = shop.strangler('cutover', 'catalog');
    await shop.until(({ moving: under }) => under?.phase === 'raise-fence');
    wire.sever();
    const [read, written] = await Promise.all([fetch(`${far}/api/products/7`), price(far, 7, 12.5)]);
    expect(read.status).toBe(200);
    expect(written).toMatchObject({ status: 503, text: expect.stringContaining('Nothing of this request') });
    await shop.monolith.query('COMMIT');
    await moving;
  }, 120_000);
});
