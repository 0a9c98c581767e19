import type { Request, Response } from 'express';
import type { components, operations } from './api.gen.ts';
import type { Role } from './auth/caller.ts';
import type { SignIn } from './auth/sign-in.ts';
import type { EventStream } from './stream-events.ts';
import { ControlError, type Lifecycle, type MigrationStatus } from './lifecycle.ts';
import { METRICS_TYPE, renderMetrics } from './metrics.ts';
import { readPage, readRetry, readRowKey, readSkip } from './read-parking.ts';
import {
  readAbort,
  readBackfillOrder,
  readJournalQuery,
  readMove,
  readPlan,
  readQuestion,
  readResumption,
  readSignIn,
  readVerification,
} from './read-request.ts';

export type OperationId = keyof operations;

/** What an operation answers when it succeeds, by the document. `void` for an answer without a body. */
type Answer<Id extends OperationId> = operations[Id]['responses'] extends {
  200: { content: { 'application/json': infer Body } };
}
  ? Body
  : void;

type Handler<Id extends OperationId> = (request: Request, response: Response) => Promise<Answer<Id>>;

export interface Operation {
  method: 'get' | 'post' | 'delete';
  /** As Express writes it. */
  path: string;
  /** Who may; null for everybody, signed in or not. */
  role: Role | null;
  /** Changes something: may carry an `Idempotency-Key`. */
  isOrder: boolean;
  handle: (request: Request, response: Response) => Promise<unknown>;
}

/** Everything the API can do: one line of routing each, and the compiler misses none of the document's. */
export function operationsOf(
  lifecycle: Lifecycle,
  events: EventStream,
  signIn: SignIn,
): Record<OperationId, Operation> {
  return {
    listMigrations: get('/v1/migrations', () => lifecycle.status()),
    getMigration: get('/v1/migrations/:migration', async (request) =>
      find(await lifecycle.status(), nameIn(request)),
    ),
    planMove: ask('/v1/migrations/:migration/plan', (request) =>
      lifecycle.plan(nameIn(request), readPlan(request)),
    ),
    move: post('/v1/migrations/:migration/moves', (request) => {
      const order = readMove(request);
      return lifecycle.move(nameIn(request), order.request, order.actor);
    }),
    verify: post('/v1/migrations/:migration/verifications', async (request, response) => {
      const order = readVerification(request);
      await lifecycle.verify(nameIn(request), order.request, order.actor);
      response.status(202).location(`/v1/migrations/${encodeURIComponent(nameIn(request))}`);
    }),
    listFound: get('/v1/migrations/:migration/verifications/last', (request) =>
      lifecycle.found(nameIn(request)),
    ),
    holdBackfill: post('/v1/migrations/:migration/backfill', (request) => {
      const order = readBackfillOrder(request);
      return lifecycle.holdBackfill(nameIn(request), order.request, order.actor);
    }),
    listDifferences: get('/v1/migrations/:migration/differences', (request) =>
      lifecycle.differences(nameIn(request)),
    ),
    listParked: get('/v1/migrations/:migration/parked', (request) =>
      lifecycle.parked(nameIn(request), readPage(request)),
    ),
    readParkedRows: get('/v1/migrations/:migration/parked/rows', (request) =>
      lifecycle.parkedRows(nameIn(request), readRowKey(request)),
    ),
    retryParked: post('/v1/migrations/:migration/parked/retries', (request) =>
      lifecycle.retry(nameIn(request), readRetry(request)),
    ),
    skipParked: post('/v1/migrations/:migration/parked/skips', (request) => {
      const order = readSkip(request);
      return lifecycle.skip(nameIn(request), order.request, order.actor);
    }),
    abort: post('/v1/migrations/:migration/abort', (request) =>
      lifecycle.abort(nameIn(request), readAbort(request)),
    ),
    getCertificate: get('/v1/migrations/:migration/certificate', (request) =>
      lifecycle.certificate(nameIn(request)),
    ),
    dropGuard: post('/v1/migrations/:migration/guard/removal', (request) =>
      lifecycle.dropGuard(nameIn(request), readResumption(request)),
    ),
    listMoves: get('/v1/moves', () => lifecycle.underWay()),
    resume: post('/v1/resume', (request) => lifecycle.resume(readResumption(request))),
    readJournal: get('/v1/journal', (request) => lifecycle.log(readJournalQuery(request))),
    checkJournal: get('/v1/journal/verification', () => lifecycle.checkJournal()),
    explain: ask('/v1/explain', (request) => lifecycle.explain(readQuestion(request))),
    followEvents: get('/v1/events', async (request, response) => events.attach(request, response)),
    readMetrics: get('/metrics', async (_request, response): Promise<void> => {
      const text = await renderMetrics(lifecycle);
      response.type(METRICS_TYPE).send(text);
    }),
    readHealth: open(
      get('/v1/health', async (): Promise<components['schemas']['Health']> => ({ status: 'ok' })),
    ),
    getSession: open(get('/v1/session', async (request) => signIn.session(request))),
    signIn: open(
      ask('/v1/session', (request, response) => signIn.withToken(request, response, readSignIn(request))),
    ),
    signOut: open({
      ...get('/v1/session', async (request, response) => {
        await signIn.end(request, response);
        response.status(204);
      }),
      method: 'delete',
    }),
  } satisfies { [Id in OperationId]: Operation & { handle: Handler<Id> } };
}

type Handle<Result> = (request: Request, response: Response) => Promise<Result>;

function get<Result>(path: string, handle: Handle<Result>) {
  return { method: 'get' as const, path, role: 'viewer' as const, isOrder: false, handle };
}

/** Changes something. */
function post<Result>(path: string, handle: Handle<Result>) {
  return { method: 'post' as const, path, role: 'operator' as const, isOrder: true, handle };
}

/** Needs a body, and changes nothing. */
function ask<Result>(path: string, handle: Handle<Result>) {
  return { method: 'post' as const, path, role: 'viewer' as const, isOrder: false, handle };
}

/** For everybody, signed in or not. */
function open<Result, Method extends Operation['method']>(
  operation: Omit<Operation, 'handle' | 'method'> & { method: Method; handle: Handle<Result> },
) {
  return { ...operation, role: null };
}

function nameIn(request: Request): string {
  return String(request.params['migration']);
}

function find(all: MigrationStatus[], name: string): MigrationStatus {
  const found = all.find((migration) => migration.name === name);
  if (found) return found;
  const known = all.map((migration) => migration.name).join(', ') || 'none';
  throw new ControlError(
    'unknown-migration',
    `There is no migration ${JSON.stringify(name)}; there are: ${known}.`,
  );
}
