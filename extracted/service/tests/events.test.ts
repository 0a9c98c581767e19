import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ASYNCAPI } from '../testing/asyncapi.ts';
import { type Running, start } from '../testing/running.ts';
import { TestBus } from '../testing/test-bus.ts';
import { metricOf } from '../testing/metric.ts';
import { until } from '../testing/until.ts';

const IN_CATALOG = `
  INSERT INTO product (sku, name, price_minor) VALUES ('A', 'LANTERN', 255), ('B', NULL, 339), ('C', 'GONE', 1);
  INSERT INTO stock_level VALUES (1, 100), (2, 100), (3, 100)`;
const IN_CART = `
  INSERT INTO cart (customer_id) VALUES (NULL), (7), (NULL);
  INSERT INTO cart_line (cart_id, product_id, quantity) VALUES (1, 1, 2), (1, 2, 1), (2, 3, 1), (3, 1, 1), (3, 3, 5)`;
const NOBODY = 'http://127.0.0.1:9';

/** All four services on a real broker, a PostgreSQL and a MySQL. */
describe('what the services tell each other', () => {
  let bus: TestBus;
  let catalog: Running;
  let cart: Running;
  let orders: Running;
  let payments: Running;
  beforeAll(async () => {
    bus = await TestBus.open();
    [catalog, payments] = await Promise.all([
      start('catalog', IN_CATALOG, bus.env()),
      start('payments', '', bus.env()),
    ]);
    orders = await start('orders', '', { ...bus.env(), PAYMENTS_PLACES: payments.url });
    cart = await start('cart', IN_CART, {
      ...bus.env(),
      SHOP_URL: catalog.url,
      CATALOG_PLACES: catalog.url,
      ORDERS_PLACES: orders.url,
      PAYMENTS_PLACES: payments.url,
    });
  });
  afterAll(async () => {
    for (const service of [cart, orders, payments, catalog]) await service.stop();
    await bus.close();
  });

  const send = (base: string, method: string, path: string, body?: object) =>
    fetch(`${base}${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
    });
  const sales = async (id: number) => (await fetch(`${catalog.url}/api/products/${id}/sales`)).json();
  const moneyOf = (orderId: number) =>
    orders.rows<{ amount: string; status: string }>(
      `SELECT data->>'amount' AS amount, data->>'status' AS status FROM order_event
        WHERE order_id = ${orderId} AND kind = 'payment-recorded' ORDER BY id`,
    );

  let orderId = 0;

  it('a checkout counts as sold in the catalog, as to be paid in payments, and its payment in the order', async () => {
    const answer = await send(cart.url, 'POST', '/api/carts/1/checkout', { method: 'card' });
    expect(answer.status).toBe(201);
    ({ id: orderId } = (await answer.json()) as { id: number });

    const [done] = await bus.heard(1, ({ type }) => type === 'dev.strangler.shop.checkout.done.v1');
    expect(done).toMatchObject({ source: '/shop/cart', data: { cartId: 1, orderId, total: '8.49' } });
    await until('the payment is in the order', async () => (await moneyOf(orderId)).length === 1);
    expect(await moneyOf(orderId)).toEqual([{ amount: '8.49', status: 'paid' }]);
    await until('the sale is counted', async () => ((await sales(1)) as { units: number }).units === 2);
    expect(await sales(1)).toEqual({ productId: 1, orders: 1, units: 2 });
    expect(await sales(2)).toEqual({ productId: 2, orders: 1, units: 1 });
    expect(await sales(3)).toEqual({ productId: 3, orders: 0, units: 0 });
    await until(
      'payments knows it',
      async () => (await payments.rows('SELECT * FROM order_to_pay')).length === 1,
    );
    expect(await metricOf(payments, 'payments_unpaid_orders')).toBe(0);
  });

  it('an order that nobody pays is shown by payments', async () => {
    const line = { productId: 2, description: null, quantity: 1, unitPrice: '3.390' };
    const placement = { customerId: null, total: '3.39', lines: [line] };
    await send(orders.url, 'PUT', `/internal/placements/${'f'.repeat(32)}`, placement);

    await until('the order is shown', async () => (await metricOf(payments, 'payments_unpaid_orders')) === 1);
  });

  it('a cancelled order is sold no more, and its refund is in the order', async () => {
    expect((await send(orders.url, 'POST', `/api/orders/${orderId}/cancel`)).status).toBe(200);

    await until('the refund is in the order', async () => (await moneyOf(orderId)).length === 2);
    expect((await moneyOf(orderId)).at(-1)).toEqual({ amount: '8.49', status: 'refunded' });
    await until('the sale is not counted', async () => ((await sales(1)) as { units: number }).units === 0);
    expect(await sales(2)).toEqual({ productId: 2, orders: 1, units: 1 });
  });

  it('a product that is deleted leaves all carts', async () => {
    await send(catalog.url, 'PATCH', '/api/products/2/price', { price: '3.50' });
    expect((await send(catalog.url, 'DELETE', '/api/products/3')).status).toBe(204);

    await until('its lines are gone', async () => {
      return (await cart.rows('SELECT 1 AS is FROM cart_line WHERE product_id = 3')).length === 0;
    });
    expect(await cart.rows('SELECT cart_id, product_id FROM cart_line')).toEqual([
      { cart_id: 3, product_id: 1 },
    ]);
  });

  it('a checkout that came to nothing says why', async () => {
    await orders.kill();
    await cart.kill();
    await cart.startAgain({ ORDERS_PLACES: NOBODY, CHECKOUT_LIMIT_MS: '500' });
    const answer = await send(cart.url, 'POST', '/api/carts/3/checkout', { method: 'invoice' });
    expect(answer.status).toBe(503);
    await orders.startAgain();
    await cart.kill();
    await cart.startAgain();

    const [back] = await bus.heard(1, ({ type }) => type === 'dev.strangler.shop.checkout.taken-back.v1');

    expect(back!.data).toMatchObject({ cartId: 3, orderId: null, reason: expect.stringMatching(/in time/) });
  });

  it('is all that the document has, and as the document has it', async () => {
    const names = bus.events.map(({ type }) => type.slice('dev.strangler.shop.'.length, -'.v1'.length));

    expect(new Set(names)).toEqual(new Set(Object.keys(ASYNCAPI.channels)));
    expect(bus.faults).toEqual([]);
    for (const service of [catalog, cart, orders, payments]) {
      await until('nothing waits', async () => (await metricOf(service, 'events_outbox_waiting')) === 0);
      expect(await metricOf(service, 'events_dead_total')).toBe(0);
    }
  });
});
