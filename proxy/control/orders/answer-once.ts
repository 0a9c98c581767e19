import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { callerOf } from '../auth/caller.ts';
import { ControlError } from '../lifecycle.ts';
import { toProblem } from '../problem.ts';
import type { Claim, KeptAnswer, KeptAnswers, KeyedOrder } from './kept-answers.ts';

type Handle = (request: Request, response: Response) => Promise<unknown>;

/**
 * Carries an order out once, however often it is given under one `Idempotency-Key`: whoever asks again gets the same
 * answer. An order that was refused before anything was done may be given again under its key. Without a key it is
 * carried out each time.
 */
export function answerOnce(handle: Handle, kept: KeptAnswers, logger: Logger) {
  return async (request: Request, response: Response): Promise<void> => {
    const order = orderOf(request);
    if (order === null) return send(response, await answerOf(handle, request, response));
    const claim = await kept.claim(order);
    if (claim.kind === 'answered') {
      response.set('Idempotency-Replayed', 'true');
      return send(response, claim.answer);
    }
    if (claim.kind !== 'ours') throw refusalOf(claim, order.key);
    let answer: KeptAnswer;
    try {
      answer = await answerOf(handle, request, response);
    } catch (error) {
      answer = toAnswer(error, logger);
      if (answer.status < 500) await kept.release(order);
      else await keep(kept, order, answer, logger);
      throw error;
    }
    await keep(kept, order, answer, logger);
    return send(response, answer);
  };
}

/** What was done is done, whether or not it can be kept; without it, the key says later that nobody knows. */
async function keep(kept: KeptAnswers, order: KeyedOrder, answer: KeptAnswer, logger: Logger): Promise<void> {
  await kept.keep(order, answer).catch((error: unknown) => {
    logger.warn({ err: error, key: order.key }, 'the answer to an order could not be kept');
  });
}

async function answerOf(handle: Handle, request: Request, response: Response): Promise<KeptAnswer> {
  const body = (await handle(request, response)) ?? null;
  const location = response.get('Location') ?? null;
  return { status: response.statusCode, type: 'application/json', location, body };
}

function toAnswer(error: unknown, logger: Logger): KeptAnswer {
  const problem = toProblem(error, logger);
  return { status: problem.status, type: 'application/problem+json', location: null, body: problem };
}

function send(response: Response, { status, type, location, body }: KeptAnswer): void {
  response.status(status);
  if (location !== null) response.location(location);
  if (body === null) response.end();
  else response.type(type).send(JSON.stringify(body));
}

function orderOf(request: Request): KeyedOrder | null {
  const key = request.get('idempotency-key');
  if (key === undefined) return null;
  if (!/^[\x21-\x7e]{1,100}$/.test(key))
    throw new ControlError(
      'bad-request',
      '`Idempotency-Key` must be 1 to 100 printable characters without blanks, e.g. a UUID.',
    );
  const what = JSON.stringify([request.method, request.path, inOrder(request.body)]);
  const caller = callerOf(request)?.name ?? '';
  return { key, caller, digest: createHash('sha256').update(what).digest('base64url') };
}

/** Two spellings of one order are one order. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => [name, inOrder(inner)]);
}

function refusalOf({ kind }: Claim, key: string): ControlError {
  switch (kind) {
    case 'running':
      return new ControlError(
        'order-in-progress',
        `The order with the key "${key}" is being carried out; ask again with the same key for how it ended.`,
      );
    case 'lost':
      return new ControlError(
        'outcome-unknown',
        `The control process that had the order with the key "${key}" ended before it could say how it went. ` +
          'Status and journal say what was done; if it was not, order it with a new key.',
      );
    default:
      return new ControlError(
        'key-reused',
        `The key "${key}" was given to another order; give each order a key of its own.`,
      );
  }
}
