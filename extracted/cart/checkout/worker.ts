import type { DataSource } from 'typeorm';
import type { Logger } from '../../service/log.ts';
import { inRounds } from '../../service/rounds.ts';
import type { Saga } from './saga.ts';
import { type Checkout, isSettled } from './steps.ts';
import { takeForgotten } from './store.ts';

const ROUND_MS = 250;
const AT_ONCE = 10;

/** Takes up checkouts that nobody has in hand any more: a process was killed, or a capability was away for long. */
export class CheckoutWorker {
  readonly #database: DataSource;
  readonly #saga: Saga;
  readonly #log: Logger;

  constructor(database: DataSource, saga: Saga, log: Logger) {
    this.#database = database;
    this.#saga = saga;
    this.#log = log;
  }

  start(): () => Promise<void> {
    return inRounds(async (signal) => {
      const found = await takeForgotten(this.#database, AT_ONCE).catch(() => []);
      await Promise.all(found.map((checkout) => this.#settle(checkout, signal)));
    }, ROUND_MS);
  }

  /** As far as it goes now; a step that cannot be taken leaves the checkout to a later round. */
  async #settle(found: Checkout, signal: AbortSignal): Promise<void> {
    let checkout = found;
    try {
      while (!isSettled(checkout) && !signal.aborted) {
        const { checkout: next } = await this.#saga.advance(checkout);
        if (next === checkout) return;
        checkout = next;
      }
    } catch (error) {
      this.#log.error(error, `the checkout ${checkout.reference} could not go on from "${checkout.step}"`);
    }
  }
}
