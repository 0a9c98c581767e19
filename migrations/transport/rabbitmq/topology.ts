import type { Channel } from 'amqplib';
import type { Link } from './connect.ts';
import { TopologyError, wordsOf } from './errors.ts';
import type { RabbitmqSettings } from './schema.ts';
import { MOST_PARTITIONS } from './schema.ts';

/** Queues that nobody used for so long go by themselves: those of a process that never came back, say. */
const EXPIRES_MS = 24 * 60 * 60 * 1000;
/** The unreadable messages that are kept at most. */
const MOST_UNREADABLE = 10_000;
/** Epochs before this one whose queues are looked for; those of older ones expire. */
const EPOCHS_BACK = 4;

/** Names of everything that one stream has at the broker. */
export interface Names {
  exchange: string;
  /** One for each partition, in their order. */
  queues: readonly string[];
  /** Whoever could declare it has the turn to carry the stream. */
  turn: string;
  /** Where messages go that are no changes. One for all epochs of the migration. */
  unreadable: string;
  /** Copies for others; null when nobody asked for them. */
  events: string | null;
}

export function namesOf(settings: RabbitmqSettings, migration: string, epoch: bigint): Names {
  const { prefix, partitions, events } = settings;
  const stream = `${prefix}.${migration}.e${epoch}`;
  return {
    exchange: `${prefix}.changes`,
    queues: Array.from({ length: partitions }, (_, i) => `${stream}.p${i}`),
    turn: `${stream}.turn`,
    unreadable: `${prefix}.${migration}.unreadable`,
    events: events ?? null,
  };
}

/**
 * Declares what a stream needs. What is there already as it should be is left alone.
 *
 * @throws TopologyError naming what is there and differs, or what the user may not do
 */
export async function declare(link: Link, names: Names): Promise<void> {
  await refusable(link, `exchange "${names.exchange}"`, (channel) =>
    channel.assertExchange(names.exchange, 'direct', { durable: true }),
  );
  if (names.events !== null) {
    const events = names.events;
    await refusable(link, `exchange "${events}"`, (channel) =>
      channel.assertExchange(events, 'topic', { durable: true }),
    );
  }
  await refusable(link, `queue "${names.unreadable}"`, (channel) =>
    channel.assertQueue(names.unreadable, {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-max-length': MOST_UNREADABLE },
    }),
  );
  for (const queue of names.queues) {
    await refusable(link, `queue "${queue}"`, async (channel) => {
      await channel.assertQueue(queue, {
        durable: true,
        arguments: {
          'x-queue-type': 'quorum',
          'x-single-active-consumer': true,
          'x-expires': EXPIRES_MS,
        },
      });
      await channel.bindQueue(queue, names.exchange, queue);
    });
  }
}

/** Takes the turn for the stream: it lasts as long as the link. False when somebody else has it. */
export async function takeTurn(link: Link, names: Names): Promise<boolean> {
  try {
    const options = { exclusive: true, autoDelete: true, durable: false };
    await link.apart((channel) => channel.assertQueue(names.turn, options));
    return true;
  } catch (error) {
    if (codeOf(error) === RESOURCE_LOCKED) return false;
    throw explained(link, `queue "${names.turn}"`, error);
  }
}

/** Empties the queues of a stream: whatever an earlier run left in them is published again. */
export async function empty(link: Link, names: Names): Promise<void> {
  const channel = await link.channel();
  await Promise.all(names.queues.map((queue) => channel.purgeQueue(queue)));
}

/** Deletes the queues of the epochs before this one: whoever carried those is refused by the databases. */
export async function deletePast(
  link: Link,
  settings: RabbitmqSettings,
  migration: string,
  epoch: bigint,
): Promise<void> {
  for (let back = 1n; back <= EPOCHS_BACK && back <= epoch; back += 1n) {
    await deleteQueues(link, settings, migration, epoch - back);
  }
}

/**
 * Deletes the queues of one epoch, whatever the number of partitions was. Nothing is lost: a change leaves the
 * owner's database only when it is applied.
 */
export async function deleteQueues(
  link: Link,
  settings: RabbitmqSettings,
  migration: string,
  epoch: bigint,
): Promise<void> {
  const { queues } = namesOf({ ...settings, partitions: MOST_PARTITIONS }, migration, epoch);
  try {
    await link.apart((channel) => Promise.all(queues.map((queue) => channel.deleteQueue(queue))));
  } catch {
    // Without the right to delete them they expire.
  }
}

/** Deletes the queue for what was unreadable, unless something is in it: that is for a person to see. */
export async function deleteUnreadable(link: Link, names: Names): Promise<void> {
  try {
    await link.apart(async (channel) => {
      const { messageCount } = await channel.checkQueue(names.unreadable);
      if (messageCount === 0) await channel.deleteQueue(names.unreadable);
    });
  } catch {
    // It is gone already.
  }
}

const ACCESS_REFUSED = 403;
const RESOURCE_LOCKED = 405;
const PRECONDITION_FAILED = 406;

async function refusable(
  link: Link,
  what: string,
  work: (channel: Channel) => Promise<unknown>,
): Promise<void> {
  try {
    await link.apart(work);
  } catch (error) {
    throw explained(link, what, error);
  }
}

function explained(link: Link, what: string, error: unknown): TopologyError {
  const advice: Record<number, string> = {
    [ACCESS_REFUSED]: 'give the user the rights to configure, write and read all that begins with the prefix',
    [PRECONDITION_FAILED]:
      'it exists and is another kind; delete it (what is in it is sent again) or choose another transport.rabbitmq.prefix',
  };
  const known = advice[codeOf(error) ?? 0];
  return new TopologyError(link.where, `${what}: ${wordsOf(error)}${known ? `; ${known}` : ''}`, error);
}

const codeOf = (error: unknown): number | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : null;
