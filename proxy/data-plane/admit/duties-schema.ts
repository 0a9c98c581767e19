import { z } from 'zod';

/** What becomes of the client's token. */
export const authSchema = z.enum(['required', 'optional', 'none']);

const when = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

/** A contract that goes away. */
export const deprecatedSchema = z
  .strictObject({
    since: when.describe(
      'Since when, or from when on, nobody should begin to use it: 2026-07-01, or with a time of day.',
    ),
    sunset: when.optional().describe('From when on it may no longer answer.'),
    link: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Page that tells what to use instead.'),
  })
  .refine(({ since, sunset }) => sunset === undefined || Date.parse(sunset) >= Date.parse(since), {
    path: ['sunset'],
    message: 'lies before `since`',
  })
  .describe('Tells clients by Deprecation, Sunset and Link headers that this contract goes away.');

/** What the gateway does for the requests of a route, or of all routes of a migration. */
export const routeDuties = {
  auth: authSchema
    .optional()
    .describe(
      'Token of the client: `required`, `optional` (checked when there is one) or `none` (not looked at). Without ' +
        'it, what stands one level above applies: migration, then proxy.jwt.auth.',
    ),
  scopes: z
    .array(
      z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'is not a scope (no blanks, quotes or backslashes)'),
    )
    .optional()
    .describe('Scopes that the token has to carry, all of them; else 403. Makes the token required.'),
  deprecated: deprecatedSchema.optional(),
};

export type AuthMode = z.infer<typeof authSchema>;
export type DeprecatedSettings = z.infer<typeof deprecatedSchema>;

/** As a route or a migration says them. */
export interface RouteDuties {
  auth?: AuthMode | undefined;
  scopes?: string[] | undefined;
  deprecated?: DeprecatedSettings | undefined;
}
