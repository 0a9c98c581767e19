import { Gauge } from 'prom-client';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { taker } from '../service/events/subscriptions.ts';
import type { Measured } from '../service/metrics.ts';

const order = z.object({ id: z.int(), status: z.enum(['new', 'paid', 'cancelled']) });

const NOTE = 'INSERT IGNORE INTO order_to_pay (order_id) VALUES (?)';
const FORGET = 'DELETE FROM order_to_pay WHERE order_id = ?';
/** Of the last day: an index leads to those, however many there were before. */
const UNPAID = `
  SELECT count(*) AS orders FROM order_to_pay o
   WHERE o.noted_at > utc_timestamp(6) - INTERVAL 1 DAY
     AND NOT EXISTS (SELECT 1 FROM payment p WHERE p.order_id = o.order_id)`;

/** Which orders somebody has to pay for, as the orders service tells it. */
export const noteOrder = taker(order, (manager, { id, status }) =>
  manager.query(status === 'cancelled' ? FORGET : NOTE, [id]),
);

/** An order without a payment is one that is being captured, or money that the shop loses. */
export function measureUnpaid(database: DataSource, { registry }: Measured): void {
  new Gauge({
    name: 'payments_unpaid_orders',
    help: 'Orders of the last day that have no payment, and were not cancelled',
    registers: [registry],
    async collect() {
      const [row] = await database.query<{ orders: number | string }[]>(UNPAID).catch(() => []);
      this.set(Number(row?.orders ?? Number.NaN));
    },
  });
}
