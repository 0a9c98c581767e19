import { z } from 'zod';
import { backfillSchema } from '../../migrations/backfill/schema.ts';
import { DATABASE_URL } from '../../migrations/databases/open.ts';
import { DURATION, millisecondsOf } from '../../migrations/lifecycle/duration.ts';
import { guardrailsSchema, rampSchema } from '../../migrations/lifecycle/guardrails-schema.ts';
import { columnName, tablePairSchema, value } from '../../migrations/mapping/schema.ts';
import type { TablePair } from '../../migrations/mapping/schema.ts';
import { transportSchema } from '../../migrations/transport/rabbitmq/schema.ts';
import { routeDuties } from '../../proxy/data-plane/admit/duties-schema.ts';
import { verifySchema } from '../../migrations/verify/schema.ts';
import { canaryListsSchema, canarySchema } from '../../proxy/data-plane/canary/schema.ts';
import { proxySchema } from '../../proxy/data-plane/schema.ts';
import { shadowSchema } from '../../proxy/data-plane/shadow/schema.ts';
import { monolithSchema, serviceSchema } from '../../proxy/data-plane/upstreams/schema.ts';
import { routesSchema } from '../../proxy/routes/schema.ts';
import type { RouteInput } from '../../proxy/routes/schema.ts';

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'is not a name (lower case, digits and -, at most 40)');

const databaseUrl = z
  .string()
  .regex(
    DATABASE_URL,
    'is not the URL of a PostgreSQL, MySQL or MariaDB database (postgres://user:password@host:port/database, mysql://…)',
  )
  .describe('Connection URL. Write secrets as ${NAME}: they are taken from the environment.');

const openapiFile = z
  .string()
  .min(1)
  .describe(
    'OpenAPI document, beside this file. The contract gate reads it, recorded answers are held to it.',
  );

const healthPath = z
  .string()
  .startsWith('/')
  .describe(
    'Whole path that answers below 500 while the application is well; health checks and the gate on health ask for it.',
  );

const applicationExtras = {
  database: databaseUrl.optional(),
  openapi: openapiFile.optional(),
  health: healthPath.default('/'),
};

const strayWritersSchema = z
  .strictObject({
    expected: z
      .array(z.string().min(1).max(64))
      .max(100)
      .optional()
      .describe(
        'Database users, or names that connections give themselves, that may be seen: the monolith itself, and jobs that are known. Without it nothing is judged.',
      ),
    withinMinutes: z.number().positive().default(60).describe('How far back is looked.'),
  })
  .describe('Who was seen writing to the monolith’s tables, by samples once a second. PostgreSQL only.');

const contractGateSchema = z
  .strictObject({
    differences: z
      .enum(['breaking', 'any'])
      .default('breaking')
      .describe(
        'Which differences of the two documents refuse a cutover: the breaking ones, or warnings too.',
      ),
    recorded: z
      .enum(['warn', 'refuse'])
      .default('warn')
      .describe('Whether a recorded answer that its own document does not allow refuses it.'),
  })
  .describe('What the gate on contracts refuses.');

const retireSchema = z
  .strictObject({
    quietFor: z
      .string()
      .regex(new RegExp(`^${DURATION}$`), 'is not a duration like `12h` or `7d`')
      .transform((text) => millisecondsOf(text))
      .prefault('7d')
      .describe(
        'How long no request may have reached the monolith on its routes, and no write its tables, counted from the first look after the cutover.',
      ),
  })
  .describe('What `retire` needs besides.');

const gatesSchema = z
  .strictObject({
    lagSeconds: z.number().positive().default(2).describe('Seconds that the follower may be behind.'),
    shadowSamples: z.int().min(0).default(100).describe('Compared answers that a verdict needs.'),
    shadowMismatchPercent: z
      .number()
      .min(0)
      .max(100)
      .default(0.1)
      .describe('Share of compared answers that may differ, in percent.'),
    verifyMaxAgeMinutes: z
      .number()
      .positive()
      .default(60)
      .describe('Age that the last full verify may have.'),
    addedColumns: z
      .enum(['refuse', 'allow'])
      .default('refuse')
      .describe(
        'Whether columns that came after the sync began may stay behind: the mapping has none of them.',
      ),
    contract: contractGateSchema.prefault({}),
    strayWriters: strayWritersSchema.prefault({}),
    retire: retireSchema.prefault({}),
  })
  .describe('What a move needs.');

const slicesSchema = z
  .strictObject({
    column: columnName.describe(
      'Column of the monolith that says whose a row is. Every table has it, and it goes over as it is.',
    ),
    key: z
      .union(
        [
          z.strictObject({
            header: z
              .string()
              .regex(/^[A-Za-z0-9-]+$/)
              .describe('Header that carries the key.'),
          }),
          z.strictObject({ query: z.string().min(1).describe('Query parameter that carries the key.') }),
          z.strictObject({
            path: z
              .string()
              .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
              .describe('Parameter that is in the path of every route.'),
          }),
        ],
        'is none of { header: … }, { query: … } and { path: … }',
      )
      .describe('Where a request says which key it is about, spelled as in the column.'),
    of: z
      .record(name, z.array(value).min(1))
      .refine((of) => Object.keys(of).length > 0, 'needs at least one slice')
      .describe(
        'The slices by name, each with its keys. One is called `<migration>-<slice>` and moved like a migration of its own. Rows with other keys stay with the monolith.',
      ),
  })
  .describe('Moves the migration key by key (tenant, customer, region). PostgreSQL on both sides.');

const migrationSchema = z
  .strictObject({
    service: name.describe('Who takes it over; one of `services`.'),
    routes: routesSchema,
    tables: z
      .array(tablePairSchema)
      .default([])
      .describe('What is kept in sync. Empty for a capability without data of its own.'),
    slices: slicesSchema.optional(),
    after: z
      .array(name)
      .default([])
      .describe(
        'Migrations that are cut over before this one, and are not taken back as long as this one is extracted.',
      ),
    canary: canaryListsSchema.prefault({}),
    shadow: shadowSchema.prefault({}),
    ...routeDuties,
    backfill: backfillSchema.prefault({}),
    verify: verifySchema.prefault({}),
    slotWarnMegabytes: z
      .int()
      .positive()
      .default(1024)
      .describe(
        'With `capture: replication`: so much log may a database keep for the sync before status and log warn of it.',
      ),
    gates: gatesSchema.prefault({}),
    ramp: rampSchema.optional(),
    guardrails: guardrailsSchema.prefault({}),
  })
  .describe('One capability on its way out of the monolith.');

const claim = z.string().min(1).max(100);
const oidcSchema = z
  .strictObject({
    issuer: z
      .url('is not the address of an issuer')
      .describe('Its `/.well-known/openid-configuration` is read.'),
    clientId: claim.describe('As the provider knows the page.'),
    clientSecret: z
      .string()
      .min(1)
      .optional()
      .describe('Without it the page is a public client, protected by PKCE alone. Write it as ${NAME}.'),
    scopes: claim.default('openid profile').describe('What the page asks for.'),
    audience: claim.optional().describe('`aud` of the JWTs that machines bring; `clientId` when left out.'),
    nameClaim: claim.default('sub').describe('The claim with the name for the journal.'),
    rolesClaim: claim.default('roles').describe('The claim with roles or groups; dots lead into objects.'),
    operators: z.array(claim).default([]).describe('Values of that claim that make an operator.'),
    viewers: z
      .array(claim)
      .default([])
      .describe('Values that make a viewer; `*` for everybody whom the provider vouches for.'),
  })
  .refine(({ operators, viewers }) => operators.length + viewers.length > 0, {
    error: 'lets nobody in; name `operators` or `viewers`',
  })
  .refine(({ issuer }) => isSecureOrLocal(issuer), {
    error: 'is not reached by https',
    path: ['issuer'],
  })
  .describe('Who vouches for people on the page, and for machines that bring a JWT.');

/** What goes over the wire in the clear, anybody on the way can be. */
function isSecureOrLocal(issuer: string): boolean {
  const url = URL.parse(issuer);
  return url?.protocol === 'https:' || ['127.0.0.1', 'localhost', '[::1]'].includes(url?.hostname ?? '');
}

const controlSchema = z
  .strictObject({
    listen: z
      .string()
      .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'is not an address (host:port)')
      .default('127.0.0.1:8081')
      .describe(
        'Where API and dashboard listen. Anywhere but loopback needs a token in STRANGLER_TOKEN or STRANGLER_TOKENS.',
      ),
    url: z
      .url('is not an address')
      .optional()
      .describe(
        'How browsers reach the page, when not by `listen`. With https, cookies go over https alone.',
      ),
    oidc: oidcSchema.optional(),
    store: z
      .string()
      .regex(/^(embedded|postgres(ql)?:\/\/.*)$/, 'is neither `embedded` nor a PostgreSQL URL')
      .default('embedded')
      .describe(
        'Where the journal lives: `embedded` (beside this file, in .strangler) or a PostgreSQL of yours.',
      ),
  })
  .describe('Control API, dashboard and journal.');

/** The whole of strangler.yaml. The JSON Schema for editors is generated from this. */
export const configSchema = z
  .strictObject({
    version: z.literal(1).describe('Version of this format.'),
    monolith: z
      .strictObject({ ...monolithSchema.shape, ...applicationExtras })
      .describe(monolithSchema.description ?? ''),
    services: z
      .record(name, z.strictObject({ ...serviceSchema.shape, ...applicationExtras }))
      .describe('Extracted applications by name.'),
    proxy: proxySchema.prefault({}),
    canary: canarySchema.prefault({}),
    control: controlSchema.prefault({}),
    transport: transportSchema.default('direct'),
    migrations: z.record(name, migrationSchema).describe('Capabilities by name.'),
    together: z
      .array(z.array(name).min(2, 'needs at least two migrations'))
      .default([])
      .describe(
        'Groups of migrations that move as one: a move of one is a move of all, with one decision. Those that share a table need it.',
      ),
  })
  .describe('strangler.yaml: what moves, where to, and how both sides are reached.');

/** As it is written. */
export type WrittenConfig = Omit<z.infer<typeof configSchema>, 'migrations'> & {
  migrations: Record<string, MigrationData>;
};

export type MigrationData = Omit<z.infer<typeof migrationSchema>, 'routes' | 'tables'> & {
  routes: RouteInput[];
  tables: TablePair[];
  /** The migration that this is a slice of. */
  sliceOf?: string;
};

/** With a migration for each slice. */
export type ConfigData = WrittenConfig;
