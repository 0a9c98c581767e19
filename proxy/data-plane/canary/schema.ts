import { z } from 'zod';

/** How a client is kept on its side while a share of reads goes to the service. */
export const canarySchema = z
  .strictObject({
    cookie: z
      .string()
      .regex(/^[A-Za-z0-9_-]+$/)
      .default('strangler_arm')
      .describe('Name of the cookie that keeps a client on its side. It holds a random id and nothing else.'),
    maxAgeSeconds: z
      .int()
      .positive()
      .default(30 * 24 * 3600)
      .describe('How long a browser keeps that cookie.'),
    readYourWritesMs: z
      .int()
      .nonnegative()
      .default(5000)
      .describe('For this long after a write, the reads of the same client go to the owner. 0 turns it off.'),
  })
  .describe('Stickiness of the canary stage.');

export type CanarySettings = z.infer<typeof canarySchema>;
