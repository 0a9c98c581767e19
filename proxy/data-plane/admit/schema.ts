import { z } from 'zod';
import { routesSchema } from '../../routes/schema.ts';
import { RouteError } from '../../routes/route.ts';
import { buildRouteTable } from '../../routes/table.ts';
import { authSchema } from './duties-schema.ts';
import { secondsOf } from './duration.ts';

const headerName = z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'is not the name of a header');
const LONGEST_WINDOW = 7 * 24 * 3600;

const HERE = 'rate limit';
/** What a route may say that does not choose requests: here it would be taken and have no effect. */
const isIdle = (key: string): boolean => !['method', 'path', 'host', 'headers', 'query'].includes(key);

const rateLimitSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,39}$/, 'is not a name (lower case, digits and -, at most 40)')
      .describe('Name in answers, logs and counts.'),
    requests: z
      .int()
      .positive()
      .max(1_000_000_000)
      .describe('Requests that one client may send in each window.'),
    per: z
      .string()
      .regex(/^[1-9]\d{0,6}[smhd]$/, 'is not a window; write 10s, 1m, 1h or 1d')
      .refine((text) => secondsOf(text) <= LONGEST_WINDOW, 'is longer than seven days')
      .describe('Length of the window, e.g. 10s, 1m, 1h or 1d. It begins with the first request.'),
    by: z
      .union([
        z.literal('address'),
        z.strictObject({ header: headerName }),
        z.strictObject({ jwt: z.string().min(1) }),
      ])
      .default('address')
      .describe(
        'What makes a client: its `address` (an IPv6 network of 64 bits is one), a `header` that a proxy in front ' +
          'sets, or a claim of its verified token (`jwt`). Who lacks the header or claim is known by address.',
      ),
    routes: routesSchema
      .superRefine((routes, context) => {
        const idle = routes.flatMap((route) =>
          typeof route === 'string' ? [] : Object.keys(route).filter(isIdle),
        );
        if (idle.length > 0)
          context.addIssue({ code: 'custom', message: `has no use for ${idle.join(', ')}` });
        try {
          buildRouteTable([{ migration: HERE, service: '', routes }]);
        } catch (error) {
          if (!(error instanceof RouteError)) throw error;
          context.addIssue({ code: 'custom', message: error.message.replace(` of migration "${HERE}"`, '') });
        }
      })
      .optional()
      .describe('Only requests of these routes count, e.g. `POST /login`; without it, all do.'),
  })
  .describe('How often one client may ask. Each proxy counts for itself.');

/** Rate limits, each of which a request has to keep. */
export const rateLimitsSchema = z
  .array(rateLimitSchema)
  .refine(
    (limits) => new Set(limits.map(({ name }) => name)).size === limits.length,
    'has two limits of one name',
  )
  .describe('How often one client may ask; above it, 429.');

// A key that is public must never be taken for a shared secret: nothing symmetric is on the list at all.
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

const oneOrMore = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

// Dots, blanks and long names would make more spellings than can be dropped; X-Forwarded-… is the proxy's own.
const claimHeader = headerName.regex(
  /^X-(?!Forwarded)[A-Za-z0-9]+(-[A-Za-z0-9]+){0,3}$/i,
  'is no header for a claim; write X-Name, with at most four dashes, and not X-Forwarded-…',
);

/** JSON Web Tokens of clients. */
export const jwtSchema = z
  .strictObject({
    jwks: z
      .string()
      .min(1)
      .describe(
        'Keys of the issuer: URL of its JSON Web Key Set, or a file beside this one. Public keys only.',
      ),
    issuer: oneOrMore.describe('Who may have issued a token (`iss`).'),
    audience: oneOrMore.describe('For whom a token has to be meant (`aud`).'),
    algorithms: z
      .array(z.enum(ALGORITHMS))
      .min(1)
      .default([...ALGORITHMS])
      .describe('Signatures that are believed. Symmetric ones and `none` never are.'),
    auth: authSchema
      .default('required')
      .describe('For the routes of migrations that say nothing else: `required`, `optional` or `none`.'),
    unmatched: authSchema
      .default('none')
      .describe('For requests that no route claims. The monolith goes on checking those itself.'),
    header: headerName.default('Authorization').describe('Where the token stands, with or without "Bearer".'),
    clockToleranceSeconds: z.int().min(0).max(300).default(5).describe('How far clocks may be apart.'),
    cacheSeconds: z.int().min(1).default(600).describe('After this time keys are fetched again.'),
    cooldownSeconds: z
      .int()
      .min(0)
      .default(30)
      .describe(
        'Shortest time between two fetches, whatever unknown keys tokens name or however fetching fails.',
      ),
    staleSeconds: z
      .int()
      .min(0)
      .default(3600)
      .describe('For how long known keys serve beyond cacheSeconds when they cannot be fetched; then 503.'),
    timeoutMs: z.int().positive().max(60_000).default(5000).describe('Limit for fetching keys.'),
    forwardClaims: z
      .record(z.string(), claimHeader)
      .default({})
      .describe(
        'Claims that go upstream as headers, e.g. `sub: X-User-Id`. What the client sends under these names is ' +
          'dropped, on every request.',
      ),
  })
  .describe('Checks the JSON Web Token of a client before anything is sent to a side.');

export type RateLimitSettings = z.infer<typeof rateLimitSchema>;
export type JwtSettings = z.infer<typeof jwtSchema>;
