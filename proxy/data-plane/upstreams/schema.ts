import { z } from 'zod';
import { upstreamHostSchema } from '../lane/schema.ts';
import { upstreamTlsSchema } from '../tls/schema.ts';

const milliseconds = z.int().positive().max(3_600_000);
const percent = z.number().positive().max(100);
const times = z.int().positive().max(100);

const healthCheckSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe('False leaves it to requests to find out who is well.'),
    intervalMs: milliseconds
      .default(2000)
      .describe('Time between two checks of one address; each is up to a tenth earlier or later.'),
    timeoutMs: milliseconds.default(2000).describe('A check that takes longer has failed.'),
    unhealthyAfter: times.default(3).describe('Failed checks in a row that make an address unhealthy.'),
    healthyAfter: times.default(2).describe('Passed checks in a row that make it healthy again.'),
  })
  .describe(
    'Asks each address for the `health` path; an answer below 500 passes. Unhealthy addresses get no requests ' +
      'while there are others. The first check decides at once.',
  );

const ejectionSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe('False lets an address keep its share whatever it answers.'),
    consecutiveFailures: times
      .default(3)
      .describe('Requests in a row without an answer, or with a 502, 503 or 504, that eject an address.'),
    baseMs: milliseconds
      .default(5000)
      .describe('How long it is out; doubled each time it comes back only to fail again.'),
    maxMs: milliseconds.default(60_000).describe('Most that this grows to.'),
    maxPercent: percent
      .default(50)
      .describe('Most addresses that may be out, in percent; one always may, and the last one never.'),
  })
  .describe('Takes an address out for a while when its requests fail. Nothing happens to a single address.');

const circuitSchema = z
  .strictObject({
    enabled: z.boolean().default(false).describe('True answers 503 in the place of a side that fails.'),
    errorPercent: percent
      .default(50)
      .describe('Share of requests without an answer, or with a 502, 503 or 504, that opens the circuit.'),
    windowMs: milliseconds.default(10_000).describe('Time over which this share is taken.'),
    minimumRequests: z.int().positive().default(20).describe('Requests in that time that a verdict needs.'),
    openMs: milliseconds
      .default(1000)
      .describe('How long nobody is let through; doubled each time the probes fail.'),
    maxOpenMs: milliseconds.default(30_000).describe('Most that this grows to.'),
    probes: times
      .default(3)
      .describe('Requests that are then let through, and that all have to be answered.'),
  })
  .describe('Keeps requests away from a side that fails, so that they do not pile up there.');

const retrySchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe('False sends every request once.'),
    maxRetries: z.int().min(1).max(5).default(2).describe('How often one request is sent again at most.'),
    budgetPercent: percent
      .default(20)
      .describe('Share of the requests of the last ten seconds that may be sent again.'),
    budgetMinimum: z
      .int()
      .nonnegative()
      .default(10)
      .describe('Retries in ten seconds that are allowed however few requests there were.'),
  })
  .describe(
    'Sends a request again when no byte of an answer came: only GET, HEAD, OPTIONS, TRACE, PUT and DELETE without ' +
      'a body, only to the same side, and to another address of it, or where a kept connection was just closing.',
  );

const upstreamUrl = z.url({ protocol: /^https?$/, error: 'is not an http or https URL' });

const hrefOf = (url: string): string => (URL.canParse(url) ? new URL(url).href : url);

/** What both sides have in common. */
const sideShape = {
  url: z
    .union([
      upstreamUrl,
      z
        .array(upstreamUrl, { error: 'a list of them' })
        .min(1, 'needs an address')
        .refine((urls) => new Set(urls.map(hrefOf)).size === urls.length, 'names an address twice'),
    ])
    .describe(
      'Where it listens, e.g. http://127.0.0.1:3000, or a list when several addresses serve the same application. ' +
        'A base path is put in front.',
    ),
  upstreamHost: upstreamHostSchema.default('keep'),
  tls: upstreamTlsSchema.optional(),
  maxRunning: z
    .int()
    .positive()
    .optional()
    .describe(
      'Most requests that run at once, streams and WebSockets included; more get a 503. No limit if left out.',
    ),
  healthCheck: healthCheckSchema.prefault({}),
  ejection: ejectionSchema.prefault({}),
  circuit: circuitSchema.prefault({}),
  retry: retrySchema.prefault({}),
};

const fallbackSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe("False lets the client have the service's failure."),
    statuses: z
      .array(z.int().min(400).max(599))
      .default([502, 503, 504])
      .describe('Answers of the service that are as bad as none.'),
  })
  .describe(
    'In stage `canary`, a read without a body that the service does not answer is answered by the monolith, and ' +
      'counts as failed for the service.',
  );

/** The application that is being taken apart. */
export const monolithSchema = z
  .strictObject(sideShape)
  .describe('The legacy application. It answers every request that no route claims.');

/** One extracted application. */
export const serviceSchema = z
  .strictObject({ ...sideShape, fallback: fallbackSchema.prefault({}) })
  .describe('An extracted application with a database of its own.');

export type HealthCheckSettings = z.infer<typeof healthCheckSchema>;
export type EjectionSettings = z.infer<typeof ejectionSchema>;
export type CircuitSettings = z.infer<typeof circuitSchema>;
export type RetrySettings = z.infer<typeof retrySchema>;

/** A service as it is written in strangler.yaml. */
export type SideInput = z.input<typeof serviceSchema>;

/** One side as the data plane works with it; `health` is the path that checks ask for. */
export type SideSettings = z.infer<typeof monolithSchema> & {
  health: string;
  fallback?: z.infer<typeof fallbackSchema>;
};
