import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { refuseWrites } from '../testing/scratch-database.ts';
import { fillCart, openTestShop, type TestShop } from '../testing/shop.ts';

const LINES = [
  { productId: 1, quantity: 2 },
  { productId: 2, quantity: 1 },
];

describe('checkout', () => {
  let shop: TestShop;
  beforeEach(async () => {
    shop = await openTestShop();
  });
  afterEach(() => shop.close());

  const checkOut = (cart: number) =>
    request(shop.app).post(`/api/carts/${cart}/checkout`).send({ method: 'card' });

  it('makes an order with its lines, takes the payment and empties the cart', async () => {
    const cart = await fillCart(shop.app, ...LINES);

    const order = await checkOut(cart).expect(201);

    expect(order.body).toMatchObject({
      status: 'paid',
      total: '8.49',
      lines: [
        { lineNumber: 1, productId: 1, description: 'LANTERN', quantity: 2, unitPrice: '2.550' },
        { lineNumber: 2, productId: 2, description: null, quantity: 1, unitPrice: '3.390' },
      ],
    });
    const payments = await request(shop.app).get(`/api/payments?order=${order.body.id}`).expect(200);
    expect(payments.body.items).toMatchObject([{ method: 'card', amount: '8.49', status: 'paid' }]);
    const emptied = await request(shop.app).get(`/api/carts/${cart}`).expect(200);
    expect(emptied.body).toMatchObject({ lines: [], total: '0.00' });
  });

  it('leaves nothing behind when the payment cannot be stored', async () => {
    const cart = await fillCart(shop.app, ...LINES);
    await shop.rows(refuseWrites('pymt'));

    const refused = await checkOut(cart).expect(503);

    expect(refused.body.error.message).toBe('The database refused this: table pymt is closed for writes');
    expect(await shop.rows('SELECT ord_id FROM ord_hdr UNION ALL SELECT ord_id FROM ord_ln')).toEqual([]);
    const kept = await request(shop.app).get(`/api/carts/${cart}`).expect(200);
    expect(kept.body.lines).toHaveLength(2);
  });

  it('writes nothing to the catalog, not even while its tables are closed', async () => {
    const cart = await fillCart(shop.app, ...LINES);
    await shop.rows(`${refuseWrites('tbl_products')}; ${refuseWrites('stk_mvmt')}`);

    await checkOut(cart).expect(201);

    const [stock] = await shop.rows<{ qty_oh: number }>('SELECT qty_oh FROM tbl_products WHERE prod_id = 1');
    expect(stock?.qty_oh).toBe(10);
  });

  it('orders a cart once when it is checked out many times at once', async () => {
    const cart = await fillCart(shop.app, ...LINES);

    const answers = await Promise.all(Array.from({ length: 5 }, () => checkOut(cart)));

    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    expect(await shop.rows('SELECT ord_id FROM ord_hdr')).toHaveLength(1);
  });

  it('refuses to put a discontinued or unknown product into a cart', async () => {
    const cart = await fillCart(shop.app);
    const add = (productId: number) =>
      request(shop.app).post(`/api/carts/${cart}/lines`).send({ productId, quantity: 1 });

    await add(3).expect(409);
    await add(99).expect(400);
  });

  it('gives the money back when an order is cancelled, once', async () => {
    const order = await checkOut(await fillCart(shop.app, ...LINES)).expect(201);
    const path = `/api/orders/${order.body.id}/cancel`;

    const cancelled = await request(shop.app).post(path).expect(200);

    expect(cancelled.body.status).toBe('cancelled');
    expect(await shop.rows('SELECT stat_cd FROM pymt')).toEqual([{ stat_cd: 'R' }]);
    await request(shop.app).post(path).expect(409);
  });
});
