import { z } from 'zod';

const columnName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_$]{0,62}$/, 'is not a column name (letters, digits and _, at most 63)');

const tableName = z
  .string()
  .regex(
    /^([A-Za-z_][A-Za-z0-9_$]{0,62}\.)?[A-Za-z_][A-Za-z0-9_$]{0,62}$/,
    'is not a table name (`table` or `schema.table`)',
  );

const money = z.strictObject({
  to: columnName,
  convert: z.literal('money').describe('A decimal amount here, whole minor units (cents) there.'),
  scale: z.int().min(0).max(9).default(2).describe('Digits behind the point.'),
});

const enumeration = z.strictObject({
  to: columnName,
  convert: z.literal('enum').describe('One code for another, value by value.'),
  values: z
    .record(z.string(), z.string())
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

const plain = z.strictObject({
  to: columnName,
  convert: z.literal('none').optional().describe('The value goes over as it is.'),
});

export const columnSchema = z
  .union([columnName, z.discriminatedUnion('convert', [money, enumeration, plain])])
  .describe('Column of the service, or the column with a conversion.');

/** One pair of tables. A table may stand in several pairs: that is how one is split in two. */
export const tablePairSchema = z
  .strictObject({
    from: tableName.describe("Table in the monolith's database."),
    to: tableName.describe("Table in the service's database."),
    key: z
      .record(columnName, columnName)
      .describe("The primary key's columns in the monolith, each with its column in the service."),
    columns: z
      .record(columnName, columnSchema)
      .default({})
      .describe('All other columns to be kept in sync: monolith → service.'),
  })
  .describe('A table of the monolith and the table of the service that follows it.');

export type TablePair = z.infer<typeof tablePairSchema>;
export type ColumnMapping = z.infer<typeof columnSchema>;
