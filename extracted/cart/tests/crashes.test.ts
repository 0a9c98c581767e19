import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Crossing } from '../../service/testing/crossing.ts';
import { type Running, start } from '../../service/testing/running.ts';

const PATIENCE_MS = 60_000;
const IN_STOCK = 100;

const IN_MONOLITH = `
  INSERT INTO tbl_products (stk_cd, prod_nm, unit_prc, qty_oh) VALUES ('A', 'LANTERN', 2.55, ${IN_STOCK}), ('B', NULL, 3.39, ${IN_STOCK})`;
const IN_CATALOG = `
  INSERT INTO product (sku, name, price_minor) VALUES ('A', 'LANTERN', 255), ('B', NULL, 339);
  INSERT INTO stock_level VALUES (1, ${IN_STOCK}), (2, ${IN_STOCK})`;
const CARTS = `
  INSERT INTO cart (customer_id) SELECT NULL FROM generate_series(1, 40);
  INSERT INTO cart_line (cart_id, product_id, quantity)
  SELECT id, product, product FROM generate_series(1, 40) id, generate_series(1, 2) product`;

/** What the databases say, added up: of whoever has a capability. */
interface Books {
  orders: number;
  paid: number;
  /** Units that left the stock. */
  sold: number;
  /** Units that lie in carts. */
  inCarts: number;
}

type Extracted = 'catalog' | 'orders' | 'payments';
const UNITS = 3;
const ALL_UNITS = 40 * UNITS;

describe.each([
  { has: [] as Extracted[], words: 'with everything else in the monolith' },
  { has: ['catalog', 'orders', 'payments'] as Extracted[], words: 'with everything extracted' },
])('a checkout, $words,', ({ has }) => {
  let monolith: Running;
  let cart: Running;
  const services = new Map<Extracted, Running>();
  const crossings = new Map<Extracted, Crossing>();
  let nextCart = 0;

  beforeAll(async () => {
    monolith = await start('monolith', IN_MONOLITH, { INTERNAL_PORT: '0' });
    for (const name of has) {
      const env = { PAYMENTS_PLACES: monolith.internalUrl };
      services.set(name, await start(name, name === 'catalog' ? IN_CATALOG : '', env));
    }
    for (const name of ['catalog', 'orders', 'payments'] as const) {
      crossings.set(name, await Crossing.to(services.get(name)?.url ?? monolith.internalUrl));
    }
    cart = await start('cart', CARTS, {
      SHOP_URL: monolith.url,
      CATALOG_PLACES: crossings.get('catalog')!.url,
      ORDERS_PLACES: crossings.get('orders')!.url,
      PAYMENTS_PLACES: crossings.get('payments')!.url,
      CHECKOUT_LIMIT_MS: '2500',
    });
  });
  afterAll(async () => {
    await cart.stop();
    for (const crossing of crossings.values()) await crossing.close();
    for (const service of services.values()) await service.stop();
    await monolith.stop();
  });
  afterEach(() => crossings.forEach((crossing) => crossing.open()));

  const checkOut = () =>
    fetch(`${cart.url}/api/carts/${(nextCart += 1)}/checkout`, {
      method: 'POST',
      body: JSON.stringify({ method: 'card' }),
      headers: { 'content-type': 'application/json' },
    });

  /** Settled once and for all when it is 0: the databases may be read one after the other then. */
  async function openCheckouts(): Promise<number> {
    const [row] = await cart.rows<{ n: number }>(
      `SELECT count(*)::integer AS n FROM checkout WHERE step NOT IN ('done', 'taken-back')`,
    );
    return row!.n;
  }

  async function books(): Promise<Books> {
    const [orders, payments, catalog] = (['orders', 'payments', 'catalog'] as const).map((name) =>
      services.get(name),
    );
    const one = async (side: Running, sql: string) =>
      Number((await side.rows<{ n: number | string }>(sql))[0]?.n);
    return {
      orders: await (orders
        ? one(orders, 'SELECT count(*) AS n FROM customer_order')
        : one(monolith, 'SELECT count(*) AS n FROM ord_hdr')),
      paid: await (payments
        ? one(
            payments,
            `SELECT count(DISTINCT order_id) AS n FROM payment WHERE status = 'paid' AND amount = 9.33`,
          )
        : one(monolith, `SELECT count(DISTINCT ord_id) AS n FROM pymt WHERE stat_cd = 'P' AND amt = 9.33`)),
      sold: await (catalog
        ? one(catalog, `SELECT ${2 * IN_STOCK} - sum(on_hand) AS n FROM stock_level`)
        : one(monolith, `SELECT ${2 * IN_STOCK} - sum(qty_oh) AS n FROM tbl_products`)),
      inCarts: await one(cart, 'SELECT coalesce(sum(quantity), 0) AS n FROM cart_line'),
    };
  }

  /** Every order paid once, its units sold and in no cart any more, and the units of all others in their carts. */
  async function expectTrueBooks(): Promise<Books> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    while ((await openCheckouts()) > 0) {
      if (Date.now() > giveUpAt) throw new Error(`checkouts stay open: ${JSON.stringify(await books())}`);
    }
    const now = await books();
    const expected = { orders: now.orders, paid: now.orders, sold: now.orders * UNITS };
    expect(now).toEqual({ ...expected, inCarts: ALL_UNITS - now.orders * UNITS });
    return now;
  }

  const STEPS = [
    { step: 'reserve stock', of: 'catalog', path: /reservations\/\w+$/ },
    { step: 'authorise the payment', of: 'payments', path: /authorisations\/\w+$/ },
    { step: 'place the order', of: 'orders', path: /placements/ },
    { step: 'capture the payment', of: 'payments', path: /capture$/ },
  ] as const;
  const moments = STEPS.flatMap((step) =>
    (['before', 'after'] as const).flatMap((when) =>
      (['cart', 'other'] as const).map((who) => ({ ...step, when, who })),
    ),
  );

  it('orders, pays and takes from the stock', async () => {
    const answer = await checkOut();

    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({
      status: 'paid',
      total: '9.33',
      lines: [
        { lineNumber: 1, productId: 1, description: 'LANTERN', quantity: 1, unitPrice: '2.550' },
        { lineNumber: 2, productId: 2, description: null, quantity: 2, unitPrice: '3.390' },
      ],
    });
    expect((await expectTrueBooks()).orders).toBe(1);
  });

  it.each(moments)(
    'leaves true books when kill -9 hits $who $when it was asked to $step',
    async ({ of, path, when, who }) => {
      const victim = who === 'cart' ? cart : (services.get(of) ?? monolith);
      const hit = crossings.get(of)!.once(path, when, () => victim.kill());

      await checkOut().catch(() => null);
      await hit;
      await victim.startAgain();

      await expectTrueBooks();
    },
  );

  const WAY_BACK = [
    { step: 'withdraw the order', of: 'orders', path: /placements/ },
    { step: 'void the payment', of: 'payments', path: /void$/ },
    { step: 'release the stock', of: 'catalog', path: /release$/ },
  ] as const;
  const momentsBack = WAY_BACK.flatMap((step) =>
    (['before', 'after'] as const).flatMap((when) =>
      (['cart', 'other'] as const).map((who) => ({ ...step, when, who })),
    ),
  );

  // Each of these waits for the time limit of a checkout.
  it.each(momentsBack.filter(({ when }) => has.length > 0 || when === 'after'))(
    'leaves books as they were when kill -9 hits $who $when it was asked to $step on the way back',
    async ({ of, path, when, who }) => {
      const before = await expectTrueBooks();
      const victim = who === 'cart' ? cart : (services.get(of) ?? monolith);
      crossings.get('orders')!.shut();
      expect((await checkOut()).status).toBe(503);
      crossings.get('orders')!.open();
      const hit = crossings.get(of)!.once(path, when, () => victim.kill());

      await hit;
      await victim.startAgain();

      expect(await expectTrueBooks()).toEqual(before);
    },
  );

  it.each(['catalog', 'payments', 'orders'] as const)(
    'leaves true books and gives 503 when %s does not answer for a while',
    async (name) => {
      const before = await expectTrueBooks();
      crossings.get(name)!.shut();

      const answer = await checkOut();

      expect(answer.status).toBe(503);
      crossings.get(name)!.open();
      expect(await expectTrueBooks()).toEqual(before);
    },
  );
});
