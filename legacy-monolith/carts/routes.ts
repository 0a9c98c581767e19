import type { Express } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { violates } from '../http/database-refusal.ts';
import { id, readBody, readId } from '../http/input.ts';
import { badRequest, conflict, notFound } from '../http/refusal.ts';
import { readCart, unknownCart } from './cart-json.ts';

const quantity = z.int().min(1).max(10_000);
const newCart = z.strictObject({ customerId: id.nullable().default(null) });
const newLine = z.strictObject({ productId: id, quantity });
const lineChange = z.strictObject({ quantity });

const ADD_LINE = `
  INSERT INTO shp_cart_ln (cart_id, prod_id, qty) VALUES ($1, $2, $3)
  ON CONFLICT (cart_id, prod_id) DO UPDATE SET qty = shp_cart_ln.qty + excluded.qty`;

export function cartRoutes(app: Express, database: DataSource): void {
  const { manager } = database;

  app.post('/api/carts', async (request, response) => {
    const { customerId } = readBody(request, newCart);
    const cartId = await createCart(manager, customerId);
    response
      .status(201)
      .location(`/api/carts/${cartId}`)
      .json(await readCart(manager, cartId));
  });

  app.get('/api/carts/:id', async (request, response) => {
    response.json(await readCart(manager, readId(request)));
  });

  app.post('/api/carts/:id/lines', async (request, response) => {
    const cartId = readId(request);
    const line = readBody(request, newLine);
    await database.transaction(async (transaction) => {
      await requireForSale(transaction, line.productId);
      await addLine(transaction, cartId, line);
    });
    response.status(201).json(await readCart(manager, cartId));
  });

  app.put('/api/carts/:id/lines/:lineId', async (request, response) => {
    const [cartId, lineId] = [readId(request), readId(request, 'lineId')];
    const change = readBody(request, lineChange);
    await changeLine(manager, lineId, 'UPDATE shp_cart_ln SET qty = $3 WHERE cart_id = $1 AND ln_id = $2', [
      cartId,
      lineId,
      change.quantity,
    ]);
    response.json(await readCart(manager, cartId));
  });

  app.delete('/api/carts/:id/lines/:lineId', async (request, response) => {
    const [cartId, lineId] = [readId(request), readId(request, 'lineId')];
    await changeLine(manager, lineId, 'DELETE FROM shp_cart_ln WHERE cart_id = $1 AND ln_id = $2', [
      cartId,
      lineId,
    ]);
    response.json(await readCart(manager, cartId));
  });
}

async function createCart(manager: EntityManager, customerId: number | null): Promise<number> {
  try {
    const [row] = await manager.query<{ cart_id: number }[]>(
      'INSERT INTO shp_cart (cust_id) VALUES ($1) RETURNING cart_id',
      [customerId],
    );
    return row!.cart_id;
  } catch (error) {
    if (violates(error, '23503')) throw badRequest(`body.customerId: there is no customer ${customerId}.`);
    throw error;
  }
}

/** Locked against deletion until the line is there. */
async function requireForSale(manager: EntityManager, productId: number): Promise<void> {
  const [product] = await manager.query<{ stat_cd: string }[]>(
    'SELECT stat_cd FROM tbl_products WHERE prod_id = $1 FOR KEY SHARE',
    [productId],
  );
  if (!product) throw badRequest(`body.productId: there is no product ${productId}.`);
  if (product.stat_cd !== 'A') throw conflict(`Product ${productId} is not for sale.`);
}

async function addLine(manager: EntityManager, cartId: number, line: z.output<typeof newLine>) {
  try {
    await manager.query(ADD_LINE, [cartId, line.productId, line.quantity]);
  } catch (error) {
    if (violates(error, '23503', 'shp_cart_ln_cart_id_fkey')) throw unknownCart(cartId);
    throw error;
  }
}

async function changeLine(manager: EntityManager, lineId: number, sql: string, values: number[]) {
  const [, changed] = await manager.query<[unknown, number]>(sql, values);
  if (changed === 0) throw notFound(`Cart ${values[0]} has no line ${lineId}.`);
}
