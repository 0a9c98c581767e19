import { z } from 'zod';
import { DURATION, millisecondsOf } from './duration.ts';
import type { RampStep } from './ramp.ts';
import { parseRampStep, RAMP_STEP } from './ramp.ts';

const LONGEST_MS = 10 * 60_000;
const SHORTEST_MS = 5000;

const step = z
  .string()
  .regex(RAMP_STEP, 'is not a step like `5%` or `5% for 10m`')
  .transform((text) => parseRampStep(text));

/** `ramp:` of a migration. */
export const rampSchema = z
  .array(step)
  .min(1)
  .max(50)
  .superRefine((steps, context) => {
    for (const [i, { weight }] of steps.entries()) {
      const message = problemOf(weight, steps[i - 1]);
      if (message) context.addIssue({ code: 'custom', path: [i], message });
    }
  })
  .describe(
    'Shares of reads for `strangler canary --ramp`, each with its least time (5 minutes if none is given). Without it, weights are set by hand.',
  );

function problemOf(weight: number, before: RampStep | undefined): string | null {
  if (weight === 0 || weight > 100) return 'is not above 0 % and at most 100 %';
  if (before && weight <= before.weight) return `is not above the step before it, ${before.weight} %`;
  return null;
}

const window = z
  .string()
  .regex(new RegExp(`^${DURATION}$`), 'is not a duration like `30s` or `5m`')
  .transform((text) => millisecondsOf(text))
  .refine((ms) => ms >= SHORTEST_MS && ms <= LONGEST_MS, 'is not from 5s to 10m');

const OFF = z.literal(false);

/** `guardrails:` of a migration. */
export const guardrailsSchema = z
  .strictObject({
    window: window
      .prefault('5m')
      .describe('How far back is looked, 5s to 10m; never to before the present weight was set.'),
    minRequests: z
      .int()
      .positive()
      .default(100)
      .describe('Reads of the service within the window that a step of the ramp needs; fewer are no data.'),
    errorPercent: z
      .union([OFF, z.number().min(0).max(100)])
      .default(1)
      .describe(
        'Percentage points by which more of the service’s reads may fail (5xx or no answer) than of the monolith’s; `false` is off.',
      ),
    p99: z
      .union([
        OFF,
        z.strictObject({
          factor: z
            .number()
            .min(1)
            .default(2)
            .describe("Times the monolith's p99 that the service's may be."),
          atLeastMs: z
            .number()
            .min(0)
            .default(100)
            .describe('And never less than this above it: a few milliseconds more harm nobody.'),
        }),
      ])
      .prefault({})
      .describe("How slow the service's reads may be, to the first byte; `false` is off."),
    mismatchPercent: z
      .union([OFF, z.number().min(0).max(100)])
      .default(1)
      .describe('Share of compared answers that may differ, in percent; `false` is off.'),
    lagSeconds: z
      .union([OFF, z.number().positive()])
      .default(10)
      .describe('Seconds that the service’s data may be behind; `false` is off.'),
  })
  .describe(
    'What is watched while the service answers reads. Breaking one of them takes all reads back to the monolith at once.',
  );
