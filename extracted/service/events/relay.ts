import { setTimeout as pause } from 'node:timers/promises';
import type { ConfirmChannel } from 'amqplib';
import type { DataSource } from 'typeorm';
import { isDatabaseAway } from '../http/database-refusal.ts';
import { type BusSettings, exchangeOf, type Link } from './broker.ts';
import type { OutboxRow } from './entities.ts';
import { CONTENT_TYPE, sequenceOf, type ShopEvent, typeOf } from './event.ts';
import { nextWaiting, strikeOut } from './outbox.ts';
import type { ServiceName } from './subscriptions.ts';

const AT_ONCE = 100;
const ROUND_MS = 50;
const TURN_MS = 500;
const AWAY_PAUSE_MS = 250;
const CONFIRM_MS = 10_000;

/**
 * Publishes what waits in the outbox, in its order, and strikes it out once the broker has confirmed it. Whatever
 * happens between the two, it is published again: at least once, and no event overtakes an older one that is lost.
 *
 * @param published is told how many events the broker has now
 * @throws when the broker refuses an event or does not confirm it in time
 */
export async function relay(
  service: ServiceName,
  database: DataSource,
  link: Link,
  { prefix }: BusSettings,
  signal: AbortSignal,
  published: (events: number) => void,
): Promise<void> {
  const rest = (ms: number) => pause(ms, undefined, { signal }).catch(() => undefined);
  while (!signal.aborted && !(await link.takeTurn(prefix, service))) await rest(TURN_MS);
  const channel = await link.channel();
  while (!signal.aborted) {
    try {
      const rows = await nextWaiting(database, AT_ONCE);
      if (rows.length > 0) {
        await publishAll(channel, exchangeOf(prefix), rows, service);
        await strikeOut(database, rows);
        published(rows.length);
      }
      if (rows.length < AT_ONCE) await rest(ROUND_MS);
    } catch (error) {
      // A database that is away is no reason to give up the turn, nor what the consumer has in hand.
      if (!isDatabaseAway(error)) throw error;
      await rest(AWAY_PAUSE_MS);
    }
  }
}

async function publishAll(
  channel: ConfirmChannel,
  exchange: string,
  rows: OutboxRow[],
  service: ServiceName,
): Promise<void> {
  const options = { persistent: true, contentType: CONTENT_TYPE };
  const confirmed = rows.map(
    (row) =>
      new Promise<void>((resolve, reject) => {
        const content = Buffer.from(JSON.stringify(eventOf(row, service)));
        channel.publish(exchange, row.name, content, options, (error: Error | null) =>
          error ? reject(new Error(`the broker refused the event ${row.id}: ${error.message}`)) : resolve(),
        );
      }),
  );
  const patience = new AbortController();
  const late = pause(CONFIRM_MS, undefined, { signal: patience.signal }).then(() => {
    throw new Error(`the broker did not confirm ${rows.length} events in ${CONFIRM_MS / 1000} s`);
  });
  try {
    await Promise.race([Promise.all(confirmed), late]);
  } finally {
    patience.abort();
    late.catch(() => undefined);
  }
}

const eventOf = (row: OutboxRow, service: ServiceName): ShopEvent => ({
  specversion: '1.0',
  id: row.eventId,
  source: `/shop/${service}`,
  type: typeOf(row.name),
  subject: row.subject,
  time: row.time,
  datacontenttype: 'application/json',
  partitionkey: row.subject,
  sequence: sequenceOf(row.id),
  data: row.data,
});
