import { z } from 'zod';
import { listenAddress } from '../lane/schema.ts';

/** Where figures are read from. */
export const metricsSchema = z
  .strictObject({
    listen: listenAddress
      .default('127.0.0.1:9464')
      .describe('Address and port of its own, with /metrics, /healthz and /readyz.'),
  })
  .describe('Figures for Prometheus. Left out, nothing is counted for it and nothing listens.');

/** Where traces go. */
export const tracesSchema = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        'OTLP/HTTP collector, e.g. http://127.0.0.1:4318; /v1/traces is added unless it is there. Left out, ' +
          'OTEL_EXPORTER_OTLP_ENDPOINT says it.',
      ),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string())
      .optional()
      .describe('Headers that the collector asks for. Write secrets as ${NAME}.'),
    sampleRatio: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe(
        'Share of the traces that begin here, 0 to 1; else 1. A caller that traces already has decided.',
      ),
    serviceName: z.string().min(1).optional().describe('Name of this proxy in a trace; else `strangler`.'),
  })
  .describe(
    'Traces in OpenTelemetry. Left out, they are on when the usual OTEL_… variables name a collector.',
  );

/** Parts of names whose values are nobody's business. */
const SECRETS = [
  'authorization',
  'cookie',
  'password',
  'passwd',
  'secret',
  'token',
  'key',
  'code',
  'signature',
  'session',
  'jwt',
];

/** What is written of each request. */
export const accessLogSchema = z
  .strictObject({
    to: z
      .string()
      .min(1)
      .default('stdout')
      .describe('`stdout`, `stderr`, or a file; a file that was moved away is opened anew within a second.'),
    sample: z
      .number()
      .min(0)
      .max(100)
      .default(100)
      .describe(
        'Share of the requests that went well, in percent. Failures and held writes are always written.',
      ),
    query: z.boolean().default(false).describe('Write the query too. It may hold secrets; see `redact`.'),
    headers: z
      .array(z.string().regex(/^[A-Za-z0-9-]+$/, 'is not the name of a header'))
      .default([])
      .describe('Headers of the request that are written.'),
    redact: z
      .array(z.string().min(1).toLowerCase())
      .default(SECRETS)
      .describe(
        'A header or query parameter with one of these words in its name is written without its value.',
      ),
  })
  .describe('One line of JSON for each request, with the decision in it. Left out, nothing is written.');

/** What becomes of X-Request-Id. */
export const requestIdSchema = z
  .enum(['pass', 'generate'])
  .default('pass')
  .describe(
    '`pass` leaves X-Request-Id as it came; `generate` keeps that of a trusted proxy and makes one for the rest, ' +
      'for upstream, client and log.',
  );

export type MetricsSettings = z.infer<typeof metricsSchema>;
export type TracesSettings = z.infer<typeof tracesSchema>;
export type AccessLogSettings = z.infer<typeof accessLogSchema>;
