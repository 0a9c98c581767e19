import type { Request } from 'express';
import { z } from 'zod';
import { badRequest } from './refusal.ts';

/** The largest value of PostgreSQL's integer, which the identities are. */
const MAX_ID = 2_147_483_647;

export const id = z.int().min(1).max(MAX_ID);
const wholeNumber = z
  .string()
  .regex(/^\d{1,10}$/, 'must be a whole number')
  .transform(Number);
export const idInText = wholeNumber.pipe(id);

const page = wholeNumber.default(1).pipe(z.int().min(1).max(1_000_000));
const size = wholeNumber.default(20).pipe(z.int().min(1).max(100));
export const paging = { page, size };

/** Reads input by its schema, or refuses with a message that names each wrong field. */
function read<T extends z.ZodType>(schema: T, input: unknown, what: string): z.output<T> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${[what, ...path].join('.')}: ${message}`);
  throw badRequest(`${faults.join('; ')}.`);
}

export const readPath = <T extends z.ZodType>(request: Request, name: string, schema: T): z.output<T> =>
  read(schema, request.params[name], `path.${name}`);

export const readId = (request: Request, name = 'id'): number => readPath(request, name, idInText);

/** Without a body express leaves undefined; a missing body reads as an empty one. */
export const readBody = <T extends z.ZodType>(request: Request, schema: T): z.output<T> =>
  read(schema, request.body ?? {}, 'body');

export const readQuery = <T extends z.ZodType>(request: Request, schema: T): z.output<T> =>
  read(schema, request.query, 'query');
