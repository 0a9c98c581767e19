import { z } from 'zod';

const file = z.string().min(1);

const pairSchema = z
  .strictObject({
    cert: file.describe('PEM file with the certificate, followed by its chain.'),
    key: file.describe('PEM file with its private key.'),
  })
  .describe('A certificate and its key.');

/** TLS towards clients. */
export const frontTlsSchema = z
  .strictObject({
    ...pairSchema.shape,
    others: z
      .array(pairSchema)
      .default([])
      .describe(
        'More certificates, chosen by the name that the client asks for (SNI); else the first serves.',
      ),
    minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2').describe('Oldest version that is spoken.'),
    clientAuth: z
      .enum(['none', 'optional', 'required'])
      .default('none')
      .describe(
        'Whether clients show a certificate. `optional` lets those without one in; one that does not verify ends ' +
          'the connection in either case.',
      ),
    ca: file.optional().describe('PEM file with the authorities that client certificates are verified by.'),
  })
  .refine(({ clientAuth, ca }) => clientAuth === 'none' || ca !== undefined, {
    path: ['ca'],
    message: 'is missing: say by which authorities client certificates are verified',
  })
  .describe(
    'TLS towards clients, HTTP/1.1 only. Files are taken up again when they change; a broken pair is refused and ' +
      'the one in use stays.',
  );

/** TLS towards one side. */
export const upstreamTlsSchema = z
  .strictObject({
    ca: file
      .optional()
      .describe(
        "PEM file with the authorities that the side's certificate is verified by, instead of the system's.",
      ),
    cert: file.optional().describe('PEM file with the certificate that the proxy shows (mutual TLS).'),
    key: file.optional().describe('PEM file with the key of `cert`.'),
    serverName: z
      .string()
      .min(1)
      .optional()
      .describe('Name to ask for and to verify; without it, the host name of the address.'),
    verify: z
      .boolean()
      .default(true)
      .describe('False believes any certificate: for a test only, and said in the log at each start.'),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    message: 'needs `cert` and `key` together, or neither',
  })
  .describe('TLS towards this side, for an https url. Files are taken up again when they change.');

export type FrontTlsSettings = z.infer<typeof frontTlsSchema>;
export type UpstreamTlsSettings = z.infer<typeof upstreamTlsSchema>;
