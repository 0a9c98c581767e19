import type { components } from '../api.gen.ts';

type Order = components['schemas']['Order'];

/**
 * How far a checkout is. Each step is written down before the next begins, and every effect on another capability may
 * be asked for twice, so whoever finds a checkout goes on from its step:
 *
 *   taken ── reserve stock ──▶ reserved ── authorise payment, place order ──▶ ordered ── capture payment ──▶ done
 *     │                           │                                             ▲
 *     └────── refused, or late ───┴──▶ turning-back ── the order was placed ────┘
 *                                           └── void payment, release stock, lines back into the cart ──▶ taken-back
 */
export type StepName = 'taken' | 'reserved' | 'ordered' | 'turning-back' | 'done' | 'taken-back';

/** A line as it was taken out of the cart; the price is known once it is reserved. */
export interface TakenLine {
  id: number;
  productId: number;
  quantity: number;
  name?: string | null;
  price?: string;
}

export interface Checkout {
  /** 32 hexadecimal digits, under which every capability knows it. */
  reference: string;
  cartId: number;
  customerId: number | null;
  method: 'card' | 'invoice' | 'cash';
  step: StepName;
  lines: TakenLine[];
  total: string | null;
  orderId: number | null;
  /** Why it turned back. */
  reason: string | null;
  /** Milliseconds since 1970. */
  begunAt: number;
}

/** What a step came to. */
export type Outcome =
  | { is: 'reserved'; lines: TakenLine[]; total: string }
  | { is: 'ordered'; order: Order }
  | { is: 'captured' }
  | { is: 'refused'; why: string }
  | { is: 'late'; why: string }
  | { is: 'undone' };

/** Where a checkout stands after an outcome; the same place where the outcome changes nothing. */
export function after(checkout: Checkout, outcome: Outcome): Checkout {
  switch (outcome.is) {
    case 'reserved':
      return { ...checkout, step: 'reserved', lines: outcome.lines, total: outcome.total };
    case 'ordered':
      return { ...checkout, step: 'ordered', orderId: outcome.order.id };
    case 'captured':
      return { ...checkout, step: 'done' };
    case 'undone':
      return { ...checkout, step: 'taken-back' };
    case 'refused':
    case 'late':
      // Once there is an order there is no way back, and one that turns back goes on until it is back.
      if (checkout.step === 'ordered' || checkout.step === 'turning-back') return checkout;
      return { ...checkout, step: 'turning-back', reason: outcome.why };
  }
}

export const isSettled = ({ step }: Checkout): boolean => step === 'done' || step === 'taken-back';
