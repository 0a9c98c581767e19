import { z } from 'zod';

const milliseconds = z.int().positive().max(3_600_000);

/** Time limits towards upstreams. */
export const timeoutsSchema = z
  .strictObject({
    connectMs: milliseconds.default(3000).describe('Limit for opening a connection to an upstream.'),
    firstByteMs: milliseconds
      .default(60_000)
      .describe('Limit from the last byte of the request to the first of the answer.'),
    idleMs: milliseconds
      .default(120_000)
      .describe('Limit for silence in the middle of a request or an answer; also ends quiet event streams.'),
  })
  .describe('Time limits towards upstreams. A limit that is passed before the answer began is a 504.');

/** Where the proxy listens. */
export const listenAddress = z
  .string()
  .regex(
    /^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):\d{1,5}$/,
    'Write an address as "host:port", e.g. "127.0.0.1:8080".',
  );

export type TimeoutSettings = z.infer<typeof timeoutsSchema>;
