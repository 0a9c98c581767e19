import type { RequestHandler } from 'express';
import pino from 'pino';
import { routeOf } from './metrics.ts';
import { traceIdNow } from './traces.ts';

export interface Logger {
  requests: RequestHandler;
  error(error: unknown, message: string): void;
  warn(facts: object, message: string): void;
}

/** JSON lines on standard error, from LOG_LEVEL on; at `info` a line for each request. */
export function createLogger(name: string): Logger {
  const level = process.env.LOG_LEVEL ?? 'warn';
  const log = pino({ name, level, mixin: traceIdNow }, pino.destination({ dest: 2, sync: true }));
  return {
    requests: (request, response, next) => {
      const started = performance.now();
      response.once('finish', () => {
        const ms = Math.round((performance.now() - started) * 10) / 10;
        const { method, path } = request;
        log.info({ method, path, route: routeOf(request), status: response.statusCode, ms }, 'answered');
      });
      next();
    },
    error: (error, message) => log.error({ err: error }, message),
    warn: (facts, message) => log.warn(facts, message),
  };
}
