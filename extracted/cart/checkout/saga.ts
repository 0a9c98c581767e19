import type { DataSource } from 'typeorm';
import { Refusal } from '../../service/http/refusal.ts';
import { NobodyAnsweredError, type Places } from '../../service/places.ts';
import { sum, times } from '../carts/read.ts';
import type { components } from '../api.gen.ts';
import { after, type Checkout, type Outcome, type TakenLine } from './steps.ts';
import { save } from './store.ts';

type Order = components['schemas']['Order'];

/** A checkout that is not ordered by then turns back. */
const LIMIT_MS = Number(process.env.CHECKOUT_LIMIT_MS ?? 5000);
/** Steps behind the point of no return, and those of the way back, are tried for so long before somebody else does. */
const PATIENCE_MS = 2000;

export interface Capabilities {
  stock: Places;
  orders: Places;
  payments: Places;
}

interface Stepped {
  checkout: Checkout;
  outcome: Outcome;
  written: Promise<void>;
}

/** Takes checkouts from step to step. */
export class Saga {
  readonly #database: DataSource;
  readonly #capabilities: Capabilities;

  constructor(database: DataSource, capabilities: Capabilities) {
    this.#database = database;
    this.#capabilities = capabilities;
  }

  /**
   * Takes one step and writes down where it led.
   *
   * @returns what the step came to, and the checkout after it: the same one when it has to be tried again
   */
  async advance(checkout: Checkout): Promise<{ checkout: Checkout; outcome: Outcome }> {
    const { checkout: next, outcome, written } = await this.step(checkout);
    await written;
    return { checkout: next, outcome };
  }

  /**
   * Takes one step, and begins to write down where it led: for a caller who has something to say before that is done.
   * The next step must wait for `written`.
   */
  async step(checkout: Checkout): Promise<Stepped> {
    const outcome = await this.#take(checkout).catch(inWords);
    const next = after(checkout, outcome);
    const written = next === checkout ? Promise.resolve() : save(this.#database, checkout.step, next);
    return { checkout: next, outcome, written };
  }

  async #take(checkout: Checkout): Promise<Outcome> {
    switch (checkout.step) {
      case 'taken':
        return this.#reserve(checkout);
      case 'reserved':
        await this.#authorise(checkout);
        return { is: 'ordered', order: await this.#place(checkout, checkout.begunAt + LIMIT_MS) };
      case 'ordered':
        return this.#capture(checkout);
      case 'turning-back':
        return this.#turnBack(checkout);
      case 'done':
      case 'taken-back':
        throw new Error(`the checkout ${checkout.reference} is settled`);
    }
  }

  async #reserve({ reference, lines, begunAt }: Checkout): Promise<Outcome> {
    const body = { lines: lines.map(({ productId, quantity }) => ({ productId, quantity })) };
    const step = { method: 'PUT', path: `/internal/reservations/${reference}`, body } as const;
    const answer = (await this.#capabilities.stock.ask(step, begunAt + LIMIT_MS)) as { lines: TakenLine[] };
    const known = new Map(answer.lines.map((line) => [line.productId, line]));
    // What is not known there any more is not ordered: its product is gone.
    const priced = lines.flatMap((line) => {
      const found = known.get(line.productId);
      return found ? [{ ...line, ...found }] : [];
    });
    const total = sum(priced.map(({ quantity, price }) => times(quantity, price ?? '0.00')));
    return { is: 'reserved', lines: priced, total };
  }

  async #authorise({ reference, method, total, begunAt }: Checkout): Promise<void> {
    const path = `/internal/authorisations/${reference}`;
    const step = { method: 'PUT', path, body: { method, amount: total } } as const;
    await this.#capabilities.payments.ask(step, begunAt + LIMIT_MS);
  }

  async #place({ reference, customerId, total, lines }: Checkout, until: number): Promise<Order> {
    const ordered = lines.map(({ productId, name, quantity, price }) => ({
      productId,
      description: name ?? null,
      quantity,
      unitPrice: `${price}0`,
    }));
    const body = { customerId, total, lines: ordered };
    const step = { method: 'PUT', path: `/internal/placements/${reference}`, body } as const;
    return (await this.#capabilities.orders.ask(step, until)) as Order;
  }

  async #capture({ reference, method, total, orderId }: Checkout): Promise<Outcome> {
    const path = `/internal/authorisations/${reference}/capture`;
    const step = { method: 'POST', path, body: { orderId, method, amount: total } } as const;
    await this.#capabilities.payments.ask(step, Date.now() + PATIENCE_MS);
    return { is: 'captured' };
  }

  /** The order is asked after first: only when none is there, and none can come, may the rest be given back. */
  async #turnBack(checkout: Checkout): Promise<Outcome> {
    const { reference, lines } = checkout;
    const { stock, orders, payments } = this.#capabilities;
    const until = Date.now() + PATIENCE_MS;
    try {
      await orders.ask({ method: 'DELETE', path: `/internal/placements/${reference}` }, until);
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 409)) throw error;
      return { is: 'ordered', order: await this.#place(checkout, until) };
    }
    const body = { lines: lines.map(({ productId, quantity }) => ({ productId, quantity })) };
    await Promise.all([
      payments.ask({ method: 'POST', path: `/internal/authorisations/${reference}/void` }, until),
      stock.ask({ method: 'POST', path: `/internal/reservations/${reference}/release`, body }, until),
    ]);
    return { is: 'undone' };
  }
}

function inWords(error: unknown): Outcome {
  if (error instanceof Refusal) return { is: 'refused', why: error.message };
  if (error instanceof NobodyAnsweredError) return { is: 'late', why: error.message };
  throw error;
}
