import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { refuseWrites } from '../../service/testing/scratch-database.ts';
import { type Running, start } from '../../service/testing/running.ts';

const SEED = `INSERT INTO product (sku, price_minor) VALUES ('85123A', 255); INSERT INTO stock_level VALUES (1, 100)`;

describe('the running catalog service', () => {
  let catalog: Running;
  beforeEach(async () => {
    catalog = await start('catalog', SEED);
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
});
