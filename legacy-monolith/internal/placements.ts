import type { Express } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { id, readBody } from '../http/input.ts';
import { conflict } from '../http/refusal.ts';
import { readOrder } from '../orders/order-json.ts';
import { readReference } from './reference.ts';

const line = z.strictObject({
  productId: id,
  description: z.string().nullable(),
  quantity: z.int().min(1).max(1_000_000),
  unitPrice: z.string().regex(/^-?\d{1,9}\.\d{3}$/, 'must be a price such as "2.550"'),
});
const placement = z.strictObject({
  customerId: id.nullable(),
  total: z.string().regex(/^-?\d{1,12}\.\d{2}$/, 'must be an amount such as "2.55"'),
  lines: z.array(line).min(1).max(1000),
});
type Placement = z.output<typeof placement>;

const BEGIN = `
  INSERT INTO ord_ref (ord_ref) VALUES ($1) ON CONFLICT (ord_ref) DO NOTHING RETURNING ord_ref`;
const KNOWN = 'SELECT ord_id FROM ord_ref WHERE ord_ref = $1';
/** Its stock was taken out by the reservation, so the nightly job must not book it again. */
const PLACE = `
  INSERT INTO ord_hdr (cust_id, stat_cd, tot_amt, stk_bkd) VALUES ($1, 'P', $2, 'Y') RETURNING ord_id`;
const NUMBER = `UPDATE ord_hdr SET ord_no = 'W' || ord_id WHERE ord_id = $1`;
const LINES = `
  INSERT INTO ord_ln (ord_id, ln_no, prod_id, dsc_txt, qty, unit_prc)
  SELECT $1, l.at, (l.line->>'productId')::integer, l.line->>'description', (l.line->>'quantity')::integer,
         (l.line->>'unitPrice')::numeric
    FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY l (line, at)`;

export function placementRoutes(app: Express, database: DataSource): void {
  app.put('/internal/placements/:reference', async (request, response) => {
    const reference = readReference(request);
    const input = readBody(request, placement);
    response.json(await database.transaction((manager) => place(manager, reference, input)));
  });

  app.delete('/internal/placements/:reference', async (request, response) => {
    const reference = readReference(request);
    await database.query(BEGIN, [reference]);
    const orderId = await orderOf(database.manager, reference);
    if (orderId !== null) throw conflict(`The order ${orderId} was placed for ${reference}.`);
    response.status(204).end();
  });
}

/** Places the order, once. A placement that was withdrawn, or will be before it comes, is refused. */
async function place(manager: EntityManager, reference: string, { customerId, total, lines }: Placement) {
  const begun = await manager.query<unknown[]>(BEGIN, [reference]);
  if (begun.length === 0) {
    const orderId = await orderOf(manager, reference);
    if (orderId === null) throw conflict(`The placement ${reference} was withdrawn.`);
    return readOrder(manager, orderId);
  }
  const [row] = await manager.query<{ ord_id: number }[]>(PLACE, [customerId, total]);
  const orderId = row!.ord_id;
  await manager.query(NUMBER, [orderId]);
  await manager.query(LINES, [orderId, JSON.stringify(lines)]);
  await manager.query('UPDATE ord_ref SET ord_id = $2 WHERE ord_ref = $1', [reference, orderId]);
  return readOrder(manager, orderId);
}

async function orderOf(manager: EntityManager, reference: string): Promise<number | null> {
  const [row] = await manager.query<{ ord_id: number | null }[]>(KNOWN, [reference]);
  return row?.ord_id ?? null;
}
