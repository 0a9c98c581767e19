import { setTimeout as pause } from 'node:timers/promises';
import type { RunningShop } from './running-shop.ts';

const WRITERS = 4;
/** A pace that leaves a slow machine time for what is tested. */
const REST_MS = 20;
const PATIENCE_MS = 60_000;

/** Writes through the proxy all the time and remembers what was acknowledged: stock adjustments, each once. */
export class AcknowledgedWrites {
  /** References of movements that were answered with 201. */
  readonly acknowledged: string[] = [];
  /** References whose answer was lost or was an error: they may or may not be there. */
  readonly unknown: string[] = [];
  private readonly shop: RunningShop;
  private readonly proxy: string;
  private readonly name: string;
  private readonly writers: Promise<void>[];
  private isRunning = true;
  private lastAnswer = 'none';
  private counted: () => void = () => undefined;

  /** @param proxy where they go; writers at several proxies write different references */
  constructor(shop: RunningShop, proxy = shop.proxyUrl) {
    this.shop = shop;
    this.proxy = proxy;
    this.name = `ledger-${new URL(proxy).port}`;
    this.writers = Array.from({ length: WRITERS }, (_, i) => this.write(i));
  }

  /** Resolves once `count` more writes are acknowledged. */
  async more(count: number): Promise<void> {
    const wanted = this.acknowledged.length + count;
    const giveUpAt = Date.now() + PATIENCE_MS;
    while (this.isRunning && this.acknowledged.length < wanted) {
      await new Promise<void>((resolve) => (this.counted = resolve));
      if (Date.now() > giveUpAt) {
        throw new Error(
          `no writes are acknowledged, the last answer: ${this.lastAnswer}\n${await this.shop.story()}`,
        );
      }
    }
  }

  async stop(): Promise<void> {
    this.isRunning = false;
    await Promise.all(this.writers);
  }

  /** Looks into both databases: which acknowledged writes are missing, doubled, or make the sides differ. */
  async faults(): Promise<string[]> {
    const name = `${this.name}-%`;
    const seen = await Promise.all([
      references(this.shop.monolith, 'SELECT ref_no AS ref FROM stk_mvmt WHERE ref_no LIKE $1', name),
      references(
        this.shop.service,
        'SELECT reference AS ref FROM stock_movement WHERE reference LIKE $1',
        name,
      ),
    ]);
    const allowed = new Set([...this.acknowledged, ...this.unknown]);
    return seen.flatMap((counts, i) => {
      const side = i === 0 ? 'monolith' : 'service';
      return [
        ...this.acknowledged
          .filter((ref) => !counts.has(ref))
          .map((ref) => `${ref} is missing in the ${side}`),
        ...[...counts].filter(([, n]) => n !== 1).map(([ref, n]) => `${ref} is ${n} times in the ${side}`),
        ...[...counts.keys()].filter((ref) => !allowed.has(ref)).map((ref) => `${ref} was never sent`),
      ];
    });
  }

  private async write(writer: number): Promise<void> {
    for (let i = 0; this.isRunning; i++) {
      const reference = `${this.name}-${writer}-${i}`;
      const body = JSON.stringify({ quantity: 1, reason: 'adjustment', reference });
      const headers = { 'content-type': 'application/json' };
      const url = `${this.proxy}/api/products/${1 + ((writer + i * WRITERS) % 100)}/stock-movements`;
      try {
        const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(5000) });
        this.lastAnswer = `${answer.status} ${await answer.text()}`;
        (answer.status === 201 ? this.acknowledged : this.unknown).push(reference);
      } catch (error) {
        this.lastAnswer = String(error);
        this.unknown.push(reference);
      }
      this.counted();
      await pause(REST_MS);
    }
  }
}

async function references(
  client: RunningShop['monolith'],
  sql: string,
  name: string,
): Promise<Map<string, number>> {
  const { rows } = await client.query<{ ref: string }>(sql, [name]);
  const counts = new Map<string, number>();
  for (const { ref } of rows) counts.set(ref, (counts.get(ref) ?? 0) + 1);
  return counts;
}
