import type { ControlStore } from './store.ts';

/** What was ordered under which key, and what was answered. */
export const ANSWER_SCHEMA = `
CREATE TABLE IF NOT EXISTS strangler_control.answer (
  caller text NOT NULL, key text NOT NULL, digest text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp(),
  alive_at timestamptz NOT NULL DEFAULT clock_timestamp(), answer jsonb, PRIMARY KEY (caller, key));`;

export interface OrderKey {
  caller: string;
  key: string;
  digest: string;
}

export type KeyClaim<Answer> =
  { kind: 'ours' | 'running' | 'lost' | 'other order' } | { kind: 'answered'; answer: Answer };

const KEPT = `interval '1 day'`;
const BEAT_MS = 2000;
/** Whoever carries an order out and was silent for so long is gone. */
const SILENT_MS = 10_000;

/** The answers to orders in the control store. While an order is carried out, its row says that somebody is at it. */
export class AnswerTable<Answer> {
  readonly #store: ControlStore;
  readonly #silentMs: number;
  readonly #beats = new Map<string, NodeJS.Timeout>();

  constructor(store: ControlStore, silentMs = SILENT_MS) {
    this.#store = store;
    this.#silentMs = silentMs;
  }

  async claim(order: OrderKey): Promise<KeyClaim<Answer>> {
    const { caller, key, digest } = order;
    await this.#store.query(`DELETE FROM strangler_control.answer WHERE at < clock_timestamp() - ${KEPT}`);
    const ours = await this.#store.query(
      `INSERT INTO strangler_control.answer (caller, key, digest) VALUES ($1, $2, $3)
       ON CONFLICT DO NOTHING RETURNING 1`,
      [caller, key, digest],
    );
    if (ours.length > 0) {
      this.#beat(order);
      return { kind: 'ours' };
    }
    const [known] = await this.#store.query<{ digest: string; answer: Answer | null; silent_ms: number }>(
      `SELECT digest, answer, (extract(epoch FROM clock_timestamp() - alive_at) * 1000)::float8 AS silent_ms
       FROM strangler_control.answer WHERE caller = $1 AND key = $2`,
      [caller, key],
    );
    // It was released at this moment: whoever asks again may have it.
    if (!known) return { kind: 'running' };
    if (known.digest !== digest) return { kind: 'other order' };
    if (known.answer !== null) return { kind: 'answered', answer: known.answer };
    return { kind: known.silent_ms > this.#silentMs ? 'lost' : 'running' };
  }

  async keep(order: OrderKey, answer: Answer): Promise<void> {
    this.#stopBeating(order);
    await this.#store.query(
      'UPDATE strangler_control.answer SET answer = $3 WHERE caller = $1 AND key = $2',
      [order.caller, order.key, JSON.stringify(answer)],
    );
  }

  async release(order: OrderKey): Promise<void> {
    this.#stopBeating(order);
    await this.#store.query(
      'DELETE FROM strangler_control.answer WHERE caller = $1 AND key = $2 AND answer IS NULL',
      [order.caller, order.key],
    );
  }

  close(): void {
    for (const beat of this.#beats.values()) clearInterval(beat);
    this.#beats.clear();
  }

  #beat(order: OrderKey): void {
    const say = (): void =>
      void this.#store
        .query(
          'UPDATE strangler_control.answer SET alive_at = clock_timestamp() WHERE caller = $1 AND key = $2',
          [order.caller, order.key],
        )
        .catch(() => undefined);
    this.#beats.set(nameOf(order), setInterval(say, Math.min(BEAT_MS, this.#silentMs / 4)).unref());
  }

  #stopBeating(order: OrderKey): void {
    clearInterval(this.#beats.get(nameOf(order)));
    this.#beats.delete(nameOf(order));
  }
}

const nameOf = ({ caller, key }: OrderKey): string => JSON.stringify([caller, key]);
