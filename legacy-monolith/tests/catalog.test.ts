import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { refuseWrites } from '../testing/scratch-database.ts';
import { fillCart, openTestShop, type TestShop } from '../testing/shop.ts';

describe("the shop's catalog", () => {
  let shop: TestShop;
  beforeEach(async () => {
    shop = await openTestShop();
  });
  afterEach(() => shop.close());

  it('keeps a product that a cart line refers to, and deletes it once nothing does', async () => {
    const cart = await fillCart(shop.app, { productId: 1, quantity: 1 });
    const refused = await request(shop.app).delete('/api/products/1').expect(409);
    expect(refused.body.error.message).toContain('Product 1 is still referred to');
    const { body } = await request(shop.app).get(`/api/carts/${cart}`);

    await request(shop.app).delete(`/api/carts/${cart}/lines/${body.lines[0].id}`).expect(200);

    await request(shop.app).delete('/api/products/1').expect(204);
    await request(shop.app).get('/api/products/1').expect(404);
  });

  it('keeps a product that an order line refers to', async () => {
    const cart = await fillCart(shop.app, { productId: 1, quantity: 1 });
    await request(shop.app).post(`/api/carts/${cart}/checkout`).send({ method: 'cash' }).expect(201);

    await request(shop.app).delete('/api/products/1').expect(409);
  });

  it('says that the database refused a write, in JSON and without a stack', async () => {
    await shop.rows(refuseWrites('tbl_products'));

    const refused = await request(shop.app)
      .patch('/api/products/1/price')
      .send({ price: '9.99' })
      .expect(503)
      .expect('Retry-After', '1');

    const message = 'The database refused this: table tbl_products is closed for writes';
    expect(refused.body).toEqual({ error: { code: 'database_refused', message } });
  });

  it('books a movement and the stock together or not at all', async () => {
    await shop.rows(refuseWrites('stk_mvmt'));

    await request(shop.app)
      .post('/api/products/1/stock-movements')
      .send({ quantity: 3, reason: 'sale' })
      .expect(503);

    const stock = await request(shop.app).get('/api/products/1/stock').expect(200);
    expect(stock.body.onHand).toBe(10);
  });

  it('loses no movement when many are booked at once', async () => {
    const book = () =>
      request(shop.app)
        .post('/api/products/1/stock-movements')
        .send({ quantity: 1, reason: 'sale' })
        .expect(201);

    const answers = await Promise.all(Array.from({ length: 25 }, book));

    const seen = answers.map(({ body }) => body.onHand as number).sort((a, b) => b - a);
    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => 9 - index));
  });
});
