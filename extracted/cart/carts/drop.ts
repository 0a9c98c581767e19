import { z } from 'zod';
import { taker } from '../../service/events/subscriptions.ts';
import { CartLine } from '../entities.ts';

/** A product that is gone for good leaves all carts, where its lines were not shown any more. */
export const dropProduct = taker(z.object({ id: z.int() }), (manager, { id }) =>
  manager.delete(CartLine, { productId: id }),
);
