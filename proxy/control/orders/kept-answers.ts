/** What was answered to an order, as plain JSON. */
export interface KeptAnswer {
  status: number;
  type: 'application/json' | 'application/problem+json';
  location: string | null;
  /** Null for an answer without a body. */
  body: unknown;
}

/** One order under the key that its client gave it. */
export interface KeyedOrder {
  key: string;
  /** Who gave it: the same key of somebody else is another one. */
  caller: string;
  /** Digest of what is ordered. */
  digest: string;
}

/** What is known of a key. */
export type Claim =
  /** Nothing until now: carry it out. */
  | { kind: 'ours' }
  | { kind: 'answered'; answer: KeptAnswer }
  | { kind: 'running' }
  /** Whoever carried it out is gone, and nobody knows how far it came. */
  | { kind: 'lost' }
  /** It was given to another order. */
  | { kind: 'other order' };

/**
 * Keeps which orders were given and what came of them, for a day. Declared here, by its consumer; `scripts/up` wires the
 * one that lives in the control store, so that neither a restart nor a second control process does an order twice.
 */
export interface KeptAnswers {
  /** Takes the key for this order in one step, or says why not. */
  claim(order: KeyedOrder): Promise<Claim>;
  keep(order: KeyedOrder, answer: KeptAnswer): Promise<void>;
  /** Nothing was done: the key may be used again. */
  release(order: KeyedOrder): Promise<void>;
}

/** Of one process, for where nothing needs to outlive it. */
export class MemoryAnswers implements KeptAnswers {
  readonly #kept = new Map<string, { digest: string; answer: KeptAnswer | null }>();

  async claim(order: KeyedOrder): Promise<Claim> {
    const known = this.#kept.get(nameOf(order));
    if (!known) {
      this.#kept.set(nameOf(order), { digest: order.digest, answer: null });
      return { kind: 'ours' };
    }
    if (known.digest !== order.digest) return { kind: 'other order' };
    return known.answer ? { kind: 'answered', answer: known.answer } : { kind: 'running' };
  }

  async keep(order: KeyedOrder, answer: KeptAnswer): Promise<void> {
    this.#kept.set(nameOf(order), { digest: order.digest, answer });
  }

  async release(order: KeyedOrder): Promise<void> {
    this.#kept.delete(nameOf(order));
  }
}

const nameOf = ({ key, caller }: KeyedOrder): string => JSON.stringify([caller, key]);
