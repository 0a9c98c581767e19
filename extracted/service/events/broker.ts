import { setTimeout as pause } from 'node:timers/promises';
import { type Channel, type ChannelModel, connect, type ConfirmChannel } from 'amqplib';
import { type ServiceName, SUBSCRIPTIONS } from './subscriptions.ts';

const CONNECT_MS = 5000;
const GOODBYE_MS = 1000;
const HEARTBEAT_SECONDS = 10;
const RESOURCE_LOCKED = 405;
/** A message that came back so often (its consumer died of it each time) is kept aside by the broker itself. */
const RETURNS = 100;

/** Where the events are, and how the names of all that belongs to the shop there begin. */
export interface BusSettings {
  url: string;
  prefix: string;
}

export const exchangeOf = (prefix: string): string => `${prefix}.events`;
export const queueOf = (prefix: string, service: string): string => `${prefix}.${service}`;
export const deadOf = (queue: string): string => `${queue}.dead`;

/** AMQP_URL and AMQP_PREFIX; null when the services have no broker. */
export function busFromEnvironment(): BusSettings | null {
  const { AMQP_URL: url, AMQP_PREFIX: prefix = 'shop' } = process.env;
  if (!url) return null;
  if (!/^amqps?:\/\/\S+$/.test(url) || !URL.canParse(url)) {
    throw new Error('AMQP_URL is not the URL of a broker: amqp://user:password@host:port/vhost');
  }
  return { url, prefix };
}

/** One connection; whatever breaks it, or a channel of it, breaks all of it. */
export class Link {
  /** Never fulfilled; rejected when the connection is of no use any more. */
  readonly broken: Promise<never>;
  readonly #model: ChannelModel;
  #break: (why: Error) => void = () => undefined;

  private constructor(model: ChannelModel) {
    this.#model = model;
    this.broken = new Promise((_, reject) => (this.#break = reject));
    this.broken.catch(() => undefined);
    model.on('error', (error: Error) => this.#break(error));
    model.on('close', () => this.#break(new Error('the broker closed the connection')));
    model.on('blocked', (reason) => this.#break(new Error(`the broker takes no messages now (${reason})`)));
  }

  static async open(url: string, name: string): Promise<Link> {
    const asked = new URL(url);
    asked.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
    const clientProperties = { connection_name: name };
    return new Link(await connect(asked.href, { timeout: CONNECT_MS, noDelay: true, clientProperties }));
  }

  async channel(): Promise<ConfirmChannel> {
    const channel = await this.#model.createConfirmChannel();
    channel.on('error', (error: Error) => this.#break(error));
    channel.on('close', () => setImmediate(() => this.#break(new Error('a channel was closed'))));
    return channel;
  }

  /** The exchange, and the queue of every service beside that for what it could not take. */
  async declare(prefix: string): Promise<void> {
    const channel = await this.channel();
    const exchange = exchangeOf(prefix);
    await channel.assertExchange(exchange, 'topic', { durable: true });
    for (const [service, names] of Object.entries(SUBSCRIPTIONS)) {
      const queue = queueOf(prefix, service);
      await channel.assertQueue(deadOf(queue), { arguments: { 'x-queue-type': 'quorum' } });
      await channel.assertQueue(queue, { arguments: queueArguments(queue) });
      for (const name of names) await channel.bindQueue(queue, exchange, name);
    }
  }

  /**
   * Takes the turn to publish a service's events, for as long as the link lasts: two that publish at once would mix up
   * their order. False while another process has it.
   */
  async takeTurn(prefix: string, service: ServiceName): Promise<boolean> {
    const channel: Channel = await this.#model.createChannel();
    channel.on('error', () => undefined);
    try {
      await channel.assertQueue(`${queueOf(prefix, service)}.turn`, { exclusive: true, durable: false });
      return true;
    } catch (error) {
      if ((error as { code?: number }).code === RESOURCE_LOCKED) return false;
      throw error;
    }
  }

  /** Never throws, and ends also when the other end is silent. */
  async close(): Promise<void> {
    const goodbye = this.#model.close().catch(() => undefined);
    await Promise.race([goodbye, pause(GOODBYE_MS, undefined, { ref: false })]);
  }
}

const queueArguments = (queue: string): object => ({
  'x-queue-type': 'quorum',
  // One process at a time, so that the events of a subject are taken in their order.
  'x-single-active-consumer': true,
  'x-delivery-limit': RETURNS,
  'x-dead-letter-exchange': '',
  'x-dead-letter-routing-key': deadOf(queue),
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
});
