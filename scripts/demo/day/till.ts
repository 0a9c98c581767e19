/** An order that the shop has acknowledged. */
export interface Receipt {
  orderId: number;
  /** As the answer had it. */
  total: string;
  units: number;
  cancelled: boolean;
}

/** When a checkout was asked for: in the monolith it is one transaction, after that a saga. */
export type Era = 'before' | 'between' | 'after';

/** What the shop has acknowledged in a day, kept apart from the shop. */
export class Till {
  readonly receipts = new Map<number, Receipt>();
  /** The newest acknowledged price of each product; one clerk writes it at a time. */
  readonly prices = new Map<number, string>();
  era: Era = 'before';
  readonly #checkouts: Record<Era, number[]> = { before: [], between: [], after: [] };
  readonly #waiting = new Set<{ at: number; done: () => void }>();

  ordered(receipt: Receipt, milliseconds: number, era: Era): void {
    this.receipts.set(receipt.orderId, receipt);
    this.#checkouts[era].push(milliseconds);
    for (const waiter of this.#waiting) if (this.receipts.size >= waiter.at) waiter.done();
  }

  /** Resolves once so many more orders are acknowledged. */
  moreOrders(howMany: number): Promise<void> {
    return new Promise((resolve) => {
      const waiter = {
        at: this.receipts.size + howMany,
        done: () => {
          this.#waiting.delete(waiter);
          resolve();
        },
      };
      this.#waiting.add(waiter);
    });
  }

  /** Milliseconds of every checkout of an era. */
  checkouts(era: Era): readonly number[] {
    return this.#checkouts[era];
  }
}
