import type { Express } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { readBody, readId } from '../http/input.ts';
import { conflict } from '../http/refusal.ts';
import { readOrder } from '../orders/order-json.ts';
import { PAYMENT_METHOD } from '../payments/payment-json.ts';
import { unknownCart } from './cart-json.ts';

const payment = z.strictObject({ method: z.enum(['card', 'invoice', 'cash']) });

/** One statement takes the lines out and orders them: a line changed meanwhile is ordered as it was taken. */
const MOVE_LINES = `
  WITH taken AS (DELETE FROM shp_cart_ln WHERE cart_id = $1 RETURNING ln_id, prod_id, qty)
  INSERT INTO ord_ln (ord_id, ln_no, prod_id, dsc_txt, qty, unit_prc)
  SELECT $2, row_number() OVER (ORDER BY t.ln_id), t.prod_id, p.prod_nm, t.qty, p.unit_prc
    FROM taken t JOIN tbl_products p USING (prod_id)
  RETURNING ord_ln_id`;

const SUM_UP = `
  UPDATE ord_hdr SET stat_cd = 'P', ord_no = 'W' || ord_id,
         tot_amt = (SELECT sum(qty * unit_prc) FROM ord_ln WHERE ord_id = $1)
   WHERE ord_id = $1`;

const PAY = `INSERT INTO pymt (ord_id, mthd_cd, amt) SELECT ord_id, $2, tot_amt FROM ord_hdr WHERE ord_id = $1`;

export function checkoutRoute(app: Express, database: DataSource): void {
  app.post('/api/carts/:id/checkout', async (request, response) => {
    const cartId = readId(request);
    const { method } = readBody(request, payment);
    const order = await database.transaction((manager) => checkOut(manager, cartId, PAYMENT_METHOD[method]));
    response.status(201).location(`/api/orders/${order.id}`).json(order);
  });
}

/** Order, lines and payment or nothing. The catalog is only read: the nightly job books the stock. */
async function checkOut(manager: EntityManager, cartId: number, method: string) {
  const customerId = await lockCart(manager, cartId);
  const [row] = await manager.query<{ ord_id: number }[]>(
    'INSERT INTO ord_hdr (cust_id, tot_amt) VALUES ($1, 0) RETURNING ord_id',
    [customerId],
  );
  const orderId = row!.ord_id;
  const lines = await manager.query<unknown[]>(MOVE_LINES, [cartId, orderId]);
  if (lines.length === 0) throw conflict(`Cart ${cartId} is empty.`);
  await manager.query(SUM_UP, [orderId]);
  await manager.query(PAY, [orderId, method]);
  return readOrder(manager, orderId);
}

/** Locked, so that a second checkout of the same cart waits and then finds it empty. */
async function lockCart(manager: EntityManager, cartId: number): Promise<number | null> {
  const [cart] = await manager.query<{ cust_id: number | null }[]>(
    'SELECT cust_id FROM shp_cart WHERE cart_id = $1 FOR UPDATE',
    [cartId],
  );
  if (!cart) throw unknownCart(cartId);
  return cart.cust_id;
}
