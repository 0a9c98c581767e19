import { randomBytes } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from 'amqplib';
import { AmqpWire } from '../../migrations/testing/amqp-wire.ts';
import type { TestBroker } from '../../migrations/testing/broker.ts';
import { testBroker } from '../../migrations/testing/broker.ts';
import { AcknowledgedWrites } from '../testing/acknowledged-writes.ts';
import { RunningShop } from '../testing/running-shop.ts';

let broker: TestBroker;
let wire: AmqpWire;
let shop: RunningShop;
let writes: AcknowledgedWrites;
const prefix = `t-${randomBytes(4).toString('hex')}`;

beforeEach(async () => {
  broker = await testBroker();
  wire = await AmqpWire.to(broker.url);
  shop = await RunningShop.start(2000);
  await appendFile(
    await shop.ownConfig(),
    `\ntransport:\n  rabbitmq: { url: '${wire.url}', prefix: ${prefix}, partitions: 2 }\n`,
  );
  await shop.up();
  writes = new AcknowledgedWrites(shop);
  await writes.more(5);
}, 120_000);
afterEach(async () => {
  await writes.stop();
  await shop.close();
  await wire.close();
  const connection = await connect(broker.url);
  const channel = await connection.createChannel();
  for (const epoch of [0, 1, 2, 3]) {
    for (const partition of [0, 1]) await channel.deleteQueue(`${prefix}.catalog.e${epoch}.p${partition}`);
  }
  await channel.deleteQueue(`${prefix}.catalog.unreadable`);
  await channel.deleteExchange(`${prefix}.changes`);
  await connection.close();
  await broker.close();
}, 60_000);

async function expectNothingLost(): Promise<void> {
  await writes.more(20);
  await writes.stop();
  await shop.caughtUp();
  expect(await writes.faults()).toEqual([]);
  expect(await shop.strangler('verify', 'catalog', '-o', 'json')).toMatchObject({ code: 0 });
  expect((await shop.status()).sync?.parked).toBe(0);
}

describe('kill -9 of the sync process over a bus', () => {
  it('after it applied changes and before the broker has its word: they come again, and nothing is doubled', async () => {
    await shop.move('sync', 'catalog');
    for (let i = 0; i < 2; i++) {
      const applied = wire.holdAt('acknowledge');
      await writes.more(10);
      await applied;
      await shop.killPart('sync');
      wire.release();
    }
    await expectNothingLost();
  }, 180_000);

  it('after it published changes and before they came back', async () => {
    await shop.move('sync', 'catalog');
    const published = wire.holdAt('deliver');
    await writes.more(10);
    await published;
    await shop.killPart('sync');
    wire.release();
    await expectNothingLost();
  }, 180_000);
});
