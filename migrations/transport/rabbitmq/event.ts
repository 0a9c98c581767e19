import { z } from 'zod';
import type { Change } from '../../databases/database.ts';

export const CONTENT_TYPE = 'application/cloudevents+json';
/** Several in one message: a broker's cost is by the message. */
export const BATCH_CONTENT_TYPE = 'application/cloudevents-batch+json';
const TYPE = 'dev.strangler.change.v1';
/** A version has at most so many digits; padded, versions sort as texts. */
const SEQUENCE_DIGITS = 20;

const changeSchema = z.strictObject({
  migration: z.string().describe('Name of the migration.'),
  epoch: z.int().min(0).describe('Grows with each change of the owner; a lower one is out of date.'),
  table: z.string().describe("The owner's table."),
  operation: z
    .enum(['upsert', 'delete', 'truncate'])
    .describe('A truncation concerns every row of its table: its key and row are empty.'),
  key: z.string().describe('The row: a JSON array of the texts of its key columns. Compare it as it is.'),
  row: z
    .record(z.string(), z.string().nullable())
    .describe('Columns by name as canonical texts, null for NULL; of a deleted row its key columns.'),
});

/** A change as others see it: CloudEvents 1.0 in structured JSON, with the extensions `partitionkey` and `sequence`. */
const changeEventSchema = z
  .strictObject({
    specversion: z.literal('1.0'),
    id: z.string().min(1).describe('The same each time the change is delivered.'),
    source: z.string().min(1).describe('The migration and the side that wrote.'),
    type: z.literal(TYPE),
    subject: z.string().min(1).describe('Table and key.'),
    time: z.iso.datetime().describe('When the change was read, not when it was made.'),
    datacontenttype: z.literal('application/json'),
    partitionkey: z.string().min(1).describe('Table and key: what has the same one stays in order.'),
    sequence: z
      .string()
      .regex(new RegExp(`^\\d{${SEQUENCE_DIGITS}}$`))
      .describe('Grows, compared as text, with each change of one key in an epoch; it has gaps.'),
    data: changeSchema,
  })
  .describe('A change of one row, committed by its owner.');

/** Whose changes they are. */
export interface Origin {
  migration: string;
  epoch: bigint;
  /** Label of the database that wrote. */
  side: string;
}

/** Table and key: changes that have it in common must stay in their order. */
export const partitionKeyOf = (change: Change): string => `${change.table}/${change.key}`;

/** @param readAt when the change was read, ISO 8601 */
export function encodeChange({ migration, epoch, side }: Origin, change: Change, readAt: string): string {
  const { id, table, op, key, row } = change;
  const name = partitionKeyOf(change);
  const event: z.infer<typeof changeEventSchema> = {
    specversion: '1.0',
    id: `${migration}/${epoch}/${id}`,
    source: `/strangler/${migration}/${encodeURIComponent(side)}`,
    type: TYPE,
    subject: name,
    time: readAt,
    datacontenttype: 'application/json',
    partitionkey: name,
    sequence: id.padStart(SEQUENCE_DIGITS, '0'),
    data: { migration, epoch: Number(epoch), table, operation: op, key, row },
  };
  return JSON.stringify(event);
}

/** What a message says that is not a change: the words are for the queue where such messages are kept. */
export class UnreadableMessageError extends Error {
  override name = 'UnreadableMessageError';
}

const batchSchema = z.array(changeEventSchema).min(1);

/** @throws UnreadableMessageError */
export function decodeChanges(content: Buffer): Change[] {
  const parsed = batchSchema.safeParse(parseJson(content));
  if (!parsed.success) {
    const [first] = parsed.error.issues;
    throw new UnreadableMessageError(`at ${first?.path.join('.') || 'the top'}: ${first?.message}`);
  }
  return parsed.data.map(({ sequence, data: { table, operation, key, row } }) => ({
    id: String(BigInt(sequence)),
    table,
    op: operation,
    key,
    row,
  }));
}

function parseJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString());
  } catch (error) {
    throw new UnreadableMessageError(`it is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
}

/** The JSON Schema of a change event, for whoever takes them from the bus. */
export function eventJsonSchema(): object {
  return {
    $id: 'https://strangler.dev/schemas/change.v1.json',
    title: TYPE,
    ...z.toJSONSchema(changeEventSchema),
  };
}
