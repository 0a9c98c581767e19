import { randomUUID } from 'node:crypto';
import type { Request } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { tell } from '../service/events/outbox.ts';
import { id, readBody } from '../service/http/input.ts';
import { readReference } from '../service/http/reference.ts';
import { conflict } from '../service/http/refusal.ts';
import type { components } from './api.gen.ts';
import { begin } from './append.ts';
import type { Answer } from './operations.ts';
import { readOrder } from './read.ts';

type Schemas = components['schemas'];

const placement = z.strictObject({
  customerId: id.nullable(),
  total: z.string().regex(/^-?\d{1,12}\.\d{2}$/, 'must be an amount such as "2.55"'),
  lines: z
    .array(
      z.strictObject({
        productId: id,
        description: z.string().nullable(),
        quantity: z.int().min(1).max(1_000_000),
        unitPrice: z.string().regex(/^-?\d{1,9}\.\d{3}$/, 'must be a price such as "2.550"'),
      }),
    )
    .min(1)
    .max(1000),
}) satisfies z.ZodType<Schemas['Placement']>;

const NEXT = `SELECT nextval(pg_get_serial_sequence('customer_order', 'id'))::integer AS id, now()::text AS at`;
const KEEP = `
  INSERT INTO placement (reference, order_id) VALUES ($1, $2)
  ON CONFLICT (reference) DO NOTHING RETURNING reference`;
const KNOWN = 'SELECT order_id FROM placement WHERE reference = $1';

export async function placeOrder(database: DataSource, request: Request): Promise<Answer<'placeOrder'>> {
  const reference = readReference(request);
  const input = readBody(request, placement);
  return { status: 200, body: await database.transaction((manager) => place(manager, reference, input)) };
}

/** Makes sure that nothing is ordered for a checkout, also if it is asked for later. */
export async function withdrawPlacement(
  database: DataSource,
  request: Request,
): Promise<Answer<'withdrawPlacement'>> {
  const reference = readReference(request);
  await database.query(KEEP, [reference, null]);
  const orderId = await orderOf(database.manager, reference);
  if (orderId !== null) throw conflict(`The order ${orderId} was placed for ${reference}.`);
  return { status: 204 };
}

async function place(
  manager: EntityManager,
  reference: string,
  { customerId, total, lines }: Schemas['Placement'],
): Promise<Schemas['Order']> {
  const [next] = await manager.query<{ id: number; at: string }[]>(NEXT);
  const { id: orderId, at } = next!;
  const kept = await manager.query<unknown[]>(KEEP, [reference, orderId]);
  if (kept.length === 0) {
    const known = await orderOf(manager, reference);
    if (known === null) throw conflict(`The placement ${reference} was withdrawn.`);
    return readOrder(manager, known);
  }
  const numbered = lines.map((line, at) => ({ id: randomUUID(), lineNumber: at + 1, ...line }));
  const facts = { number: `W${orderId}`, customerId, total, orderedAt: at };
  // Its stock was taken out by the reservation.
  await begin(manager, orderId, { kind: 'placed', data: { ...facts, stockBooked: true, lines: numbered } });
  const order = await readOrder(manager, orderId);
  await tell(manager, 'order.placed', orderId, order);
  return order;
}

async function orderOf(manager: EntityManager, reference: string): Promise<number | null> {
  const [row] = await manager.query<{ order_id: number | null }[]>(KNOWN, [reference]);
  return row?.order_id ?? null;
}
