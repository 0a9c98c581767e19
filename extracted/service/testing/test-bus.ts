import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { type Channel, type ChannelModel, connect, type ConfirmChannel } from 'amqplib';
import { type TestBroker, testBroker } from '../../../migrations/testing/broker.ts';
import { deadOf, exchangeOf, queueOf } from '../events/broker.ts';
import type { ShopEvent } from '../events/event.ts';
import { type ServiceName, SUBSCRIPTIONS } from '../events/subscriptions.ts';
import { faultOf } from './asyncapi.ts';

export { AmqpWire } from '../../../migrations/testing/amqp-wire.ts';

const PATIENCE_MS = 60_000;

export interface Dead {
  reason: string;
  content: string;
}

/** The shop's part of a real broker, with names of its own, and an ear that holds every event to the document. */
export class TestBus {
  readonly url: string;
  readonly prefix: string;
  /** All that was published, in the order in which the broker took it. */
  readonly events: ShopEvent[] = [];
  /** What asyncapi.yaml does not allow. */
  readonly faults: string[] = [];
  readonly #broker: TestBroker;
  readonly #model: ChannelModel;
  readonly #channel: ConfirmChannel;
  readonly #ear = new EventEmitter();

  private constructor(broker: TestBroker, model: ChannelModel, channel: ConfirmChannel) {
    this.#broker = broker;
    this.#model = model;
    this.#channel = channel;
    this.url = broker.url;
    this.prefix = `shop-${randomBytes(4).toString('hex')}`;
  }

  static async open(): Promise<TestBus> {
    const broker = await testBroker();
    const model = await connect(broker.url);
    const bus = new TestBus(broker, model, await model.createConfirmChannel());
    await bus.#listen();
    return bus;
  }

  /** What a service is told of the bus; `url` is another way to it. */
  env(url = this.url): NodeJS.ProcessEnv {
    return { AMQP_URL: url, AMQP_PREFIX: this.prefix };
  }

  /** Resolves once so many such events were published, with them. */
  async heard(count: number, isSuch: (event: ShopEvent) => boolean = () => true): Promise<ShopEvent[]> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const such = this.events.filter(isSuch);
      if (such.length >= count) return such;
      await once(this.#ear, 'event', { signal });
    }
  }

  /** Publishes what no service did, and waits until the broker has it. */
  async publish(name: string, content: string | object): Promise<void> {
    const bytes = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
    this.#channel.publish(exchangeOf(this.prefix), name, bytes, { persistent: true, appId: 'test' });
    await this.#channel.waitForConfirms();
  }

  /** Takes so many messages out of a service's dead-letter queue. */
  async dead(service: ServiceName, count: number): Promise<Dead[]> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    const found: Dead[] = [];
    while (found.length < count) {
      const message = await this.#channel.get(deadOf(queueOf(this.prefix, service)), { noAck: true });
      if (message) {
        const { reason } = message.properties.headers as { reason: string };
        found.push({ reason, content: message.content.toString() });
      } else if (Date.now() > giveUpAt) throw new Error(`only ${found.length} of ${count} are kept aside`);
    }
    return found;
  }

  /** Puts a message back into a service's queue, as a person does. */
  async putBack(service: ServiceName, { content }: Dead): Promise<void> {
    this.#channel.sendToQueue(queueOf(this.prefix, service), Buffer.from(content), { persistent: true });
    await this.#channel.waitForConfirms();
  }

  async close(): Promise<void> {
    for (const service of Object.keys(SUBSCRIPTIONS)) {
      const queue = queueOf(this.prefix, service);
      await this.#channel.deleteQueue(queue);
      await this.#channel.deleteQueue(deadOf(queue));
    }
    await this.#channel.deleteExchange(exchangeOf(this.prefix));
    await this.#model.close();
    await this.#broker.close();
  }

  async #listen(): Promise<void> {
    const exchange = exchangeOf(this.prefix);
    const channel: Channel = this.#channel;
    await channel.assertExchange(exchange, 'topic', { durable: true });
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, exchange, '#');
    await channel.consume(
      queue,
      (message) => {
        // What a test publishes itself is wrong on purpose.
        if (message === null || message.properties.appId === 'test') return;
        const event = JSON.parse(message.content.toString()) as ShopEvent;
        const fault = faultOf(message.fields.routingKey, event);
        if (fault !== null) this.faults.push(fault);
        this.events.push(event);
        this.#ear.emit('event');
      },
      { noAck: true },
    );
  }
}
