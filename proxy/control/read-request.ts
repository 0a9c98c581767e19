import { z } from 'zod';
import type { Request } from 'express';
import type { Question } from '../data-plane/explain.ts';
import { callerOf, isName } from './auth/caller.ts';
import type { BackfillOrder } from './sync-orders.ts';
import {
  ControlError,
  type Actor,
  type MoveRequest,
  type PlanRequest,
  type Verb,
  type VerifyRequest,
} from './lifecycle.ts';

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

const override = z
  .array(
    z.string('must be text').min(1, 'must not be empty').max(40, 'is too long'),
    'must be a list of gates',
  )
  .max(20, 'has too many names')
  .optional();

const keepGuard = z.boolean('must be true or false').optional();
const orderFields = { weight, ramp, override, keepGuard, reason };
const verb = z.enum(VERBS, `must be one of ${VERBS.join(', ')}`);

interface Fields {
  weight?: number | undefined;
  ramp?: boolean | undefined;
  keepGuard?: boolean | undefined;
}
type Refuse = (path: keyof Fields, message: string) => void;

function checkFields(verb: Verb | undefined, { weight, ramp, keepGuard }: Fields, refuse: Refuse): void {
  if (verb !== undefined && verb !== 'retire' && keepGuard !== undefined)
    refuse('keepGuard', `is only for retire, not for ${verb}`);
  if (verb !== undefined && verb !== 'canary') {
    if (weight !== undefined) refuse('weight', `is only for canary, not for ${verb}`);
    if (ramp !== undefined) refuse('ramp', `is only for canary, not for ${verb}`);
  } else if (ramp && weight !== undefined) refuse('ramp', 'sets the weight by itself');
}

const move = z.strictObject({ verb, ...orderFields }).superRefine((order, context) => {
  const refuse: Refuse = (path, message) => context.addIssue({ code: 'custom', path: [path], message });
  checkFields(order.verb, order, refuse);
  if (order.verb === 'canary' && !order.ramp && order.weight === undefined)
    refuse('weight', `is needed for canary and ${WEIGHT}, or \`ramp\` must be true`);
});
/** A plan may leave open which share the service gets, and which move is meant. */
const plan = z.strictObject({ verb: verb.optional(), ...orderFields }).superRefine((order, context) => {
  checkFields(order.verb, order, (path, message) =>
    context.addIssue({ code: 'custom', path: [path], message }),
  );
});
const verification = z.strictObject({ repair: flag, dryRun: flag, roundTrip: flag, reason });
const backfillOrder = z.strictObject({ paused: z.boolean('must be true or false'), reason });
const abortOrder = z.strictObject({
  reason: z
    .string('must be text')
    .trim()
    .min(1, 'must say why')
    .max(500, 'must not be longer than 500 characters'),
});
const resumption = z.strictObject({ reason });
const signIn = z.strictObject({ token: z.string('must be text').max(1000, 'is too long') });

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

/** A move that somebody orders. */
export function readMove(request: Request): Asked<MoveRequest> {
  const { verb, reason, ...rest } = read(move, request);
  return { request: { verb, ...given(rest) }, actor: readActor(request, reason) };
}

/** A move that somebody wants planned. */
export function readPlan(request: Request): PlanRequest {
  const { reason: _, ...rest } = read(plan, request);
  return given(rest);
}

/** Without what was left out. */
function given<T extends object>(fields: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

/** A verification that somebody orders. */
export function readVerification(request: Request): Asked<VerifyRequest> {
  const { repair, dryRun, roundTrip, reason } = read(verification, request);
  return { request: { repair, dryRun, roundTrip }, actor: readActor(request, reason) };
}

/** Whether somebody wants the backfill held. */
export function readBackfillOrder(request: Request): Asked<BackfillOrder> {
  const { paused, reason } = read(backfillOrder, request);
  return { request: { paused }, actor: readActor(request, reason) };
}

/** Who gives a move up, and why. */
export function readAbort(request: Request): Actor {
  return readActor(request, read(abortOrder, request).reason);
}

/** Who wants to resume, and why. */
export function readResumption(request: Request): Actor {
  return readActor(request, read(resumption, request).reason);
}

/** The token that somebody signs in with. */
export function readSignIn(request: Request): string {
  return read(signIn, request).token;
}

/** The request that somebody wants explained. */
export function readQuestion(request: Request): Question {
  return read(question, request);
}

/** Which part of the journal is asked for; all of it by default. */
export interface JournalQuery {
  migration?: string | undefined;
  after: number;
  /** Infinite when it was left out. */
  limit: number;
}

const whole = (message: string) =>
  z
    .string(message)
    .regex(/^\d{1,15}$/, message)
    .transform(Number);
const journalQuery = z.object({
  migration: z.string('must be one name').min(1, 'must be one name').max(100, 'must be one name').optional(),
  after: whole('must be the `seq` of an entry').default(0),
  limit: whole('must be a number from 1 to 10000')
    .refine((value) => value >= 1 && value <= 10_000, 'must be a number from 1 to 10000')
    .default(Infinity),
});

export function readJournalQuery(request: Request): JournalQuery {
  return readFrom(journalQuery, request.query);
}

const eventsQuery = z.object({ routes: z.enum(['all', 'none'], 'must be `all` or `none`').default('all') });

/** Whether the reader of the event stream wants the routes of each migration. */
export function readEventsQuery(request: Request): boolean {
  return readFrom(eventsQuery, request.query).routes === 'all';
}

/** Who asks: by the name of the token or session, and only where that has none by what the client says. */
export function readActor(request: Request, why: string | undefined): Actor {
  const said = request.get('x-strangler-actor')?.trim() ?? '';
  const name = callerOf(request)?.name ?? (isName(said) ? said : 'unknown');
  return { name, reason: why?.trim() || null };
}

export function read<T>(shape: z.ZodType<T>, request: Request): T {
  return readFrom(shape, request.body);
}

/** Reads what came in a body or a query. */
export function readFrom<T>(shape: z.ZodType<T>, given: unknown): T {
  const result = shape.safeParse(given);
  if (result.success) return result.data;
  throw new ControlError('bad-request', result.error.issues.map(inWords).join(' '));
}

function inWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys')
    return `${issue.keys.map((key) => `\`${key}\``).join(', ')} is not known here.`;
  if (issue.path.length === 0) return 'The body must be a JSON object.';
  return `\`${issue.path.join('.')}\` ${issue.message}.`;
}
