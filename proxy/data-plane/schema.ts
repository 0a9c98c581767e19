import { z } from 'zod';
import { jwtSchema, rateLimitsSchema } from './admit/schema.ts';
import { holdSchema } from './hold/schema.ts';
import { splitAddress } from './lane/listen-address.ts';
import { clientsSchema, fastLaneSchema, listenAddress, timeoutsSchema } from './lane/schema.ts';
import { accessLogSchema, metricsSchema, requestIdSchema, tracesSchema } from './observe/schema.ts';
import { frontTlsSchema } from './tls/schema.ts';

const LAST_PORT = 65_535;

/** The proxy itself. */
export const proxySchema = z
  .strictObject({
    listen: listenAddress.default('127.0.0.1:8080').describe('Address and port; port 0 takes any free one.'),
    processes: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe(
        'How many processes share the port, each with connections and limits of its own: one for each core that the ' +
          'proxy may have. More than one only where the system shares a port evenly, which is Linux. The metrics of the ' +
          'second are one port above those of the first, and so on.',
      ),
    trustedProxies: z
      .array(z.union([z.cidrv4(), z.cidrv6()]))
      .default([])
      .describe(
        'Peers whose X-Forwarded-* and Forwarded headers are believed and added to; from all others they go.',
      ),
    hold: holdSchema.prefault({}),
    timeouts: timeoutsSchema.prefault({}),
    clients: clientsSchema.prefault({}),
    fastLane: fastLaneSchema,
    metrics: metricsSchema.optional(),
    traces: tracesSchema.optional(),
    accessLog: accessLogSchema.optional(),
    requestId: requestIdSchema,
    tls: frontTlsSchema.optional(),
    rateLimits: rateLimitsSchema.default([]),
    jwt: jwtSchema.optional(),
  })
  .refine(({ processes, listen }) => processes === 1 || splitAddress(listen).port !== 0, {
    path: ['listen'],
    message: 'needs a port where processes is above 1: any free one would be another for each',
  })
  .refine(
    ({ processes, metrics }) => !metrics || splitAddress(metrics.listen).port + processes - 1 <= LAST_PORT,
    {
      path: ['metrics', 'listen'],
      message: 'has no room for the ports above it, of which each further process takes one',
    },
  )
  .describe('The proxy that stands in front of the monolith and the services.');

export type ProxySettings = z.infer<typeof proxySchema>;
