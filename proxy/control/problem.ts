import { randomUUID } from 'node:crypto';
import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import type { components } from './api.gen.ts';
import { CONTROL_ERRORS, ControlError } from './lifecycle.ts';

export type Problem = components['schemas']['Problem'];

/** Any error as problem details (RFC 9457). What nobody foresaw is logged in full and told in one line. */
export function toProblem(error: unknown, logger: Logger): Problem {
  const known = asControlError(error) ?? unforeseen(error, logger);
  const { status, title } = CONTROL_ERRORS[known.code];
  return {
    type: `urn:strangler:problem:${known.code}`,
    title,
    status,
    code: known.code,
    detail: known.message,
    gates: known.gates,
  };
}

/** Express's last stop: every error leaves as a problem, never as a page or a stack trace. */
export function answerProblems(logger: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const { retryAfterSeconds } = error instanceof ControlError ? error : { retryAfterSeconds: null };
    if (retryAfterSeconds !== null) response.setHeader('Retry-After', retryAfterSeconds);
    sendProblem(response, toProblem(error, logger));
  };
}

function sendProblem(response: Response, problem: Problem): void {
  if (problem.code === 'unauthorized') response.setHeader('WWW-Authenticate', 'Bearer realm="strangler"');
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

function asControlError(error: unknown): ControlError | null {
  if (error instanceof ControlError) return error;
  const { status, type } = (error ?? {}) as { status?: unknown; type?: unknown };
  switch (type) {
    case 'entity.parse.failed':
      return new ControlError('bad-request', 'The body is not valid JSON.');
    case 'entity.too.large':
      return new ControlError(
        'too-large',
        'The body is larger than 16 KiB; no request here needs that much.',
      );
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new ControlError('not-json', 'Send the body as uncompressed JSON in UTF-8.');
    default:
      return typeof status === 'number' && status >= 400 && status < 500
        ? new ControlError('bad-request', 'The request could not be read.')
        : null;
  }
}

function unforeseen(error: unknown, logger: Logger): ControlError {
  const id = randomUUID();
  logger.error({ err: error, id }, 'the control API met an error that nobody foresaw');
  return new ControlError(
    'failed',
    `Something went wrong that nobody foresaw; the control API's log has it as ${id}.`,
  );
}
