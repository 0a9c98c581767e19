import { z } from 'zod';

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
