import type { Request } from 'express';
import { z } from 'zod';
import { problemOfIgnoring } from '../data-plane/shadow/rules.ts';
import type { IgnoreOrder } from './ignoring.ts';
import { read, readActor, type Asked } from './read-request.ts';

const WHY = 'is needed: nothing is ignored without one';

const order = z
  .strictObject({
    path: z.string('must be text').max(1000, 'must not be longer than 1000 characters'),
    ignored: z.boolean('must be true or false'),
    reason: z.string('must be text').trim().max(500, 'must not be longer than 500 characters').optional(),
  })
  .superRefine(({ path, ignored, reason }, context) => {
    const refuse = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [field], message });
    const problem = problemOfIgnoring(path);
    if (problem !== null) refuse('path', problem);
    if (ignored && !reason) refuse('reason', WHY);
  });

/** What somebody wants left out of the comparison, or compared again. */
export function readIgnoring(request: Request): Asked<IgnoreOrder> {
  const { reason, ...fields } = read(order, request);
  return { request: fields, actor: readActor(request, reason) };
}
