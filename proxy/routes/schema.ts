import { z } from 'zod';
import { routeDuties } from '../data-plane/admit/duties-schema.ts';
import { routeForwarding } from '../data-plane/lane/schema.ts';
import { conditionSchema } from './condition.ts';
import type { SliceKey } from './slice-key.ts';

/** `GET /api/products/{id}`, `GET,POST /api/cart/*` or `* /api/orders/*`. */
const ROUTE_TEXT = /^(\*|[A-Z]+(,[A-Z]+)*) \/\S*$/;
const METHOD = /^[A-Z]+$/;
const HOST = /^(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

const PATH_MEANING =
  'Segments are compared exactly; `{name}` stands for one segment; a trailing `/*` stands for the path itself and ' +
  'everything below it, so `/api/*` covers `/api` and `/api/cart` but not `/apiary`.';

const headerConditions = z.record(z.string(), conditionSchema).superRefine((headers, context) => {
  const seen = new Set<string>();
  for (const name of Object.keys(headers)) {
    const lower = name.toLowerCase();
    const message = problemOfHeader(lower, seen);
    if (message !== null) context.addIssue({ code: 'custom', path: [name], message });
    seen.add(lower);
  }
});

function problemOfHeader(name: string, seen: ReadonlySet<string>): string | null {
  if (!HEADER_NAME.test(name)) return 'is not the name of a header';
  if (name === 'host') return 'is no condition here; write `host`';
  return seen.has(name) ? 'stands there twice' : null;
}

const routeObject = z
  .strictObject({
    method: z
      .union([z.literal('*'), z.string().regex(METHOD), z.array(z.string().regex(METHOD)).min(1)])
      .describe('Upper-case method, a list of methods, or `*` for any. GET covers HEAD too.'),
    path: z.string().startsWith('/').describe(PATH_MEANING),
    host: z
      .string()
      .max(253)
      .regex(HOST, 'is not a host: write it in lower case, without a port; `*.` may stand in front')
      .optional()
      .describe(
        'Only requests with this name in `Host`, whatever the port. `*.example.com` stands for every name below ' +
          '`example.com`, not for itself. Without it, any host.',
      ),
    headers: headerConditions
      .optional()
      .describe(
        'Only requests whose headers fulfil all of these. A header that came more than once is one text.',
      ),
    query: z
      .record(z.string().min(1), conditionSchema)
      .optional()
      .describe(
        'Only requests whose query parameters fulfil all of these, decoded. Of a repeated one the first counts.',
      ),
    as: z
      .enum(['reads', 'writes'])
      .optional()
      .describe(
        'Says what a request of this route does when its method does not tell: a POST that only searches is ' +
          '`reads`, a GET that changes something is `writes`. Without it GET, HEAD, OPTIONS and TRACE read.',
      ),
    ...routeDuties,
    ...routeForwarding,
  })
  .describe('A route that says more than method and path.');

const routeText = z
  .string()
  .regex(ROUTE_TEXT, 'Write a route as "METHOD /path", e.g. "GET /api/products/{id}" or "* /api/orders/*".')
  .describe(`"METHOD /path", with \`*\` for any method. ${PATH_MEANING}`);

/** The routes of one migration. */
export const routesSchema = z
  .array(z.union([routeText, routeObject]))
  .min(1)
  .describe(
    'Which requests belong to this migration. Of several routes that fit one request, the more exact host wins, ' +
      'then the more exact path (exact beats `{parameter}` beats `/*`, segment by segment), then a method before ' +
      '`*`, then more conditions on headers, then more on the query, then the first in this list.',
  );

/** What a route only gets from a migration that is moved in slices. */
interface OfSlices {
  /** Where the key should have been: the route of what names none. */
  sliceKey?: SliceKey;
}

export type RouteInput = string | (z.infer<typeof routeObject> & OfSlices);
/** What a route says besides what it matches and whether it reads. */
export type RouteSettings = OfSlices &
  Omit<z.infer<typeof routeObject>, 'method' | 'path' | 'host' | 'headers' | 'query' | 'as'>;
