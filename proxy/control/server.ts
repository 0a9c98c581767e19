import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import { hardenAnswers, refuseForeignHosts, refuseForeignPages, requireJson, requireToken } from './guard.ts';
import { ControlError, type Lifecycle } from './lifecycle.ts';
import { isLoopback, listenOn, refuseUnprotected, urlOf, type Listen } from './listen.ts';
import { operationsOf, type Operation } from './operations.ts';
import { answerProblems } from './problem.ts';
import { servePage } from './serve-page.ts';
import { EventStream, type Pace } from './stream-events.ts';

export interface ControlOptions {
  lifecycle: Lifecycle;
  listen: Listen;
  /** Needed wherever others than this machine can reach the port. */
  token: string | null;
  logger: Logger;
  pace?: Pace;
}

export interface Control {
  url: string;
  /** Ends the streams and resolves when requests under way have their answers. */
  close(): Promise<void>;
}

const PACE: Pace = { atLeastMs: 200, heartbeatMs: 5000 };

/** Starts the control API and the dashboard. */
export async function startControl(options: ControlOptions): Promise<Control> {
  refuseUnprotected(options.listen, options.token);
  const events = new EventStream(options.lifecycle, options.logger, options.pace ?? PACE);
  const server = await listenOn(options.listen, buildApp(options, events));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      events.close();
    });
  return { url: urlOf(server), close };
}

/** The way of a request to the control API, in order. */
function buildApp({ lifecycle, listen, token, logger }: ControlOptions, events: EventStream): Express {
  const operations = operationsOf(lifecycle, events);
  const app = express().disable('x-powered-by').enable('case sensitive routing');
  app.use(hardenAnswers);
  if (isLoopback(listen.host)) app.use(refuseForeignHosts);
  app.use(servePage());
  // Before the token is asked for: whoever watches whether we live need not know it.
  route(app, operations.readHealth);
  if (token !== null) app.use(requireToken(token));
  app.use(refuseForeignPages, requireJson, express.json({ limit: '16kb', inflate: false }));
  app.use(logOrders(logger));
  for (const operation of Object.values(operations)) route(app, operation);
  refuseOtherMethods(app, Object.values(operations));
  app.use((request) => {
    throw new ControlError('unknown-path', `There is nothing at ${request.path}; the API is under /v1.`);
  });
  return app.use(answerProblems(logger));
}

function route(app: Express, { method, path, handle }: Operation): void {
  app[method](path, async (request, response) => {
    const body = await handle(request, response);
    if (body !== undefined) response.json(body);
    else if (!response.headersSent) response.end();
  });
}

function refuseOtherMethods(app: Express, operations: Operation[]): void {
  for (const { method, path } of operations) {
    app.all(path, (request, response) => {
      const allowed = method.toUpperCase();
      response.set('Allow', allowed);
      throw new ControlError(
        'method-not-allowed',
        `${request.path} takes ${allowed}, not ${request.method}.`,
      );
    });
  }
}

function logOrders(logger: Logger): RequestHandler {
  return (request, response, next) => {
    if (request.method !== 'POST') return next();
    const started = performance.now();
    response.on('close', () => {
      const durationMs = Math.round(performance.now() - started);
      const order = { path: request.path, actor: request.get('x-strangler-actor')?.slice(0, 100) };
      logger.info({ ...order, status: response.statusCode, durationMs }, 'an order was answered');
    });
    next();
  };
}
