import { z } from 'zod';

const milliseconds = z.int().positive().max(3_600_000);
const longMilliseconds = z.int().positive().max(86_400_000);

const MEANING = {
  connectMs: 'Limit for opening a connection to an upstream.',
  firstByteMs: 'Limit from the last byte of the request to the first of the answer.',
  idleMs: 'Limit for silence of an upstream in the middle of a request or an answer.',
  streamIdleMs:
    'The same for what may be silent for long: an event stream (text/event-stream) and an open WebSocket.',
  continueMs:
    'How long a client that sent "Expect: 100-continue" is kept waiting for the upstream to say whether it wants ' +
    'the body. After that the body is asked for all the same.',
};

/** Time limits towards upstreams. */
export const timeoutsSchema = z
  .strictObject({
    connectMs: milliseconds.default(3000).describe(MEANING.connectMs),
    firstByteMs: milliseconds.default(60_000).describe(MEANING.firstByteMs),
    idleMs: milliseconds.default(120_000).describe(MEANING.idleMs),
    streamIdleMs: longMilliseconds.default(3_600_000).describe(MEANING.streamIdleMs),
    continueMs: milliseconds.default(1000).describe(MEANING.continueMs),
  })
  .describe('Time limits towards upstreams. A limit that is passed before the answer began is a 504.');

/** Which Host an upstream is told, as a setting of the monolith or of a service. */
export const upstreamHostSchema = z
  .enum(['keep', 'rewrite'])
  .describe(
    'Which Host header it gets: the one that the client sent (`keep`, the default), or that of its own url ' +
      '(`rewrite`). A `Location` or `Set-Cookie` that names it is put back into the words of the client.',
  );

/** What a route may say about the way to its upstream, whichever side that is. */
export const routeForwarding = {
  upstreamHost: upstreamHostSchema.optional(),
  timeouts: z
    .strictObject({
      connectMs: milliseconds.optional().describe(MEANING.connectMs),
      firstByteMs: milliseconds.optional().describe(MEANING.firstByteMs),
      idleMs: milliseconds.optional().describe(MEANING.idleMs),
      streamIdleMs: longMilliseconds.optional().describe(MEANING.streamIdleMs),
      continueMs: milliseconds.optional().describe(MEANING.continueMs),
    })
    .optional()
    .describe('Time limits of this route, in the place of those under `proxy.timeouts`.'),
};

/** Bounds for clients, so that a slow or hostile one cannot hold the proxy. */
export const clientsSchema = z
  .strictObject({
    headersMs: milliseconds
      .default(15_000)
      .describe('Limit for sending the head of a request, checked twice a second. Passing it is a 408.'),
    idleMs: milliseconds
      .default(60_000)
      .describe(
        'Limit for a client that is silent while its body is awaited (408), or that does not take its answer ' +
          '(its connection ends).',
      ),
    minBodyBytesPerSecond: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(100)
      .describe('Least speed of a body, looked at every `idleMs`; a slower one is a 408. 0 takes any speed.'),
    keepAliveMs: milliseconds
      .default(65_000)
      .describe('How long an idle connection is kept for the next request.'),
    lingerMs: milliseconds
      .default(5000)
      .describe(
        'How long the rest of an upload is taken and thrown away after it was answered early, so that the client ' +
          'gets to read the answer.',
      ),
    maxConnections: z
      .int()
      .positive()
      .default(20_000)
      .describe('Most connections of clients; further ones are closed at once.'),
    maxTargetBytes: z
      .int()
      .min(64)
      .max(65_536)
      .default(8192)
      .describe('Longest path with query; a longer one is a 414.'),
    maxHeaderBytes: z
      .int()
      .min(1024)
      .max(1_048_576)
      .default(16_384)
      .describe('Longest head of a request; a longer one is a 431.'),
    maxHeaders: z
      .int()
      .min(8)
      .max(10_000)
      .default(200)
      .describe('Most header lines of a request; more are a 431.'),
    maxBodyBytes: z
      .int()
      .min(0)
      .default(0)
      .describe('Longest body of a request; a longer one is a 413. 0 takes any length.'),
  })
  .describe('Bounds for clients: what they may send, and how slowly.');

/** Whether there is a second lane. */
export const fastLaneSchema = z
  .boolean()
  .default(true)
  .describe(
    'Carry plain requests on bare sockets, at a fraction of the CPU time, and anything else over the general lane. ' +
      'False sends everything over that one.',
  );

/** Where the proxy listens. */
export const listenAddress = z
  .string()
  .regex(
    /^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):\d{1,5}$/,
    'Write an address as "host:port", e.g. "127.0.0.1:8080".',
  );

export type TimeoutSettings = z.infer<typeof timeoutsSchema>;
export type ClientSettings = z.infer<typeof clientsSchema>;
export type UpstreamHost = z.infer<typeof upstreamHostSchema>;
