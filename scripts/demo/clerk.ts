import type { Customer, Habit, Request } from './customer.ts';
import { doOne, pick } from './customer.ts';
import type { Ledger, Movement, ProductValues } from './ledger.ts';
import { MARK } from './read-side.ts';

/** What one clerk looks after: nobody else writes these products. */
export interface Assortment {
  products: number[];
  categories: readonly number[];
}

let pricesGiven = 0;
/** Never the same twice, so that a price tells which write it came from. */
const nextPrice = (): string => ((100 + pricesGiven++) / 100).toFixed(2);

/** One who works in the shop, and enters in the ledger what was acknowledged. */
export class Clerk {
  readonly #name: string;
  readonly #customer: Customer;
  readonly #ledger: Ledger;
  readonly #goods: Assortment;
  readonly #random: () => number;
  readonly #habits: readonly Habit[];
  /** Products of its own making; without movements they can be deleted. */
  readonly #made: number[] = [];
  #serial = 0;

  constructor(name: string, customer: Customer, goods: Assortment, ledger: Ledger, random: () => number) {
    this.#name = name;
    this.#customer = customer;
    this.#goods = goods;
    this.#ledger = ledger;
    this.#random = random;
    this.#habits = [
      { weight: 22, run: () => this.#lookAtProduct() },
      { weight: 10, run: () => this.#lookAtStock() },
      { weight: 18, run: () => this.#changePrice() },
      { weight: 16, run: () => this.#bookMovement() },
      { weight: 6, run: () => this.#create() },
      { weight: 5, run: () => this.#update() },
      { weight: 4, run: () => this.#delete() },
    ];
  }

  next(): Promise<void> {
    return doOne(this.#habits, this.#random);
  }

  /** Must see what it wrote itself, whoever answers. */
  async #lookAtProduct(): Promise<void> {
    const id = this.#ownOrMade(0.3);
    const body = (await this.#customer.read(`/api/products/${id}`)) as { price?: string } | null;
    const { price } = this.#ledger.newest(id);
    if (body && body.price !== price) this.#sawOld(`product ${id}: price ${body.price} instead of ${price}`);
  }

  async #lookAtStock(): Promise<void> {
    const id = this.#own();
    const body = (await this.#customer.read(`/api/products/${id}/stock`)) as { onHand?: number } | null;
    const onHand = this.#ledger.onHand(id);
    if (body && body.onHand !== onHand) this.#sawOld(`product ${id}: ${body.onHand} on hand, not ${onHand}`);
  }

  async #changePrice(): Promise<void> {
    const id = this.#ownOrMade(0.2);
    const price = nextPrice();
    const path = `/api/products/${id}/price`;
    const values = { ...this.#ledger.newest(id), price };
    await this.#change(id, values, { method: 'PATCH', path, body: { price }, expect: 200 });
  }

  async #update(): Promise<void> {
    const id = this.#own();
    const body = {
      name: `Demo product ${this.#name} №${this.#next()}`,
      price: nextPrice(),
      status: pick(['active', 'discontinued', 'hidden'], this.#random),
      categoryId: this.#random() < 0.2 ? null : pick(this.#goods.categories, this.#random),
      reorderLevel: this.#random() < 0.3 ? null : Math.floor(this.#random() * 100),
    };
    const values = { sku: this.#ledger.newest(id).sku, ...body };
    await this.#change(id, values, { method: 'PUT', path: `/api/products/${id}`, body, expect: 200 });
  }

  async #change(id: number, values: ProductValues, request: Request): Promise<void> {
    const body = (await this.#customer.write(request)) as { price?: string } | null;
    if (body === null) {
      this.#ledger.maybeChange(id, values);
      return this.#leaveAlone(id);
    }
    this.#ledger.changed(id, values);
    if (body.price !== values.price) this.#gotWrong(request, `price ${body.price}, not ${values.price}`);
  }

  async #bookMovement(): Promise<void> {
    const productId = this.#own();
    const { body, movement } = this.#newMovement(productId);
    const path = `/api/products/${productId}/stock-movements`;
    const request = { method: 'POST', path, body, expect: 201 } as const;
    const answer = (await this.#customer.write(request)) as { onHand?: number } | null;
    if (answer === null) {
      this.#ledger.maybeMove(movement);
      return this.#leaveAlone(productId);
    }
    this.#ledger.moved(movement);
    const onHand = this.#ledger.onHand(productId);
    if (answer.onHand !== onHand) this.#gotWrong(request, `${answer.onHand} on hand, not ${onHand}`);
  }

  #newMovement(productId: number): { movement: Movement; body: Omit<Movement, 'productId'> } {
    const reason = pick(['sale', 'return', 'adjustment'] as const, this.#random);
    const size = 1 + Math.floor(this.#random() * 20);
    const body = {
      reference: `${MARK}${this.#name}-${this.#next()}`,
      quantity: reason === 'return' ? -size : size,
      reason,
      unitPrice: this.#random() < 0.5 ? null : (size / 8).toFixed(3),
    };
    return { body, movement: { productId, ...body } };
  }

  async #create(): Promise<void> {
    const body = {
      sku: `${MARK}${this.#name}-${this.#next()}`,
      name: this.#random() < 0.1 ? null : `Made in the demo by ${this.#name}`,
      price: nextPrice(),
      status: 'active',
      categoryId: pick(this.#goods.categories, this.#random),
      reorderLevel: this.#random() < 0.5 ? null : 7,
    };
    const request = { method: 'POST', path: '/api/products', body, expect: 201 } as const;
    const answer = (await this.#customer.write(request)) as { id: number } | null;
    if (answer === null) return this.#ledger.maybeCreate(body);
    this.#ledger.created(answer.id, body);
    // Every tenth is the nightly job's to write.
    if (answer.id % 10 !== 0) this.#made.push(answer.id);
  }

  async #delete(): Promise<void> {
    const id = this.#made.shift();
    if (id === undefined) return this.#create();
    const request = { method: 'DELETE', path: `/api/products/${id}`, expect: 204 } as const;
    if ((await this.#customer.write(request)) === null) this.#ledger.maybeDelete(id);
    else this.#ledger.deleted(id);
  }

  #sawOld(what: string): void {
    this.#customer.tally.staleReads.push(what);
  }

  #gotWrong({ method, path }: Request, what: string): void {
    this.#customer.tally.failed(`${method} ${path}`, `answered ${what}`);
  }

  /** Nobody knows what this product holds now: what came later could not be told apart. */
  #leaveAlone(id: number): void {
    for (const list of [this.#goods.products, this.#made]) {
      const at = list.indexOf(id);
      if (at >= 0) list.splice(at, 1);
    }
  }

  #own(): number {
    return pick(this.#goods.products, this.#random);
  }

  #ownOrMade(share: number): number {
    return this.#made.length > 0 && this.#random() < share ? pick(this.#made, this.#random) : this.#own();
  }

  #next(): number {
    return (this.#serial += 1);
  }
}
