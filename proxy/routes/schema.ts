import { z } from 'zod';

/** `GET /api/products/{id}`, `GET,POST /api/cart/*` or `* /api/orders/*`. */
const ROUTE_TEXT = /^(\*|[A-Z]+(,[A-Z]+)*) \/\S*$/;
const METHOD = /^[A-Z]+$/;

const PATH_MEANING =
  'Segments are compared exactly; `{name}` stands for one segment; a trailing `/*` stands for the path itself and ' +
  'everything below it, so `/api/*` covers `/api` and `/api/cart` but not `/apiary`.';

const upstreamUrl = z.url({ protocol: /^https?$/ });

/** The application that is being taken apart. */
export const monolithSchema = z
  .strictObject({
    url: upstreamUrl.describe(
      'Where the monolith listens, e.g. http://127.0.0.1:3000. A base path is put in front.',
    ),
  })
  .describe('The legacy application. It answers every request that no route claims.');

/** One extracted application. */
export const serviceSchema = z
  .strictObject({
    url: upstreamUrl.describe(
      'Where the service listens, e.g. http://127.0.0.1:3001. A base path is put in front.',
    ),
  })
  .describe('An extracted application with a database of its own.');

const routeObject = z
  .strictObject({
    method: z
      .union([z.literal('*'), z.string().regex(METHOD), z.array(z.string().regex(METHOD)).min(1)])
      .describe('Upper-case method, a list of methods, or `*` for any. GET covers HEAD too.'),
    path: z.string().startsWith('/').describe(PATH_MEANING),
    as: z
      .enum(['reads', 'writes'])
      .optional()
      .describe(
        'Says what a request of this route does when its method does not tell: a POST that only searches is ' +
          '`reads`, a GET that changes something is `writes`. Without it GET, HEAD, OPTIONS and TRACE read.',
      ),
  })
  .describe('A route whose kind of access or list of methods is spelt out.');

const routeText = z
  .string()
  .regex(ROUTE_TEXT, 'Write a route as "METHOD /path", e.g. "GET /api/products/{id}" or "* /api/orders/*".')
  .describe(`"METHOD /path", with \`*\` for any method. ${PATH_MEANING}`);

/** The routes of one migration. */
export const routesSchema = z
  .array(z.union([routeText, routeObject]))
  .min(1)
  .describe(
    'Which requests belong to this migration. Exact beats `{parameter}` beats `/*`, segment by segment.',
  );

const milliseconds = z.int().positive().max(3_600_000);

const holdSchema = z
  .strictObject({
    capMs: milliseconds
      .default(2000)
      .describe('Longest time a write waits for a change of owner before it gets 503, in milliseconds.'),
    maxRequests: z
      .int()
      .positive()
      .default(1000)
      .describe('Most writes that wait at the same time; one more gets 503.'),
    maxBytes: z
      .int()
      .positive()
      .default(64 * 1024 * 1024)
      .describe('Most bytes that waiting writes announce by Content-Length together; more gets 503.'),
  })
  .describe('Bounds of the queue in which writes wait while their owner changes.');

const timeoutsSchema = z
  .strictObject({
    connectMs: milliseconds.default(3000).describe('Limit for opening a connection to an upstream.'),
    firstByteMs: milliseconds
      .default(60_000)
      .describe('Limit from the last byte of the request to the first of the answer.'),
    idleMs: milliseconds
      .default(120_000)
      .describe('Limit for silence in the middle of a request or an answer; also ends quiet event streams.'),
  })
  .describe('Time limits towards upstreams. A limit that is passed before the answer began is a 504.');

const listenAddress = z
  .string()
  .regex(
    /^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):\d{1,5}$/,
    'Write an address as "host:port", e.g. "127.0.0.1:8080".',
  );

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

export type RouteInput = z.infer<typeof routesSchema>[number];
export type ProxySettings = z.infer<typeof proxySchema>;
export type HoldSettings = ProxySettings['hold'];
export type TimeoutSettings = ProxySettings['timeouts'];
export type ShadowSettings = z.infer<typeof shadowSchema>;
export type CanarySettings = z.infer<typeof canarySchema>;
