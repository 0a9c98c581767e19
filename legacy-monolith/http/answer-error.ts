import type { ErrorRequestHandler, RequestHandler } from 'express';
import { databaseRefusal } from './database-refusal.ts';
import { badRequest, notFound, Refusal } from './refusal.ts';

export const answerUnknownRoute: RequestHandler = (request) => {
  throw notFound(`There is no ${request.method} ${request.path}.`);
};

/** Every failure leaves as JSON. What we did not foresee is logged, and its stack stays here. */
export const answerError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) return next(error);
  const refusal = asRefusal(error);
  if (refusal.status === 500) console.error(error);
  if (refusal.status === 503) response.set('Retry-After', '1');
  response.status(refusal.status).json({ error: { code: refusal.code, message: refusal.message } });
};

/** What a client is told of any failure. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return (
    databaseRefusal(error) ??
    unreadableRequest(error) ??
    new Refusal(500, 'internal_error', 'Something went wrong on our side.')
  );
}

/** Express and its body parser mark their errors with a status and a type. */
function unreadableRequest(error: unknown): Refusal | undefined {
  const { status, type } = error as { status?: number; type?: string };
  if (status === 413) return new Refusal(413, 'too_large', 'The body is larger than 100 kB.');
  if (status === 415)
    return new Refusal(415, 'unsupported', 'The body has an encoding that is not supported.');
  if (status !== 400) return undefined;
  return badRequest(
    type === 'entity.parse.failed' ? 'The body is not valid JSON.' : 'The request cannot be read.',
  );
}
