import { z } from 'zod';
import type { Request } from 'express';
import type { Question } from '../data-plane/explain.ts';
import { ControlError, type Actor, type MoveRequest, type Verb, type VerifyRequest } from './lifecycle.ts';

const VERBS = ['sync', 'shadow', 'canary', 'cutover', 'rollback', 'retire'] as const satisfies Verb[];
const WEIGHT = 'must be a number from 0 to 100 with at most one decimal, e.g. 12.5';

const reason = z.string('must be text').max(500, 'must not be longer than 500 characters').optional();
const flag = z.boolean('must be true or false').default(false);
const ramp = z.boolean('must be true or false').optional();
const weight = z
  .number(WEIGHT)
  .min(0, WEIGHT)
  .max(100, WEIGHT)
  .refine((value) => Math.round(value * 10) / 10 === value, WEIGHT)
  .optional();

const move = z
  .strictObject({ verb: z.enum(VERBS, `must be one of ${VERBS.join(', ')}`), weight, ramp, reason })
  .superRefine((order, context) => {
    const refuse = (path: 'weight' | 'ramp', message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (order.verb !== 'canary') {
      for (const path of ['weight', 'ramp'] as const) {
        if (order[path] !== undefined) refuse(path, `is only for canary, not for ${order.verb}`);
      }
    } else if (order.ramp && order.weight !== undefined) refuse('ramp', 'sets the weight by itself');
    else if (!order.ramp && order.weight === undefined)
      refuse('weight', `is needed for canary and ${WEIGHT}, or \`ramp\` must be true`);
  });
const verification = z.strictObject({ repair: flag, dryRun: flag, reason });
const resumption = z.strictObject({ reason });

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const question = z.strictObject({
  method: z
    .string('must be text')
    .max(20, 'is too long')
    .regex(/^[A-Z][A-Z-]*$/, 'must be a method in upper case, e.g. GET'),
  target: z.string('must be text').max(8000, 'must not be longer than 8000 characters'),
  headers: z
    .record(z.string(), z.string('must be text'), 'must be an object of texts by name')
    .refine(
      (headers) => Object.keys(headers).every((name) => HEADER_NAME.test(name)),
      'has a name that is none',
    )
    .default({}),
});

export interface Asked<T> {
  request: T;
  actor: Actor;
}

/** A move that somebody plans or orders. */
export function readMove(request: Request): Asked<MoveRequest> {
  const order = read(move, request);
  const asked: MoveRequest = { verb: order.verb };
  if (order.weight !== undefined) asked.weight = order.weight;
  if (order.ramp !== undefined) asked.ramp = order.ramp;
  return { request: asked, actor: readActor(request, order.reason) };
}

/** A verification that somebody orders. */
export function readVerification(request: Request): Asked<VerifyRequest> {
  const { repair, dryRun, reason } = read(verification, request);
  return { request: { repair, dryRun }, actor: readActor(request, reason) };
}

/** Who wants to resume, and why. */
export function readResumption(request: Request): Actor {
  return readActor(request, read(resumption, request).reason);
}

/** The request that somebody wants explained. */
export function readQuestion(request: Request): Question {
  return read(question, request);
}

/** Which migration's journal is asked for; undefined for all. */
export function readJournalQuery(request: Request): string | undefined {
  const { migration } = request.query;
  if (migration === undefined) return undefined;
  if (typeof migration === 'string' && migration !== '' && migration.length <= 100) return migration;
  throw new ControlError('bad-request', '`migration` must be one name.');
}

/** The name stands in the journal for ever, so nothing that could garble a terminal gets in. */
function readActor(request: Request, why: string | undefined): Actor {
  const name = request.get('x-strangler-actor')?.trim() ?? '';
  return { name: /^[\x20-\x7e]{1,100}$/.test(name) ? name : 'unknown', reason: why?.trim() || null };
}

function read<T>(shape: z.ZodType<T>, request: Request): T {
  const result = shape.safeParse(request.body);
  if (result.success) return result.data;
  throw new ControlError('bad-request', result.error.issues.map(inWords).join(' '));
}

function inWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys')
    return `${issue.keys.map((key) => `\`${key}\``).join(', ')} is not known here.`;
  if (issue.path.length === 0) return 'The body must be a JSON object.';
  return `\`${issue.path.join('.')}\` ${issue.message}.`;
}
