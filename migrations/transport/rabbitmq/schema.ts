import { z } from 'zod';

/** More queues than this only cost: one migration's follower takes one writer at a time. */
export const MOST_PARTITIONS = 32;

const shortName = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,80}$/, 'is not a name (letters, digits, dots, - and _, at most 80)');

const rabbitmqSchema = z
  .strictObject({
    url: z
      .string()
      .regex(/^amqps?:\/\/\S+$/, 'is not the URL of a broker (amqp://user:password@host:port/vhost)')
      .describe('The broker. Write secrets as ${NAME}: they are taken from the environment.'),
    prefix: shortName.default('strangler').describe('How the names of its queues and its exchange begin.'),
    partitions: z
      .int()
      .min(1)
      .max(MOST_PARTITIONS)
      .default(4)
      .describe('Queues of each migration; the changes of one key are all in one of them.'),
    prefetch: z
      .int()
      .min(1)
      .max(2000)
      .default(20)
      .describe(
        'Messages of each queue (of up to 100 changes each) that are on their way or being applied at most.',
      ),
    events: shortName
      .optional()
      .describe('A topic exchange that gets a copy of each change for others (docs/changes-on-a-bus.md).'),
  })
  .describe('Through queues of a RabbitMQ (3.10 or later).');

export type RabbitmqSettings = z.infer<typeof rabbitmqSchema>;

/** How changes travel between the databases. */
export const transportSchema = z
  .union([
    z.literal('direct').describe('From database to database, with nothing between.'),
    z.strictObject({ rabbitmq: rabbitmqSchema }),
  ])
  .describe('How changes get from the owner to the follower: `direct` unless this says otherwise.');

export type TransportSettings = z.infer<typeof transportSchema>;
