import { z } from 'zod';

export const columnName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_$]{0,62}$/, 'is not a column name (letters, digits and _, at most 63)');

const tableName = z
  .string()
  .regex(
    /^([A-Za-z_][A-Za-z0-9_$]{0,62}\.)?[A-Za-z_][A-Za-z0-9_$]{0,62}$/,
    'is not a table name (`table` or `schema.table`)',
  );

/** A value as its canonical text; numbers and booleans may be written without quotes. */
export const value = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const common = {
  to: columnName,
  fits: z
    .literal(true)
    .optional()
    .describe(
      'Says that every value fits although the types do not promise it. One that does not is parked, and blocks the cutover.',
    ),
};

const money = z.strictObject({
  ...common,
  convert: z.literal('money').describe('A decimal amount here, whole minor units (cents) there.'),
  scale: z.int().min(0).max(9).default(2).describe('Digits behind the point.'),
});

const enumeration = z.strictObject({
  ...common,
  convert: z.literal('enum').describe('One code for another, value by value.'),
  values: z
    .record(z.string(), value)
    .superRefine((values, context) => {
      const taken = new Map<string, string>();
      for (const [from, to] of Object.entries(values)) {
        const other = taken.get(to);
        taken.set(to, from);
        if (other === undefined) continue;
        const message = `"${from}" and "${other}" would both become "${to}", and could not be told apart on the way back`;
        context.addIssue({ code: 'custom', path: [from], message });
      }
    })
    .describe('Each value of the monolith with the value of the service. Two must not share one.'),
});

const boolean = z.strictObject({
  ...common,
  convert: z
    .literal('boolean')
    .describe('A boolean of the service that the monolith writes in its own words.'),
  values: z
    .strictObject({ true: value, false: value })
    .refine((values) => values.true !== values.false, 'true and false need two different values')
    .describe("The monolith's words for true and false, e.g. { true: J, false: N }."),
});

const time = z.strictObject({
  ...common,
  convert: z.literal('time').describe('A time without a zone on the one side, an instant on the other.'),
  zone: z
    .string()
    .refine(isZone, 'is not a time zone of the IANA database (Europe/Berlin)')
    .describe('Zone of the side that has none. A time that its clocks showed twice, or never, is parked.'),
  zeroIsNull: z
    .boolean()
    .default(false)
    .describe("MySQL's 0000-00-00 in the monolith is null in the service."),
});

const zeroDate = z.strictObject({
  ...common,
  convert: z
    .literal('zero-date')
    .describe("MySQL's 0000-00-00 in a column of the monolith that is NOT NULL, null in the service."),
});

const plain = z.strictObject({
  ...common,
  convert: z
    .literal('none')
    .optional()
    .describe('As the types need it: the value goes over as it is, or exactly.'),
  translate: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'is not a name of a key space (lower case, digits, - and _)')
    .optional()
    .describe(
      'Key space: whole numbers of the monolith and UUIDs of the service, in pairs that are kept. A key and the columns that refer to it name the same.',
    ),
});

export const columnSchema = z
  .union([columnName, z.discriminatedUnion('convert', [money, enumeration, boolean, time, zeroDate, plain])])
  .describe('Column of the service, or the column with a conversion.');

const constant = value.nullable();

const condition = z
  .union([
    constant,
    z.array(constant).min(1),
    z.strictObject({ not: z.union([constant, z.array(constant).min(1)]) }),
  ])
  .describe('A value, a list of which one has to be there, null, or `{ not: … }`.');

const using = z.strictObject({
  file: z
    .string()
    .regex(/\.(ts|mts|js|mjs)$/, 'is not a TypeScript or JavaScript module (.ts, .mts, .js, .mjs)')
    .describe(
      'Module that exports `toService(row)` and `toMonolith(row)`, in the folder of this file or below it.',
    ),
  monolith: z
    .array(columnName)
    .min(1)
    .describe('Columns that it reads on the way there and writes on the way back.'),
  service: z
    .array(columnName)
    .min(1)
    .describe('Columns that it writes on the way there and reads on the way back.'),
});

const capture = z
  .enum(['trigger', 'replication'])
  .default('trigger')
  .describe('`replication`: from the log of a PostgreSQL, so that writes do not pay for a trigger.');

/** One pair of tables. A table may stand in several pairs: that is how one is split in two, or two are joined. */
export const tablePairSchema = z
  .strictObject({
    from: tableName.describe("Table in the monolith's database."),
    to: tableName.describe("Table in the service's database."),
    key: z
      .record(columnName, columnSchema)
      .describe("The primary key's columns in the monolith, each with its column in the service."),
    columns: z
      .record(columnName, columnSchema)
      .default({})
      .describe('All other columns to be kept in sync: monolith → service.'),
    constants: z
      .strictObject({
        service: z.record(columnName, constant).default({}).describe('Column and value in the service.'),
        monolith: z.record(columnName, constant).default({}).describe('Column and value in the monolith.'),
      })
      .prefault({})
      .describe(
        'Values for columns that the other side does not know. A row with another value there is not part of the migration.',
      ),
    where: z
      .record(columnName, condition)
      .default({})
      .describe("Rows of the monolith that belong: all conditions hold. Others stay the monolith's alone."),
    part: z
      .boolean()
      .default(false)
      .describe(
        'Joins: the rows of `to` are those of an earlier pair; this one only fills columns of theirs.',
      ),
    optional: z
      .boolean()
      .default(false)
      .describe('Splits and joins: there is a row exactly when not all of the columns here are null.'),
    capture: z
      .strictObject({ monolith: capture, service: capture })
      .prefault({})
      .describe('How the changes of each table are captured.'),
    using: using.optional().describe('A function for what columns cannot say.'),
  })
  .describe('A table of the monolith and the table of the service that follows it.');

/** Rows of one slice: those whose routing key is one of these values. Disjoint from every other slice of the table. */
export interface Slice {
  /** Column of the monolith. */
  column: string;
  /** Canonical texts. */
  values: readonly string[];
}

export type TablePair = z.infer<typeof tablePairSchema> & {
  /** Given by the configuration where a migration is moved in slices. */
  slice?: Slice;
};
export type ColumnMapping = z.infer<typeof columnSchema>;
/** A column's mapping, written out. */
export type ColumnForm = Exclude<ColumnMapping, string>;
export type Condition = z.infer<typeof condition>;

/** A column's mapping, however it was written. */
export const formOf = (mapping: ColumnMapping): ColumnForm =>
  typeof mapping === 'string' ? { to: mapping } : mapping;

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== null;
  } catch {
    return false;
  }
}
