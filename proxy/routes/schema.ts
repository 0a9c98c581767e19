import { z } from 'zod';

/** `GET /api/products/{id}`, `GET,POST /api/cart/*` or `* /api/orders/*`. */
const ROUTE_TEXT = /^(\*|[A-Z]+(,[A-Z]+)*) \/\S*$/;
const METHOD = /^[A-Z]+$/;

const PATH_MEANING =
  'Segments are compared exactly; `{name}` stands for one segment; a trailing `/*` stands for the path itself and ' +
  'everything below it, so `/api/*` covers `/api` and `/api/cart` but not `/apiary`.';

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

export type RouteInput = z.infer<typeof routesSchema>[number];
/** What a route says besides what it matches and whether it reads. */
export type RouteSettings = Omit<z.infer<typeof routeObject>, 'method' | 'path' | 'as'>;
