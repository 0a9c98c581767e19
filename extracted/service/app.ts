import express, { type Express } from 'express';
import { answerError, answerUnknownRoute } from './http/answer-error.ts';
import type { Logger } from './log.ts';
import type { Measured } from './metrics.ts';
import { type AnyRoutes, type Method, sending } from './operations.ts';
import type { Traces } from './traces.ts';

/** What watches the requests of a service. */
export interface Watchers {
  log: Logger;
  metrics: Measured;
  traces: Traces;
}

/** A service's operations, each measured, logged and traced under its path in openapi.yaml. */
export function createApp(routes: AnyRoutes, { log, metrics, traces }: Watchers): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/metrics', metrics.answer);
  app.use(metrics.measure, log.requests, traces.follow);
  app.use(express.json());
  for (const [path, handlers] of Object.entries(routes)) {
    for (const [method, handler] of Object.entries(handlers)) {
      app[method as Method](path.replace(/\{(\w+)\}/g, ':$1'), sending(handler));
    }
  }
  app.use(answerUnknownRoute);
  app.use(answerError(log));
  return app;
}
