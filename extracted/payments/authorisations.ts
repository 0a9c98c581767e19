import type { Request } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { violates } from '../service/http/database-refusal.ts';
import { id, readBody } from '../service/http/input.ts';
import { readReference } from '../service/http/reference.ts';
import { conflict } from '../service/http/refusal.ts';
import type { components } from './api.gen.ts';
import type { Answer } from './operations.ts';
import { tellPayment } from './payments.ts';

type Schemas = components['schemas'];
type State = 'authorised' | 'captured' | 'voided';

const authorised = {
  method: z.enum(['card', 'invoice', 'cash']),
  amount: z.string().regex(/^-?\d{1,12}\.\d{2}$/, 'must be an amount such as "2.55"'),
};
const authorisation = z.strictObject(authorised) satisfies z.ZodType<Schemas['Authorisation']>;
const captured = z.strictObject({ orderId: id, ...authorised }) satisfies z.ZodType<Schemas['Capture']>;
const refund = z.strictObject({ orderId: id }) satisfies z.ZodType<Schemas['Refund']>;

const INSERT = 'INSERT INTO authorisation (reference, method, amount, state) VALUES (?, ?, ?, ?)';
const CHANGE = `UPDATE authorisation SET state = ? WHERE reference = ? AND state = 'authorised'`;
const PAY = 'INSERT INTO payment (order_id, method, amount, status) VALUES (?, ?, ?, ?)';
const TO_REFUND = `SELECT id FROM payment WHERE order_id = ? AND status = 'paid' ORDER BY id FOR UPDATE`;
const REFUND = `UPDATE payment SET status = 'refunded' WHERE id = ?`;
const STATE = 'SELECT state FROM authorisation WHERE reference = ?';

export async function authorise(database: DataSource, request: Request): Promise<Answer<'authorise'>> {
  const reference = readReference(request);
  const { method, amount } = readBody(request, authorisation);
  const begun = await insert(database.manager, [reference, method, amount, 'authorised']);
  if (!begun && (await stateOf(database.manager, reference)) === 'voided') throw voided(reference);
  return { status: 204 };
}

/** The payment comes into being here, once: what was only authorised is nobody's money yet. */
export async function capture(database: DataSource, request: Request): Promise<Answer<'capture'>> {
  const reference = readReference(request);
  const input = readBody(request, captured);
  await database.transaction(async (manager) => {
    const { orderId, method, amount } = input;
    const begun = await insert(manager, [reference, method, amount, 'captured']);
    if (begun || (await change(manager, reference, 'captured'))) {
      // Locked, also where there is no row: whoever refunds now waits for this payment, and then finds it.
      const [refunded] = await manager.query<unknown[]>(`${STATE} FOR UPDATE`, [refundOf(orderId)]);
      const row = [orderId, method, amount, refunded ? 'refunded' : 'paid'];
      const { insertId } = await manager.query<{ insertId: number }>(PAY, row);
      await tellPayment(manager, insertId);
    } else if ((await stateOf(manager, reference)) === 'voided') throw voided(reference);
  });
  return { status: 204 };
}

export async function voidAuthorisation(
  database: DataSource,
  request: Request,
): Promise<Answer<'voidAuthorisation'>> {
  const reference = readReference(request);
  const { manager } = database;
  if (await insert(manager, [reference, null, null, 'voided'])) return { status: 204 };
  const hasChanged = await change(manager, reference, 'voided');
  if (!hasChanged && (await stateOf(manager, reference)) === 'captured') {
    throw conflict(`The authorisation ${reference} was captured.`);
  }
  return { status: 204 };
}

/** Refunds what was captured, and what will be: an order may be cancelled before its payment is there. */
export async function refundOrder(database: DataSource, request: Request): Promise<Answer<'refundOrder'>> {
  const { orderId } = readBody(request, refund);
  await database.transaction(async (manager) => {
    await insert(manager, [refundOf(orderId), null, null, 'voided']);
    const owed = await manager.query<{ id: number }[]>(TO_REFUND, [orderId]);
    for (const { id: paymentId } of owed) {
      await manager.query(REFUND, [paymentId]);
      await tellPayment(manager, paymentId);
    }
  });
  return { status: 204 };
}

/** False where the checkout is known already. */
async function insert(
  manager: EntityManager,
  row: [reference: string, method: string | null, amount: string | null, state: State],
): Promise<boolean> {
  try {
    await manager.query(INSERT, row);
    return true;
  } catch (error) {
    if (violates(error, '23000')) return false;
    throw error;
  }
}

async function change(manager: EntityManager, reference: string, state: State): Promise<boolean> {
  const { affectedRows } = await manager.query<{ affectedRows: number }>(CHANGE, [state, reference]);
  return affectedRows > 0;
}

async function stateOf(manager: EntityManager, reference: string): Promise<State | undefined> {
  const [row] = await manager.query<{ state: State }[]>(STATE, [reference]);
  return row?.state;
}

const refundOf = (orderId: number) => `refund-${orderId}`;
const voided = (reference: string) => conflict(`The authorisation ${reference} was voided.`);
