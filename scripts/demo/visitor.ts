import type { Customer, Habit } from './customer.ts';
import { doOne, pick } from './customer.ts';

/** What there is to look at, and to buy. */
export interface Offer {
  /** Products that nobody deletes. */
  products: readonly number[];
  forSale: readonly number[];
}

const PAGE = 20;

/** One who looks around, and sometimes buys. Never writes to the catalog, so a canary may serve all of it. */
export class Visitor {
  readonly #customer: Customer;
  readonly #offer: Offer;
  readonly #random: () => number;
  readonly #habits: readonly Habit[];
  #orderId: number | null = null;

  constructor(customer: Customer, offer: Offer, random: () => number) {
    this.#customer = customer;
    this.#offer = offer;
    this.#random = random;
    this.#habits = [
      { weight: 24, run: () => this.#browse() },
      { weight: 40, run: () => customer.read(`/api/products/${this.#any()}`) },
      { weight: 12, run: () => customer.read(`/api/products/${this.#any()}/stock`) },
      { weight: 6, run: () => customer.read(`/api/products/${this.#any()}/stock-movements?size=5`) },
      { weight: 6, run: () => customer.read('/api/categories') },
      { weight: 8, run: () => this.#lookAtOrders() },
      { weight: 4, run: () => this.#buy() },
    ];
  }

  next(): Promise<void> {
    return doOne(this.#habits, this.#random);
  }

  async #browse(): Promise<void> {
    // Often it is somebody new who comes by: a canary's share is one of people.
    if (this.#random() < 0.7) this.#customer.forget();
    const page = 1 + Math.floor((this.#random() * this.#offer.products.length) / PAGE);
    await this.#customer.read(`/api/products?page=${page}&size=${PAGE}`);
  }

  #lookAtOrders(): Promise<unknown> {
    return this.#customer.read(
      this.#orderId === null ? '/api/orders?size=5' : `/api/orders/${this.#orderId}`,
    );
  }

  /** Cart and checkout stay in the monolith, which reads the catalog's table for them. */
  async #buy(): Promise<void> {
    const created = await this.#customer.ask({ method: 'POST', path: '/api/carts', body: {}, expect: 201 });
    if (created === null) return;
    const cart = `/api/carts/${(created as { id: number }).id}`;
    const { forSale } = this.#offer;
    for (const productId of new Set([pick(forSale, this.#random), pick(forSale, this.#random)])) {
      const body = { productId, quantity: 1 + Math.floor(this.#random() * 5) };
      const line = await this.#customer.ask({ method: 'POST', path: `${cart}/lines`, body, expect: 201 });
      if (line === null) return;
    }
    const checkout = {
      method: 'POST',
      path: `${cart}/checkout`,
      body: { method: 'card' },
      expect: 201,
    } as const;
    const order = await this.#customer.ask(checkout);
    if (order !== null) this.#orderId = (order as { id: number }).id;
  }

  #any(): number {
    return pick(this.#offer.products, this.#random);
  }
}
