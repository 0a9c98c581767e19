import type { Channel, ConsumeMessage } from 'amqplib';
import type { Change } from '../../databases/database.ts';
import { Bell } from './bell.ts';
import type { Link } from './connect.ts';
import { DeliveryError, wordsOf } from './errors.ts';
import { decodeChanges, UnreadableMessageError } from './event.ts';
import { HELLO, ORDER_HEADER } from './publish.ts';
import type { Names } from './topology.ts';

interface Arrived {
  change: Change;
  partition: Partition;
  /** Number of the message that it ends; null when more of that message comes behind it. */
  tag: number | null;
}

export interface Unreadable {
  content: Buffer;
  queue: string;
  reason: string;
  /** It stands in the place of a change of this run. */
  isOurs: boolean;
  acknowledge(): void;
}

interface Partition {
  queue: string;
  channel: Channel;
  /** The first message of this run came: from here on, there are no others. */
  isOpen: boolean;
}

/**
 * Takes messages from all queues of a stream and puts them into the order in which they were published, across the
 * queues: a parent comes before its child, though each has a queue of its own. What is missing in that order has not
 * come yet, or is lost; nothing behind it is given out. Its memory is bounded by the prefetch of the queues.
 */
export class Inbox {
  /** Place of the last change that was given out. */
  taken = 0;
  /** Place of the last change that has come with all before it. */
  reach = 0;
  readonly news = new Bell();
  readonly unreadable: Unreadable[] = [];
  private readonly link: Link;
  private readonly run: string;
  private readonly partitions: Partition[] = [];
  private readonly arrived = new Map<number, Arrived>();

  private constructor(link: Link, run: string) {
    this.link = link;
    this.run = run;
  }

  /** A channel for each queue: so everything up to a message is acknowledged at once. */
  static async open(link: Link, names: Names, run: string, prefetch: number): Promise<Inbox> {
    const inbox = new Inbox(link, run);
    for (const queue of names.queues) {
      const partition = { queue, channel: await link.channel(), isOpen: false };
      inbox.partitions.push(partition);
      await partition.channel.prefetch(prefetch);
      await partition.channel.consume(queue, (message) => inbox.accept(partition, message));
    }
    return inbox;
  }

  /** Whether the first message of this run came through every queue. */
  get isOpen(): boolean {
    return this.partitions.every(({ isOpen }) => isOpen);
  }

  /**
   * The next changes up to a place that is within reach, and how to acknowledge them once they are applied. Nothing
   * unreadable may be waiting: it would be acknowledged with them.
   */
  take(upTo: number): { changes: Change[]; acknowledge: () => void } {
    const changes: Change[] = [];
    const last = new Map<Partition, number>();
    while (this.taken < upTo) {
      const next = this.arrived.get(this.taken + 1);
      if (!next) break;
      this.taken += 1;
      this.arrived.delete(this.taken);
      changes.push(next.change);
      if (next.tag !== null) last.set(next.partition, next.tag);
    }
    const acknowledge = (): void => {
      for (const [{ channel }, deliveryTag] of last) channel.ack(asMessage(deliveryTag), true);
    };
    return { changes, acknowledge };
  }

  private accept(partition: Partition, message: ConsumeMessage | null): void {
    if (!message) {
      this.link.break(new DeliveryError(this.link.where, `queue "${partition.queue}" was deleted`));
      return;
    }
    const { headers } = message.properties;
    const type: unknown = message.properties.type;
    const correlationId: unknown = message.properties.correlationId;
    if (correlationId === undefined) this.refuse(partition, message, 'it is of somebody else', false);
    else if (correlationId !== this.run) this.dropOrBreak(partition, message);
    else if (type === HELLO) {
      partition.isOpen = true;
      partition.channel.ack(message);
    } else this.keep(partition, message, String(headers?.[ORDER_HEADER]).split(',').map(Number));
    this.news.ring();
  }

  private keep(partition: Partition, message: ConsumeMessage, places: readonly number[]): void {
    try {
      const changes = decodeChanges(message.content);
      if (changes.length !== places.length)
        throw new UnreadableMessageError('its places in the order are missing');
      changes.forEach((change, i) => {
        const tag = i === changes.length - 1 ? message.fields.deliveryTag : null;
        this.arrived.set(places[i] ?? 0, { change, partition, tag });
      });
      while (this.arrived.has(this.reach + 1)) this.reach += 1;
    } catch (error) {
      this.refuse(partition, message, wordsOf(error), true);
    }
  }

  private dropOrBreak(partition: Partition, message: ConsumeMessage): void {
    if (partition.isOpen) {
      const words = `somebody else publishes into queue "${partition.queue}" too; one of both will go on`;
      this.link.break(new DeliveryError(this.link.where, words));
      return;
    }
    // Of an earlier run: whatever it says is published again by this one.
    partition.channel.ack(message);
  }

  private refuse(
    { queue, channel }: Partition,
    message: ConsumeMessage,
    reason: string,
    isOurs: boolean,
  ): void {
    const acknowledge = (): void => channel.ack(message);
    this.unreadable.push({ content: message.content, queue, reason, isOurs, acknowledge });
  }
}

/** An acknowledgement needs nothing of a message but its number. */
const asMessage = (deliveryTag: number): ConsumeMessage =>
  ({ fields: { deliveryTag } }) as unknown as ConsumeMessage;
