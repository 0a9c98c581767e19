import { connect } from 'amqplib';
import { testBroker } from '../../migrations/testing/broker.ts';
import { amqpSplitters } from './relay/amqp-frames.ts';
import { Relay } from './relay/relay.ts';

/** A RabbitMQ that others may use too: all names of this run begin with a prefix of its own. */
export interface Broker {
  url: string;
  prefix: string;
  wire(user: string): Promise<Relay>;
}

const EPOCHS = 500;
const PARTITIONS = 4;

/** @param cleanUp takes away what the run left there, queues that hold something too */
export async function openBroker(seed: string, cleanUp: (() => Promise<unknown>)[]): Promise<Broker> {
  const { url, close } = await testBroker();
  const prefix = `torture-${seed.replace(/[^\w-]/g, '-').slice(0, 40)}-${process.pid}`;
  const relays: Relay[] = [];
  cleanUp.push(async () => {
    for (const relay of relays) await relay.close();
    await deleteAll(url, prefix);
    await close();
  });
  return {
    url,
    prefix,
    async wire(user) {
      const relay = await Relay.open(`${user} to the broker`, url, amqpSplitters);
      relays.push(relay);
      return relay;
    },
  };
}

async function deleteAll(url: string, prefix: string): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    for (let i = 0; i < PARTITIONS; i += 1) await channel.deleteQueue(`${prefix}.torture.e${epoch}.p${i}`);
  }
  await channel.deleteQueue(`${prefix}.torture.unreadable`);
  await channel.deleteExchange(`${prefix}.changes`);
  await connection.close();
}
