import { z } from 'zod';
import type { Request } from 'express';
import type { PageRequest, RetryRequest, RowKey, SkipActor } from './parking.ts';
import { read, readActor, readFrom } from './read-request.ts';
import type { Asked } from './read-request.ts';

const PAGE = 100;

const table = z.string('must be a table as the configuration names it').min(1).max(130, 'is too long');
const keyText = z
  .string('must be text')
  .max(10_000, 'is too long')
  .refine(isKey, 'must be a JSON array of the key\'s texts, e.g. ["7"]; or empty for the whole table')
  .transform(spelled);
const after = z.string('must be the `next` of an answer').max(20_000, 'is too long').optional();
const limit = z.coerce
  .number('must be a number')
  .int('must be a whole number')
  .min(1, 'must be 1 at least')
  .max(1000, 'must be 1000 at most')
  .default(PAGE);

const page = z.strictObject({ after, limit });
const rowKey = z.strictObject({ table, key: keyText });
const retry = z
  .strictObject({ table: table.optional(), key: keyText.optional(), after })
  .refine((order) => (order.table === undefined) === (order.key === undefined), {
    path: ['key'],
    message: 'and `table` belong together; name both, or neither for all',
  });
const skip = z.strictObject({
  table,
  key: keyText,
  reason: z
    .string('is needed: nothing is given up without one')
    .trim()
    .min(1, 'is needed: nothing is given up without one')
    .max(500, 'must not be longer than 500 characters'),
});

/** Which page of the parked keys is asked for. */
export function readPage(request: Request): PageRequest {
  const asked = readFrom(page, request.query);
  return { after: asked.after ?? null, limit: asked.limit };
}

/** Which key's changes are asked for. */
export function readRowKey(request: Request): RowKey {
  return readFrom(rowKey, request.query);
}

/** What somebody wants to be tried again. */
export function readRetry(request: Request): RetryRequest {
  const order = read(retry, request);
  const { table: named, key = '', after: from = null } = order;
  return { key: named === undefined ? null : { table: named, key }, after: from };
}

/** What somebody wants to be given up. */
export function readSkip(request: Request): Asked<RowKey> & { actor: SkipActor } {
  const { reason, ...key } = read(skip, request);
  return { request: key, actor: { ...readActor(request, reason), reason } };
}

function isKey(text: string): boolean {
  if (text === '') return true;
  try {
    const parts: unknown = JSON.parse(text);
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string' || part === null);
  } catch {
    return false;
  }
}

/** As the capture writes keys: a blank behind each comma. */
function spelled(text: string): string {
  if (text === '') return text;
  return `[${(JSON.parse(text) as unknown[]).map((part) => JSON.stringify(part)).join(', ')}]`;
}
