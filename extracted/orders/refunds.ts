import type { DataSource, EntityManager } from 'typeorm';
import type { Logger } from '../service/log.ts';
import { type Places } from '../service/places.ts';
import { inRounds } from '../service/rounds.ts';

const ROUND_MS = 500;
const ATTEMPT_MS = 2000;
const AT_ONCE = 20;

/**
 * Refunds that follow from a cancellation. What is owed is written down in the transaction of the cancellation and
 * struck out once payments has confirmed it: neither a crash nor a payments service that is away forgets one.
 */
export class Refunds {
  readonly #database: DataSource;
  readonly #payments: Places;
  readonly #log: Logger;

  constructor(database: DataSource, payments: Places, log: Logger) {
    this.#database = database;
    this.#payments = payments;
    this.#log = log;
  }

  async owe(manager: EntityManager, orderId: number): Promise<void> {
    await manager.query('INSERT INTO refund_due (order_id) VALUES ($1) ON CONFLICT DO NOTHING', [orderId]);
  }

  /** Usually it is done before the client has its answer; if not, it will be. */
  async tryNow(orderId: number): Promise<void> {
    const step = { method: 'POST', path: '/internal/refunds', body: { orderId } } as const;
    try {
      await this.#payments.ask(step, Date.now() + ATTEMPT_MS);
      await this.#database.query('DELETE FROM refund_due WHERE order_id = $1', [orderId]);
    } catch (error) {
      this.#log.warn(
        { orderId, why: error instanceof Error ? error.message : String(error) },
        'refund is due',
      );
    }
  }

  /** Looks for what is owed until it is ended. */
  start(): () => Promise<void> {
    return inRounds(async () => {
      for (const orderId of await this.#due().catch(() => [])) await this.tryNow(orderId);
    }, ROUND_MS);
  }

  async #due(): Promise<number[]> {
    const rows = await this.#database.query<{ order_id: number }[]>(
      `SELECT order_id FROM refund_due WHERE since < now() - interval '3 seconds' ORDER BY since LIMIT ${AT_ONCE}`,
    );
    return rows.map((row) => row.order_id);
  }
}
