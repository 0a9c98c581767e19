import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { type EventName, readAs } from './event.ts';

/** Who takes which events. A service that never ran has its queue too: whoever tells something makes all of them. */
export const SUBSCRIPTIONS = {
  catalog: ['order.placed', 'order.cancelled'],
  cart: ['product.deleted'],
  orders: ['payment.captured', 'payment.refunded'],
  payments: ['order.placed', 'order.cancelled'],
} as const satisfies Record<string, EventName[]>;

export type ServiceName = keyof typeof SUBSCRIPTIONS;

/**
 * What an event does here. Its data are all that there is to know of its subject, so it replaces what was known, and
 * one that was kept aside is made good by the next.
 *
 * @throws UnreadableEventError when the data are not what was agreed
 */
export type Taker = (manager: EntityManager, data: unknown) => Promise<void>;

/** One taker for each event that a service subscribes to. */
export type Takers<Name extends ServiceName> = Record<(typeof SUBSCRIPTIONS)[Name][number], Taker>;

/** Reads no more of an event than its taker needs: what is added to it later does no harm. */
export const taker =
  <T extends z.ZodType>(
    schema: T,
    take: (manager: EntityManager, data: z.output<T>) => Promise<unknown>,
  ): Taker =>
  async (manager, data) =>
    void (await take(manager, readAs(schema, data, 'data')));
