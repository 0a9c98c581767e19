import type { Request } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { taker } from '../service/events/subscriptions.ts';
import { readId } from '../service/http/input.ts';
import type { Answer } from './operations.ts';
import { unknownProduct } from './products/answer.ts';
import { Product } from './entities.ts';

const order = z.object({
  id: z.int(),
  status: z.enum(['new', 'paid', 'cancelled']),
  lines: z.array(z.object({ productId: z.int(), quantity: z.int() })),
});

const FORGET = 'DELETE FROM sold_line WHERE order_id = $1';
const NOTE = `
  INSERT INTO sold_line (order_id, product_id, quantity)
  SELECT $1, l."productId", sum(l.quantity)
    FROM jsonb_to_recordset($2::jsonb) l ("productId" integer, quantity integer) GROUP BY l."productId"`;
const SOLD = `
  SELECT count(*)::integer AS orders, coalesce(sum(quantity), 0)::integer AS units
    FROM sold_line WHERE product_id = $1`;

/** What was sold, order by order: a projection of what the orders service tells, with nothing of a cancelled order. */
export const countSales = taker(order, async (manager: EntityManager, { id, status, lines }) => {
  await manager.query(FORGET, [id]);
  if (status !== 'cancelled') await manager.query(NOTE, [id, JSON.stringify(lines)]);
});

export async function getSales(database: DataSource, request: Request): Promise<Answer<'getSales'>> {
  const productId = readId(request);
  if (!(await database.manager.existsBy(Product, { id: productId }))) throw unknownProduct(productId);
  const [sold] = await database.query<{ orders: number; units: number }[]>(SOLD, [productId]);
  return { status: 200, body: { productId, ...sold! } };
}
