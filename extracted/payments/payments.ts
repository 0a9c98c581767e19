import type { Request } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import type { Told } from '../service/events/event.ts';
import { tell } from '../service/events/outbox.ts';
import { idInText, paging, readId, readQuery } from '../service/http/input.ts';
import { conflict, notFound } from '../service/http/refusal.ts';
import { toIso } from '../service/http/timestamp.ts';
import type { components } from './api.gen.ts';
import { Payment, type PaymentRow } from './entities.ts';
import type { Answer } from './operations.ts';

const paymentQuery = z.object({ ...paging, order: idInText.optional() });

export async function listPayments(database: DataSource, request: Request): Promise<Answer<'listPayments'>> {
  const { page, size, order } = readQuery(request, paymentQuery);
  const [rows, total] = await database.getRepository(Payment).findAndCount({
    where: order === undefined ? {} : { orderId: order },
    order: { id: 'DESC' },
    skip: (page - 1) * size,
    take: size,
  });
  return { status: 200, body: { items: rows.map(toPaymentJson), page, size, total } };
}

export async function getPayment(database: DataSource, request: Request): Promise<Answer<'getPayment'>> {
  return { status: 200, body: toPaymentJson(await find(database.manager, readId(request))) };
}

export async function refundPayment(
  database: DataSource,
  request: Request,
): Promise<Answer<'refundPayment'>> {
  const id = readId(request);
  const body = await database.transaction(async (manager) => {
    const { affected } = await manager.update(Payment, { id, status: 'paid' }, { status: 'refunded' });
    if (affected) return tellPayment(manager, id);
    await find(manager, id);
    throw conflict(`Payment ${id} is refunded already.`);
  });
  return { status: 200, body };
}

/** Tells others of a payment as it is now; the caller has written its row. */
export async function tellPayment(manager: EntityManager, id: number): Promise<Told['payment.captured']> {
  const payment = toPaymentJson(await find(manager, id));
  const name = payment.status === 'paid' ? 'payment.captured' : 'payment.refunded';
  await tell(manager, name, id, payment);
  return payment;
}

async function find(manager: EntityManager, id: number): Promise<PaymentRow> {
  const row = await manager.findOneBy(Payment, { id });
  if (!row) throw notFound(`Payment ${id} does not exist.`);
  return row;
}

const toPaymentJson = (row: PaymentRow): components['schemas']['Payment'] => ({
  id: row.id,
  orderId: row.orderId,
  method: row.method,
  amount: row.amount,
  status: row.status,
  paidAt: toIso(row.paidAt),
});
