import { setTimeout as pause } from 'node:timers/promises';
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { DataSource } from 'typeorm';
import { isDatabaseAway } from '../http/database-refusal.ts';
import { deadOf, type Link } from './broker.ts';
import { decode, nameOf, type ShopEvent, UnreadableEventError } from './event.ts';
import { take } from './inbox.ts';
import type { Taker } from './subscriptions.ts';

const PREFETCH = 50;
/** An event that fails so often, for another reason than a database that is away, is kept aside. */
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 50;
const AWAY_PAUSE_MS = 250;

export type Taken = 'taken' | 'duplicate' | 'dead';

/** Takes a queue's events: those of one subject in their order, those of different ones side by side. */
export class Consumer {
  readonly #database: DataSource;
  readonly #channel: ConfirmChannel;
  readonly #queue: string;
  readonly #takers: Readonly<Record<string, Taker>>;
  readonly #heard: (what: Taken, reason?: string) => void;
  readonly #signal: AbortSignal;
  readonly #bySubject = new Map<string, Promise<void>>();
  #tag = '';

  private constructor(
    { database, queue, takers, heard }: Consuming,
    channel: ConfirmChannel,
    signal: AbortSignal,
  ) {
    this.#database = database;
    this.#queue = queue;
    this.#takers = takers;
    this.#heard = heard;
    this.#channel = channel;
    this.#signal = signal;
  }

  /** @param signal ends it: what is not begun by then goes back into the queue */
  static async begin(consuming: Consuming, link: Link, signal: AbortSignal): Promise<Consumer> {
    const channel = await link.channel();
    const consumer = new Consumer(consuming, channel, signal);
    await channel.prefetch(PREFETCH);
    const { consumerTag } = await channel.consume(consuming.queue, (message) => consumer.#receive(message));
    consumer.#tag = consumerTag;
    return consumer;
  }

  /** Takes no more, and waits for what is being taken. */
  async end(): Promise<void> {
    try {
      await this.#channel.cancel(this.#tag);
    } catch {
      // The channel is closed already.
    }
    await Promise.all(this.#bySubject.values());
  }

  #receive(message: ConsumeMessage | null): void {
    // The queue was deleted: the next session declares it again.
    if (message === null) return void this.#channel.close().catch(() => undefined);
    const event = readable(message);
    const subject = event instanceof UnreadableEventError ? '' : event.partitionkey;
    const before = this.#bySubject.get(subject) ?? Promise.resolve();
    const done = before.then(() => this.#settle(message, event)).catch(() => undefined);
    this.#bySubject.set(subject, done);
    void done.then(() => this.#bySubject.get(subject) === done && this.#bySubject.delete(subject));
  }

  /** Either takes the event or keeps it aside; only then the broker may forget it. */
  async #settle(message: ConsumeMessage, event: ShopEvent | UnreadableEventError): Promise<void> {
    const outcome = event instanceof UnreadableEventError ? event : await this.#attempt(event);
    if (outcome === null) return;
    if (typeof outcome !== 'string') await this.#keepAside(message, outcome.message);
    this.#channel.ack(message);
    if (typeof outcome === 'string') this.#heard(outcome);
    else this.#heard('dead', outcome.message);
  }

  /** @returns what became of it, why no attempt succeeds, or null when it is ended before that is known */
  async #attempt(event: ShopEvent): Promise<'taken' | 'duplicate' | Error | null> {
    for (let attempt = 1; !this.#signal.aborted;) {
      try {
        return (await this.#take(event)) ? 'taken' : 'duplicate';
      } catch (error) {
        if (isDatabaseAway(error)) {
          await this.#rest(AWAY_PAUSE_MS);
          continue;
        }
        const why = error instanceof Error ? error : new Error(String(error));
        if (why instanceof UnreadableEventError || attempt >= ATTEMPTS) return why;
        await this.#rest(FIRST_PAUSE_MS * 2 ** attempt);
        attempt += 1;
      }
    }
    return null;
  }

  async #take(event: ShopEvent): Promise<boolean> {
    const name = nameOf(event);
    const taker = this.#takers[name];
    if (!taker) throw new UnreadableEventError(`nobody here takes ${name}`);
    return this.#database.transaction(async (manager) => {
      const isNew = await take(manager, event);
      if (isNew) await taker(manager, event.data);
      return isNew;
    });
  }

  async #keepAside(message: ConsumeMessage, reason: string): Promise<void> {
    const { contentType } = message.properties as { contentType?: string };
    const headers = { queue: this.#queue, reason };
    const options = { persistent: true, mandatory: true, headers, ...(contentType ? { contentType } : {}) };
    await new Promise<void>((resolve, reject) => {
      this.#channel.publish('', deadOf(this.#queue), message.content, options, (error: Error | null) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  async #rest(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#signal }).catch(() => undefined);
  }
}

export interface Consuming {
  database: DataSource;
  queue: string;
  takers: Readonly<Record<string, Taker>>;
  /** Told of each event what became of it, and why it was kept aside. */
  heard: (what: Taken, reason?: string) => void;
}

function readable({ content }: ConsumeMessage): ShopEvent | UnreadableEventError {
  try {
    return decode(content);
  } catch (error) {
    if (error instanceof UnreadableEventError) return error;
    throw error;
  }
}
