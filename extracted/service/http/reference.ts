import type { Request } from 'express';
import { z } from 'zod';
import { readPath } from './input.ts';

const reference = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits');

/** The checkout that a step belongs to, chosen by who checks out. */
export const readReference = (request: Request): string => readPath(request, 'reference', reference);
