import type { ShopClient } from './shop-client.ts';
import type { Tally } from './tally.ts';

export interface Request {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: object;
  /** The one status that is right. */
  expect: number;
}

/** Asks the shop and judges each answer. */
export class Customer {
  readonly tally: Tally;
  readonly #client: ShopClient;

  constructor(client: ShopClient, tally: Tally) {
    this.#client = client;
    this.tally = tally;
  }

  /** The body of a right answer, `{}` where it has none; null when the request failed. */
  async ask({ method, path, body, expect }: Request): Promise<object | null> {
    this.tally.sent += 1;
    const line = `${method} ${path}`;
    try {
      const answer = await this.#client.ask(method, path, body);
      if (answer.status === expect) return answer.body ?? {};
      this.tally.failed(line, `${answer.status} instead of ${expect}: ${JSON.stringify(answer.body)}`);
    } catch (error) {
      this.tally.failed(line, error instanceof Error ? error.message : String(error));
    }
    return null;
  }

  read(path: string): Promise<object | null> {
    return this.ask({ method: 'GET', path, expect: 200 });
  }

  /** A write to the catalog: these are timed. */
  async write(request: Request): Promise<object | null> {
    const from = Date.now();
    const body = await this.ask(request);
    if (body !== null) this.tally.wrote(from, Date.now());
    return body;
  }

  /** Comes back as somebody new. */
  forget(): void {
    this.#client.forget();
  }
}

/** Something that a person does, and how often compared to the others. */
export interface Habit {
  weight: number;
  run: () => Promise<unknown>;
}

/** Does one thing, chosen by chance. */
export async function doOne(habits: readonly Habit[], random: () => number): Promise<void> {
  const all = habits.reduce((sum, { weight }) => sum + weight, 0);
  let left = random() * all;
  for (const { weight, run } of habits) {
    left -= weight;
    if (left >= 0) continue;
    await run();
    return;
  }
}

/** One of a list, by chance. */
export function pick<T>(list: readonly T[], random: () => number): T {
  const one = list[Math.floor(random() * list.length)];
  if (one === undefined) throw new Error('there is nothing left to choose from');
  return one;
}
