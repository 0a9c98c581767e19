import { z } from 'zod';

const ignoreRule = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe(
      'JSON pointer, `*` for any element (`/items/*/updatedAt`), or a bare field name for any depth.',
    ),
  reason: z.string().min(1).describe('Why a difference here means nothing.'),
});

/** How answers are compared before the service gives any. */
export const shadowSchema = z
  .strictObject({
    sample: z.number().min(0).max(100).default(10).describe('Share of reads that are compared, in percent.'),
    maxPending: z
      .int()
      .positive()
      .default(100)
      .describe('Most comparisons that wait or run; more are dropped, counted.'),
    maxBodyBytes: z
      .int()
      .positive()
      .default(256 * 1024)
      .describe('Bodies above this are not compared, but counted.'),
    ignore: z
      .array(ignoreRule)
      .default([])
      .describe('Fields whose differences are not counted, each with its reason.'),
  })
  .describe('Compares what both sides say to the same read, after the client has its answer.');

export type ShadowSettings = z.infer<typeof shadowSchema>;
