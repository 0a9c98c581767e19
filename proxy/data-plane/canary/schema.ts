import { z } from 'zod';

const headerName = z.string().regex(/^[A-Za-z0-9-]+$/, 'is not the name of a header');

/** How a client is kept on its side while a share of reads goes to the service. */
export const canarySchema = z
  .strictObject({
    by: z
      .union([
        z.literal('cookie'),
        z.strictObject({
          header: headerName
            .transform((name) => name.toLowerCase())
            .describe('Name of a request header, e.g. X-User-Id. Set it where clients cannot.'),
        }),
        z.strictObject({
          jwt: z.string().min(1).describe('Name of a claim of the Bearer token, e.g. sub.'),
        }),
      ])
      .default('cookie')
      .describe(
        'What keeps a client on its side. A client without the header or claim is kept by the cookie.',
      ),
    cookie: z
      .string()
      .regex(/^[A-Za-z0-9_-]+$/)
      .default('strangler_arm')
      .describe('Name of the cookie that keeps a client on its side: a random id, signed, and nothing else.'),
    maxAgeSeconds: z
      .int()
      .positive()
      .default(30 * 24 * 3600)
      .describe('How long a browser keeps the cookies of the proxy.'),
    readYourWrites: z
      .strictObject({
        waitMs: z
          .int()
          .min(0)
          .max(2000)
          .default(0)
          .describe(
            'How long a read may wait for the service to have what its client wrote, before it goes to the owner.',
          ),
      })
      .prefault({})
      .describe('After a write, the reads of its client go to the owner until the service has that write.'),
  })
  .describe('Stickiness of the canary stage.');

export type CanarySettings = z.infer<typeof canarySchema>;

const clients = z.array(z.string().min(1).max(256)).default([]);

/** Who of the clients does not go by the weight of a migration. */
export const canaryListsSchema = z
  .strictObject({
    always: clients.describe('Ids of clients that the service answers whatever the weight is.'),
    never: clients.describe('Ids of clients that the monolith answers whatever the weight is.'),
  })
  .refine(({ always, never }) => !always.some((id) => never.includes(id)), {
    error: 'names a client under `always` and under `never`',
  })
  .describe('Clients that do not go by the weight: values of the header, claim or cookie of `canary.by`.');

export type CanaryLists = z.infer<typeof canaryListsSchema>;
