import type { Request } from 'express';
import { z } from 'zod';
import { badRequest } from '../http/refusal.ts';

const reference = z.string().regex(/^[0-9a-f]{32}$/);

/** The checkout that a step belongs to: 32 hexadecimal digits, chosen by who checks out. */
export function readReference(request: Request): string {
  const result = reference.safeParse(request.params['reference']);
  if (!result.success) throw badRequest('path.reference: must be 32 hexadecimal digits.');
  return result.data;
}
