import { z } from 'zod';
import { holdSchema } from './hold/schema.ts';
import { listenAddress, timeoutsSchema } from './lane/schema.ts';

/** The proxy itself. */
export const proxySchema = z
  .strictObject({
    listen: listenAddress.default('127.0.0.1:8080').describe('Address and port; port 0 takes any free one.'),
    trustedProxies: z
      .array(z.union([z.cidrv4(), z.cidrv6()]))
      .default([])
      .describe(
        'Peers whose X-Forwarded-* and Forwarded headers are believed and added to; from all others they go.',
      ),
    hold: holdSchema.prefault({}),
    timeouts: timeoutsSchema.prefault({}),
  })
  .describe('The proxy that stands in front of the monolith and the services.');

export type ProxySettings = z.infer<typeof proxySchema>;
