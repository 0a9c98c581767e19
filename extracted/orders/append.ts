import type { EntityManager } from 'typeorm';
import { CustomerOrder, OrderLine } from './entities.ts';
import { fold, type OrderEvent } from './events.ts';

/** Tells the triggers of the projection that this transaction brings its own events. */
const BY_EVENT = `SELECT set_config('orders.by_event', 'on', true)`;
const APPEND = 'INSERT INTO order_event (order_id, kind, data) VALUES ($1, $2, $3)';

/** Begins an order: the event, and the rows that follow from it, in the caller's transaction. */
export async function begin(manager: EntityManager, id: number, event: OrderEvent & { kind: 'placed' }) {
  await manager.query(BY_EVENT);
  await manager.query(APPEND, [id, event.kind, event.data]);
  const { facts, lines } = fold([event]);
  await manager.insert(CustomerOrder, { id, ...facts });
  await manager.insert(
    OrderLine,
    [...lines.values()].map((line) => ({ ...line, orderId: id })),
  );
}

/** Cancels an order that the caller has locked. */
export async function appendCancelled(manager: EntityManager, id: number): Promise<void> {
  await manager.query(BY_EVENT);
  await manager.query(APPEND, [id, 'cancelled', {}]);
  await manager.update(CustomerOrder, { id }, { status: 'cancelled' });
}
