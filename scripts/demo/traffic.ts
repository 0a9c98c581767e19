import { setTimeout as pause } from 'node:timers/promises';
import type { Assortment } from './clerk.ts';
import { Clerk } from './clerk.ts';
import { Customer } from './customer.ts';
import type { Ledger, StartingProduct } from './ledger.ts';
import { ShopClient } from './shop-client.ts';
import type { Tally } from './tally.ts';
import type { Offer } from './visitor.ts';
import { Visitor } from './visitor.ts';

const CLERKS = 16;
const VISITORS = 8;
/** Each of them begins something so often: about 150 requests a second in all, which leaves two slow cores room for the rest. */
const PACE_MS = 150;

/** Everybody who uses the shop, at work until stopped. */
export class Traffic {
  readonly #clients: ShopClient[] = [];
  readonly #people: { next(): Promise<void> }[] = [];
  #paceMs = PACE_MS;
  #stopped = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(proxy: string, products: readonly StartingProduct[], ledger: Ledger, tally: Tally) {
    const enter = (): Customer => {
      const client = new ShopClient(proxy);
      this.#clients.push(client);
      return new Customer(client, tally);
    };
    const { assortments, offer } = shareOut(products);
    for (const [i, goods] of assortments.entries()) {
      this.#people.push(new Clerk(`c${i}`, enter(), goods, ledger, randomFrom(i + 1)));
    }
    for (let i = 0; i < VISITORS; i += 1) {
      this.#people.push(new Visitor(enter(), offer, randomFrom(CLERKS + i + 1)));
    }
  }

  /** Sends requests until `stop`; a mistake of the demo's own goes to `onMistake`. */
  start(onMistake: (error: unknown) => void): void {
    this.#stopped = new AbortController();
    const { signal } = this.#stopped;
    this.#running = Promise.all(
      this.#people.map((person, i) => this.#keepGoing(person, i, signal).catch(onMistake)),
    );
  }

  /** Lets running requests end, and sends no more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    // Kept connections would be closed by the other side sooner or later, perhaps under a request.
    for (const client of this.#clients) client.close();
  }

  /** As fast as the answers come. */
  hurry(): void {
    this.#paceMs = 0;
  }

  async #keepGoing(person: { next(): Promise<void> }, index: number, signal: AbortSignal): Promise<void> {
    const wait = (ms: number) => pause(ms, undefined, { signal }).catch(() => undefined);
    await wait((index * this.#paceMs) / this.#people.length);
    while (!signal.aborted) {
      const started = performance.now();
      await person.next();
      await wait(Math.max(0, started + this.#paceMs - performance.now()));
    }
  }
}

/** Gives each clerk products of its own. Every tenth belongs to the nightly job, and so do those in orders. */
function shareOut(products: readonly StartingProduct[]): { assortments: Assortment[]; offer: Offer } {
  const isNightly = ({ id }: StartingProduct) => id % 10 === 0;
  const ids = (some: readonly StartingProduct[]) => some.map(({ id }) => id);
  const found = products.flatMap(({ categoryId }) => (categoryId === null ? [] : [categoryId]));
  const categories = [...new Set(found)];
  const others = products.filter((product) => !isNightly(product));
  return {
    assortments: Array.from({ length: CLERKS }, (_, i) => ({
      products: ids(others.filter((_product, at) => at % CLERKS === i)),
      categories,
    })),
    offer: {
      products: ids(products),
      forSale: ids(products.filter((product) => isNightly(product) && product.status === 'active')),
    },
  };
}

/** Numbers that are the same in each run: a linear congruential generator is random enough to choose by. */
export function randomFrom(seed: number): () => number {
  let state = Math.imul(seed, 2_654_435_761);
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
