import { setTimeout as pause } from 'node:timers/promises';
import { Customer } from '../customer.ts';
import { ShopClient } from '../shop-client.ts';
import type { Tally } from '../tally.ts';
import { randomFrom } from '../traffic.ts';
import { type Goods, PriceClerk, Shopper } from './shopper.ts';
import type { Till } from './till.ts';

const SHOPPERS = 10;
/** Each of them begins something so often. */
const PACE_MS = 250;
const SALE_PACE_MS = 100;

/** Everybody who is in the shop on that day. */
export class Crowd {
  readonly #clients: ShopClient[] = [];
  readonly #people: { next(): Promise<void> }[] = [];
  readonly #shoppers: Shopper[] = [];
  #paceMs = PACE_MS;
  #stopped = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(proxy: string, goods: Goods, clerkProducts: readonly number[], till: Till, tally: Tally) {
    const enter = (): Customer => {
      const client = new ShopClient(proxy);
      this.#clients.push(client);
      return new Customer(client, tally);
    };
    for (let i = 0; i < SHOPPERS; i += 1) {
      this.#shoppers.push(new Shopper(enter(), goods, till, randomFrom(i + 1)));
    }
    this.#people.push(...this.#shoppers, new PriceClerk(enter(), clerkProducts, till, randomFrom(99)));
  }

  /** Sends requests until `stop`; a mistake of the demo's own goes to `onMistake`. */
  start(onMistake: (error: unknown) => void): void {
    this.#stopped = new AbortController();
    const { signal } = this.#stopped;
    this.#running = Promise.all(
      this.#people.map((person) => this.#keepGoing(person, signal).catch(onMistake)),
    );
  }

  /** Everybody wants the one product, all at once, or has had enough of it. */
  setFlashSale(isOn: boolean): void {
    this.#paceMs = isOn ? SALE_PACE_MS : PACE_MS;
    for (const shopper of this.#shoppers) shopper.isHunting = isOn;
  }

  /** Lets running requests end, and sends no more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    for (const client of this.#clients) client.close();
  }

  async #keepGoing(person: { next(): Promise<void> }, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const started = performance.now();
      await person.next();
      const left = started + this.#paceMs - performance.now();
      await pause(Math.max(0, left), undefined, { signal }).catch(() => undefined);
    }
  }
}
