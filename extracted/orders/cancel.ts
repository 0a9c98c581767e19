import type { Request } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import { tell } from '../service/events/outbox.ts';
import { readId } from '../service/http/input.ts';
import { conflict } from '../service/http/refusal.ts';
import { appendCancelled } from './append.ts';
import { CustomerOrder } from './entities.ts';
import type { Answer } from './operations.ts';
import { readOrder, unknownOrder } from './read.ts';
import type { Refunds } from './refunds.ts';

/** Cancelling gives the money back; stock that was booked already comes back by a return, not from here. */
export async function cancelOrder(
  database: DataSource,
  refunds: Refunds,
  request: Request,
): Promise<Answer<'cancelOrder'>> {
  const id = readId(request);
  const order = await database.transaction((manager) => cancel(manager, refunds, id));
  await refunds.tryNow(id);
  return { status: 200, body: order };
}

async function cancel(manager: EntityManager, refunds: Refunds, id: number) {
  const row = await manager.findOne(CustomerOrder, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!row) throw unknownOrder(id);
  if (row.status === 'cancelled') throw conflict(`Order ${id} is cancelled already.`);
  await appendCancelled(manager, id);
  await refunds.owe(manager, id);
  const cancelled = await readOrder(manager, id);
  await tell(manager, 'order.cancelled', id, cancelled);
  return cancelled;
}
