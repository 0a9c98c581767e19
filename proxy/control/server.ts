import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import { authenticate, isOpen, isStillWelcome, permit, type Doors } from './auth/authenticate.ts';
import { callerOf } from './auth/caller.ts';
import { AttemptLimit } from './auth/limit-attempts.ts';
import { MemorySessions, Sessions, type SessionStore } from './auth/sessions.ts';
import type { Oidc } from './auth/oidc/oidc.ts';
import { SignInByOidc } from './auth/oidc/sign-in-by-oidc.ts';
import { SignIn } from './auth/sign-in.ts';
import type { Token } from './auth/tokens.ts';
import { hardenAnswers, refuseForeignHosts, refuseForeignPages, requireJson } from './guard.ts';
import { ControlError, type Lifecycle } from './lifecycle.ts';
import { isLoopback, listenOn, refuseUnprotected, urlOf, type Listen } from './listen.ts';
import { operationsOf } from './operations/all.ts';
import type { Operation } from './operations/operation.ts';
import { answerOnce } from './orders/answer-once.ts';
import { MemoryAnswers, type KeptAnswers } from './orders/kept-answers.ts';
import { answerProblems } from './problem.ts';
import { servePage } from './serve-page.ts';
import { EventStream, type Pace } from './stream/stream-events.ts';

export interface ControlOptions {
  lifecycle: Lifecycle;
  listen: Listen;
  /** Who is let in; needed wherever others than this machine can reach the port. */
  tokens: readonly Token[];
  logger: Logger;
  pace?: Pace;
  /** Browsers reach the page by HTTPS alone. */
  secure?: boolean;
  /** Who else vouches for people and machines. */
  oidc?: Oidc | null;
  /** Where sessions and answers are kept; in this process by default. */
  sessions?: SessionStore;
  answers?: KeptAnswers;
}

export interface Control {
  url: string;
  /** Ends the streams and resolves when requests under way have their answers. */
  close(): Promise<void>;
}

const PACE: Pace = { atLeastMs: 200, heartbeatMs: 5000 };

/** Starts the control API and the dashboard. */
export async function startControl(options: ControlOptions): Promise<Control> {
  const { tokens, sessions = new MemorySessions(), oidc = null } = options;
  const doors: Doors = {
    tokens,
    sessions: new Sessions(sessions, tokens, oidc !== null),
    attempts: new AttemptLimit(),
    oidc,
  };
  refuseUnprotected(options.listen, isOpen(doors));
  const { lifecycle, logger, pace = PACE } = options;
  const events = new EventStream(lifecycle, logger, pace, (request) => isStillWelcome(doors, request));
  const server = await listenOn(options.listen, buildApp(options, doors, events));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      events.close();
    });
  return { url: urlOf(server), close };
}

/** The way of a request to the control API, in order. */
function buildApp(options: ControlOptions, doors: Doors, events: EventStream): Express {
  const { lifecycle, listen, logger, answers = new MemoryAnswers(), secure = false } = options;
  const signIn = new SignIn(doors, secure);
  const byOidc = new SignInByOidc(doors.oidc, { sessions: doors.sessions, signIn, secure, logger });
  const operations = operationsOf(lifecycle, events, signIn, byOidc);
  const all = Object.values(operations);
  const app = express().disable('x-powered-by').enable('case sensitive routing');
  app.use(hardenAnswers);
  if (isLoopback(listen.host)) app.use(refuseForeignHosts);
  app.use(servePage());
  // Before anybody is asked who they are: whoever watches whether we live need not say.
  route(app, operations.readHealth, answers, logger);
  app.use(authenticate(doors), refuseStrangers(all));
  app.use(refuseForeignPages, requireJson, express.json({ limit: '16kb', inflate: false }));
  app.use(logOrders(logger));
  for (const operation of all) route(app, operation, answers, logger);
  refuseOtherMethods(app, all);
  app.use((request) => {
    throw new ControlError('unknown-path', `There is nothing at ${request.path}; the API is under /v1.`);
  });
  return app.use(answerProblems(logger));
}

/** Nobody who is not known learns more than how to sign in. */
function refuseStrangers(operations: Operation[]): RequestHandler {
  const open = new Set(operations.filter(({ role }) => role === null).map(({ path }) => path));
  return (request, _response, next) => {
    if (!open.has(request.path) && callerOf(request) === null) permit(request, 'viewer');
    next();
  };
}

function route(
  app: Express,
  { method, path, role, isOrder, handle }: Operation,
  answers: KeptAnswers,
  logger: Logger,
): void {
  if (role !== null)
    app[method](path, (request, _response, next) => {
      permit(request, role);
      next();
    });
  if (isOrder) app[method](path, answerOnce(handle, answers, logger));
  else
    app[method](path, async (request, response) => {
      const body = await handle(request, response);
      if (body !== undefined) response.json(body);
      else if (!response.headersSent) response.end();
    });
}

function refuseOtherMethods(app: Express, operations: Operation[]): void {
  for (const [path, same] of Map.groupBy(operations, ({ path }) => path)) {
    const allowed = same.map(({ method }) => method.toUpperCase()).join(', ');
    app.all(path, (request, response) => {
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
      const actor = callerOf(request)?.name ?? request.get('x-strangler-actor')?.slice(0, 100);
      const order = { path: request.path, actor };
      logger.info({ ...order, status: response.statusCode, durationMs }, 'an order was answered');
    });
    next();
  };
}
