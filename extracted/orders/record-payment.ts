import { z } from 'zod';
import { taker } from '../service/events/subscriptions.ts';

const payment = z.object({
  id: z.int(),
  orderId: z.int(),
  amount: z.string(),
  status: z.enum(['paid', 'refunded']),
});

const APPEND = `INSERT INTO order_event (order_id, kind, data) VALUES ($1, 'payment-recorded', $2)`;

/** What became of an order's money belongs to what happened to the order. */
export const recordPayment = taker(payment, (manager, { id, orderId, amount, status }) =>
  manager.query(APPEND, [orderId, { paymentId: id, amount, status }]),
);
