import { z } from 'zod';

/** Bounds of the queue of waiting writes. */
export const holdSchema = z
  .strictObject({
    capMs: z
      .int()
      .positive()
      .max(3_600_000)
      .default(2000)
      .describe('Longest time a write waits for a change of owner before it gets 503, in milliseconds.'),
    maxRequests: z
      .int()
      .positive()
      .default(1000)
      .describe('Most writes that wait at the same time; one more gets 503.'),
    maxBytes: z
      .int()
      .positive()
      .default(64 * 1024 * 1024)
      .describe('Most bytes that waiting writes announce by Content-Length together; more gets 503.'),
  })
  .describe('Bounds of the queue in which writes wait while their owner changes.');

export type HoldSettings = z.infer<typeof holdSchema>;
