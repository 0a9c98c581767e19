import { crc32 } from 'node:zlib';
import type { ConfirmChannel } from 'amqplib';
import type { Change } from '../../databases/database.ts';
import { Bell } from './bell.ts';
import type { Link } from './connect.ts';
import { DeliveryError } from './errors.ts';
import type { Origin } from './event.ts';
import { BATCH_CONTENT_TYPE, CONTENT_TYPE, encodeChange, partitionKeyOf } from './event.ts';
import type { Names } from './topology.ts';

/** Messages that may be on their way to the broker without its word that it has them. */
const WINDOW = 100;
/** No word at all for so long: less than a transaction on the owner's side may stand still. */
const CONFIRM_MS = 4000;

/** Changes in one message at most, and their bytes, but for a change that is larger alone. */
const MOST_CHANGES = 100;
const MOST_BYTES = 256 * 1024;

/** The places of a message's changes among all of the run, with commas; a header, so that events are the same for all. */
export const ORDER_HEADER = 'order';
export const HELLO = 'hello';

/** Copies for others that may be without the broker's word; more are left out, so that the sync never waits for them. */
const MOST_COPIES = 20_000;

interface Batch {
  queue: string;
  events: string[];
  places: number[];
  /** Of the events, in characters. */
  length: number;
}

/**
 * Puts changes on the bus, numbered in the order of the owner: each into the queue of its key, and a copy to others.
 * The broker's word is asked for each, and a message that no queue took breaks the link.
 */
export class Publisher {
  /** Copies that a queue of somebody else refused, or that were left out because nobody confirmed those before. */
  missedCopies = 0;
  private readonly link: Link;
  private readonly names: Names;
  private readonly run: string;
  private readonly channel: ConfirmChannel;
  private readonly copies: ConfirmChannel | null;
  private readonly confirmed = new Bell();
  private unconfirmed = 0;
  private openCopies = 0;
  private heardAt = performance.now();

  private constructor(
    link: Link,
    names: Names,
    run: string,
    channel: ConfirmChannel,
    copies: ConfirmChannel | null,
  ) {
    this.link = link;
    this.names = names;
    this.run = run;
    this.channel = channel;
    this.copies = copies;
    channel.on('return', ({ fields }) =>
      link.break(new DeliveryError(link.where, `queue "${fields.routingKey}" is not there any more`)),
    );
  }

  /** @param run marks all messages of this publisher */
  static async open(link: Link, names: Names, run: string): Promise<Publisher> {
    const channel = await link.confirmChannel();
    const copies = names.events === null ? null : await link.confirmChannel();
    return new Publisher(link, names, run, channel, copies);
  }

  /** A first message through each queue: what follows it is of this run. */
  async hello(signal: AbortSignal): Promise<void> {
    for (const queue of this.names.queues) this.send(queue, Buffer.alloc(0), { type: HELLO });
    await this.drain(0, signal);
  }

  /**
   * Publishes changes; waits while too many messages are without the broker's word.
   *
   * @param after the place of the change before the first of these among all of this run
   * @throws DeliveryError when the broker has been silent for too long
   */
  async publish(
    origin: Origin,
    changes: readonly Change[],
    after: number,
    signal: AbortSignal,
  ): Promise<void> {
    const readAt = new Date().toISOString();
    const full: Batch[] = [];
    const open = new Map<string, Batch>();
    changes.forEach((change, i) => {
      const event = encodeChange(origin, change, readAt);
      this.copy(`${origin.migration}.${change.table}.${change.op}`, event);
      const queue = this.queueOf(change);
      const batch = open.get(queue) ?? { queue, events: [], places: [], length: 0 };
      batch.events.push(event);
      batch.places.push(after + 1 + i);
      batch.length += event.length;
      const isFull = batch.events.length === MOST_CHANGES || batch.length >= MOST_BYTES;
      if (isFull) full.push(batch);
      if (isFull) open.delete(queue);
      else open.set(queue, batch);
    });
    for (const { queue, events, places } of [...full, ...open.values()]) {
      const headers = { [ORDER_HEADER]: places.join() };
      this.send(queue, Buffer.from(`[${events.join()}]`), { contentType: BATCH_CONTENT_TYPE, headers });
      if (this.unconfirmed >= WINDOW) await this.drain(WINDOW / 2, signal);
    }
  }

  /** Keeps a message that is no change, with the reason; its word is waited for. */
  async keepUnreadable(content: Buffer, from: string, reason: string, signal: AbortSignal): Promise<void> {
    this.unconfirmed += 1;
    const options = { persistent: true, mandatory: true, headers: { queue: from, reason } };
    this.channel.publish('', this.names.unreadable, content, options, this.hear);
    await this.drain(0, signal);
  }

  private queueOf(change: Change): string {
    const { queues } = this.names;
    return queues[crc32(partitionKeyOf(change)) % queues.length] ?? '';
  }

  private send(queue: string, content: Buffer, properties: object): void {
    if (this.unconfirmed === 0) this.heardAt = performance.now();
    this.unconfirmed += 1;
    const options = { persistent: true, mandatory: true, correlationId: this.run, ...properties };
    this.channel.publish(this.names.exchange, queue, content, options, this.hear);
  }

  private copy(routingKey: string, event: string): void {
    if (this.names.events === null || !this.copies) return;
    if (this.openCopies >= MOST_COPIES) {
      this.missedCopies += 1;
      return;
    }
    this.openCopies += 1;
    const options = { persistent: true, contentType: CONTENT_TYPE };
    this.copies.publish(this.names.events, routingKey, Buffer.from(event), options, (error: unknown) => {
      this.openCopies -= 1;
      if (error) this.missedCopies += 1;
    });
  }

  private readonly hear = (error: unknown): void => {
    this.unconfirmed -= 1;
    this.heardAt = performance.now();
    // A closed channel says so of each message; the link is broken by then, with the reason.
    if (error) this.link.break(new DeliveryError(this.link.where, 'it refused a change; see its log'));
    this.confirmed.ring();
  };

  /** Waits until at most `left` messages are without the broker's word. */
  private async drain(left: number, signal: AbortSignal): Promise<void> {
    while (this.unconfirmed > left && !signal.aborted) {
      await this.confirmed.wait(CONFIRM_MS, signal);
      if (performance.now() - this.heardAt >= CONFIRM_MS)
        throw new DeliveryError(this.link.where, `it confirmed none of ${this.unconfirmed} messages for 4 s`);
    }
  }
}
