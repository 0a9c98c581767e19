import type { Customer, Habit } from '../customer.ts';
import { doOne, pick } from '../customer.ts';
import type { Till } from './till.ts';

/** What there is to look at and to buy; nobody deletes these. */
export interface Goods {
  forSale: readonly number[];
  /** What everybody wants while there is a flash sale. */
  bargain: number;
}

/** Nobody looks up an order the moment it is placed; the follower of a canary is behind by less. */
const LATER_MS = 2000;

interface Payments {
  items: { id: number }[];
}

interface Bought {
  orderId: number;
  at: number;
}

/** One who comes to the shop for a day: browses, fills a cart, buys, looks at orders and payments, changes their mind. */
export class Shopper {
  readonly #customer: Customer;
  readonly #goods: Goods;
  readonly #till: Till;
  readonly #random: () => number;
  readonly #habits: readonly Habit[];
  readonly #bought: Bought[] = [];
  #cart: string | null = null;
  isHunting = false;

  constructor(customer: Customer, goods: Goods, till: Till, random: () => number) {
    this.#customer = customer;
    this.#goods = goods;
    this.#till = till;
    this.#random = random;
    this.#habits = [
      { weight: 12, run: () => this.#browse() },
      { weight: 16, run: () => customer.read(`/api/products/${this.#any()}`) },
      { weight: 5, run: () => customer.read(`/api/products/${this.#any()}/stock`) },
      { weight: 4, run: () => customer.read(`/api/products/${this.#any()}/stock-movements?size=5`) },
      { weight: 4, run: () => customer.read('/api/categories') },
      { weight: 5, run: () => customer.read(`/api/orders?customer=${1 + Math.floor(random() * 9)}&size=5`) },
      { weight: 14, run: () => this.#lookAtOrder() },
      { weight: 14, run: () => this.#lookAtPayments() },
      { weight: 12, run: () => this.#lookAtCart() },
      { weight: 14, run: () => this.#buy() },
      { weight: 1, run: () => this.#cancel() },
    ];
  }

  next(): Promise<void> {
    return this.isHunting ? this.#buy() : doOne(this.#habits, this.#random);
  }

  async #browse(): Promise<void> {
    // Often it is somebody new who comes by: a canary's share is one of people.
    if (this.#random() < 0.6) this.#customer.forget();
    await this.#customer.read(`/api/products?page=${1 + Math.floor(this.#random() * 20)}&size=10`);
  }

  async #lookAtCart(): Promise<void> {
    if (this.#cart !== null) await this.#customer.read(this.#cart);
  }

  async #lookAtOrder(): Promise<void> {
    const order = this.#old();
    if (!order) return;
    const body = (await this.#customer.read(`/api/orders/${order.orderId}`)) as { total?: string } | null;
    const total = this.#till.receipts.get(order.orderId)?.total;
    if (body && body.total !== total) {
      this.#customer.tally.failed(`GET order ${order.orderId}`, `total ${body.total} instead of ${total}`);
    }
  }

  async #lookAtPayments(): Promise<void> {
    const order = this.#old();
    if (!order) return;
    const found = (await this.#customer.read(`/api/payments?order=${order.orderId}`)) as Payments | null;
    const [payment] = found?.items ?? [];
    if (payment) await this.#customer.read(`/api/payments/${payment.id}`);
  }

  async #buy(): Promise<void> {
    const created = await this.#customer.ask({ method: 'POST', path: '/api/carts', body: {}, expect: 201 });
    if (created === null) return;
    this.#cart = `/api/carts/${(created as { id: number }).id}`;
    let units = 0;
    const wanted = this.isHunting
      ? [this.#goods.bargain]
      : [pick(this.#goods.forSale, this.#random), pick(this.#goods.forSale, this.#random)];
    for (const productId of new Set(wanted)) {
      const quantity = 1 + Math.floor(this.#random() * 3);
      const path = `${this.#cart}/lines`;
      const line = await this.#customer.write({
        method: 'POST',
        path,
        body: { productId, quantity },
        expect: 201,
      });
      if (line === null) return;
      units += quantity;
    }
    await this.#checkOut(units);
  }

  async #checkOut(units: number): Promise<void> {
    const { era } = this.#till;
    const path = `${this.#cart}/checkout`;
    const started = performance.now();
    const order = (await this.#customer.write({
      method: 'POST',
      path,
      body: { method: 'card' },
      expect: 201,
    })) as { id: number; total: string } | null;
    if (order === null) return;
    const receipt = { orderId: order.id, total: order.total, units, cancelled: false };
    this.#till.ordered(receipt, performance.now() - started, era);
    this.#bought.push({ orderId: order.id, at: Date.now() });
  }

  async #cancel(): Promise<void> {
    const order = this.#old();
    const receipt = order && this.#till.receipts.get(order.orderId);
    if (!receipt || receipt.cancelled) return;
    const path = `/api/orders/${receipt.orderId}/cancel`;
    receipt.cancelled = (await this.#customer.write({ method: 'POST', path, expect: 200 })) !== null;
  }

  #any(): number {
    return pick(this.#goods.forSale, this.#random);
  }

  #old(): Bought | undefined {
    const old = this.#bought.filter(({ at }) => Date.now() - at > LATER_MS);
    return old[Math.floor(this.#random() * old.length)];
  }
}

let pricesGiven = 0;

/** One who changes prices. */
export class PriceClerk {
  readonly #customer: Customer;
  readonly #products: readonly number[];
  readonly #till: Till;
  readonly #random: () => number;

  constructor(customer: Customer, products: readonly number[], till: Till, random: () => number) {
    this.#customer = customer;
    this.#products = products;
    this.#till = till;
    this.#random = random;
  }

  async next(): Promise<void> {
    const id = pick(this.#products, this.#random);
    const price = ((100 + pricesGiven++) / 100).toFixed(2);
    const path = `/api/products/${id}/price`;
    const body = await this.#customer.write({ method: 'PATCH', path, body: { price }, expect: 200 });
    if (body !== null) this.#till.prices.set(id, price);
  }
}
