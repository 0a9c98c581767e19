import { z } from 'zod';
import { problemOfIgnoring, problemOfPath } from './rules.ts';

const textWithout = (problemOf: (text: string) => string | null) =>
  z.string().superRefine((text, context) => {
    const problem = problemOf(text);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });
const jsonPath = textWithout(problemOfPath);

const ignoreRule = z.strictObject({
  path: textWithout(problemOfIgnoring).describe(
    'JSONPath (RFC 9535) of what is left out: `$.items[*].updatedAt`, or `$..updatedAt` at any depth.',
  ),
  reason: z.string().trim().min(1).describe('Why a difference here means nothing.'),
});

const compareSchema = z
  .strictObject({
    arrays: z
      .union([z.enum(['ordered', 'unordered']), z.array(jsonPath)])
      .default('ordered')
      .describe(
        'Whether the order of elements means something; a list of JSONPaths names those without order.',
      ),
    nullIsMissing: z
      .boolean()
      .default(false)
      .describe('Whether a field that is null says the same as one that is not there.'),
    numbers: z
      .union([
        z.literal('exact'),
        z.strictObject({
          tolerance: z.number().positive().describe('How far two numbers may be apart.'),
        }),
      ])
      .default('exact')
      .describe('By their exact value, however it is spelt and however long it is; or within a tolerance.'),
  })
  .describe('What the same means in JSON. The order of keys never matters.');

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
      .max(64 * 1024 * 1024)
      .default(256 * 1024)
      .describe('Bodies above this are not compared, but counted.'),
    settleSeconds: z
      .number()
      .positive()
      .max(60)
      .default(2.5)
      .describe('How long a difference must last before it counts. Keep it above `gates.lagSeconds`.'),
    compare: compareSchema.prefault({}),
    headers: z
      .array(
        z
          .string()
          .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'is no name of a header')
          .toLowerCase(),
      )
      .default(['content-type'])
      .describe('Headers that are compared too. Of `content-type` only the media type counts.'),
    ignore: z
      .array(ignoreRule)
      .default([])
      .describe('Parts of JSON bodies whose differences are not counted, each with its reason.'),
    mask: z
      .array(z.string().min(2))
      .default([])
      .describe(
        'Further parts of names whose values no example shows, besides password, secret, token, card and the like.',
      ),
  })
  .describe('Compares what both sides say to the same read, after the client has its answer.');

export type ShadowSettings = z.infer<typeof shadowSchema>;
