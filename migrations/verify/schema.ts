import { z } from 'zod';
import { DURATION, millisecondsOf } from '../lifecycle/duration.ts';

/** The comparison that runs by itself while a migration is in sync. */
export const verifySchema = z
  .strictObject({
    every: z
      .string()
      .regex(new RegExp(`^${DURATION}$`), 'is not a duration like `30s` or `5m`')
      .transform(millisecondsOf)
      .optional()
      .describe('Begin a comparison by itself when the last one is so old. Without it, only when ordered.'),
    maxRowsPerSecond: z
      .int()
      .positive()
      .default(20_000)
      .describe('Rows of both sides that such a comparison looks at.'),
  })
  .describe('The comparison of both sides that runs by itself while a migration is in sync.');

export type VerifySettings = z.infer<typeof verifySchema>;
