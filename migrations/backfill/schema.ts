import { z } from 'zod';

/** How hard the copy of existing rows may press on both databases. */
export const backfillSchema = z
  .strictObject({
    maxLagSeconds: z
      .number()
      .positive()
      .default(2)
      .describe('Live changes come first: the copy rests while they are further behind than this.'),
    maxRowsPerSecond: z
      .int()
      .positive()
      .optional()
      .describe('No more rows than this. Without it: all it can.'),
    maxSlowdown: z
      .number()
      .gt(1)
      .default(4)
      .describe(
        'The copy halves its pace while the owner answers so many times slower than it usually does.',
      ),
  })
  .describe('How hard the copy of existing rows may press on both databases.');

export type BackfillSettings = z.infer<typeof backfillSchema>;
