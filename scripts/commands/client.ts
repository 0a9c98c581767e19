import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { components, operations } from '../../proxy/control/api.gen.ts';
import { CommandError, refusedBy } from './command-error.ts';
import { EXIT } from './exit-codes.ts';

export type Schemas = components['schemas'];

type BodyOf<Id extends keyof operations> = operations[Id] extends {
  requestBody: { content: { 'application/json': infer Body } };
}
  ? Body
  : never;

type AnswerOf<Id extends keyof operations> = operations[Id]['responses'] extends {
  200: { content: { 'application/json': infer Answer } };
}
  ? Answer
  : null;

/** Between a connection that broke and the next try, and between questions after an order that is at work. */
const RETRY_MS = 500;
/** Five minutes of questions. */
const MOST_ASKED = 600;

/** The control API as its document describes it; every failure is a `CommandError`. */
export class ControlClient {
  readonly url: string;
  readonly #headers: Record<string, string>;

  constructor(url: string, token: string | undefined, actor: string) {
    this.url = url.replace(/\/+$/, '');
    this.#headers = { 'x-strangler-actor': actor };
    if (token) this.#headers['authorization'] = `Bearer ${token}`;
  }

  migrations(): Promise<AnswerOf<'listMigrations'>> {
    return this.#get<'listMigrations'>('/v1/migrations');
  }

  migration(name: string): Promise<AnswerOf<'getMigration'>> {
    return this.#get<'getMigration'>(pathOf(name));
  }

  traffic(name: string): Promise<AnswerOf<'getTraffic'>> {
    return this.#get<'getTraffic'>(`${pathOf(name)}/traffic`);
  }

  lastChange(name: string): Promise<AnswerOf<'getLastChange'>> {
    return this.#get<'getLastChange'>(`${pathOf(name)}/moves/last`);
  }

  plan(name: string, request: BodyOf<'planMove'>): Promise<AnswerOf<'planMove'>> {
    return this.#post<'planMove'>(`${pathOf(name)}/plan`, request);
  }

  move(name: string, order: BodyOf<'move'>): Promise<AnswerOf<'move'>> {
    return this.#order<'move'>(`${pathOf(name)}/moves`, order);
  }

  async verify(name: string, order: BodyOf<'verify'>): Promise<void> {
    await this.#order<'verify'>(`${pathOf(name)}/verifications`, order);
  }

  contract(name: string): Promise<AnswerOf<'showContract'>> {
    return this.#get<'showContract'>(`${pathOf(name)}/contract`);
  }

  differences(name: string): Promise<AnswerOf<'listDifferences'>> {
    return this.#get<'listDifferences'>(`${pathOf(name)}/differences`);
  }

  parked(name: string, after: string | null, limit: number): Promise<AnswerOf<'listParked'>> {
    const query = new URLSearchParams({ limit: String(limit), ...(after === null ? {} : { after }) });
    return this.#get<'listParked'>(`${pathOf(name)}/parked?${query.toString()}`);
  }

  parkedRows(name: string, table: string, key: string): Promise<AnswerOf<'readParkedRows'>> {
    return this.#get<'readParkedRows'>(
      `${pathOf(name)}/parked/rows?${new URLSearchParams({ table, key }).toString()}`,
    );
  }

  retryParked(name: string, order: BodyOf<'retryParked'>): Promise<AnswerOf<'retryParked'>> {
    return this.#order<'retryParked'>(`${pathOf(name)}/parked/retries`, order);
  }

  skipParked(name: string, order: BodyOf<'skipParked'>): Promise<AnswerOf<'skipParked'>> {
    return this.#order<'skipParked'>(`${pathOf(name)}/parked/skips`, order);
  }

  found(name: string): Promise<AnswerOf<'listFound'>> {
    return this.#get<'listFound'>(`${pathOf(name)}/verifications/last`);
  }

  holdBackfill(name: string, order: BodyOf<'holdBackfill'>): Promise<AnswerOf<'holdBackfill'>> {
    return this.#order<'holdBackfill'>(`${pathOf(name)}/backfill`, order);
  }

  ignoreField(name: string, order: BodyOf<'ignoreField'>): Promise<AnswerOf<'ignoreField'>> {
    return this.#order<'ignoreField'>(`${pathOf(name)}/differences/ignored`, order);
  }

  certificate(name: string): Promise<AnswerOf<'getCertificate'>> {
    return this.#get<'getCertificate'>(`${pathOf(name)}/certificate`);
  }

  dropGuard(name: string, order: BodyOf<'dropGuard'>): Promise<AnswerOf<'dropGuard'>> {
    return this.#order<'dropGuard'>(`${pathOf(name)}/guard/removal`, order);
  }

  forgetKeys(name: string, order: BodyOf<'forgetKeys'>): Promise<AnswerOf<'forgetKeys'>> {
    return this.#order<'forgetKeys'>(`${pathOf(name)}/keys/removal`, order);
  }

  moves(): Promise<AnswerOf<'listMoves'>> {
    return this.#get<'listMoves'>('/v1/moves');
  }

  abort(name: string, order: BodyOf<'abort'>): Promise<AnswerOf<'abort'>> {
    return this.#order<'abort'>(`${pathOf(name)}/abort`, order);
  }

  resume(order: BodyOf<'resume'>): Promise<AnswerOf<'resume'>> {
    return this.#order<'resume'>('/v1/resume', order);
  }

  journal(migration?: string): Promise<AnswerOf<'readJournal'>> {
    const query = migration === undefined ? '' : `?migration=${encodeURIComponent(migration)}`;
    return this.#get<'readJournal'>(`/v1/journal${query}`);
  }

  checkJournal(): Promise<AnswerOf<'checkJournal'>> {
    return this.#get<'checkJournal'>('/v1/journal/verification');
  }

  explain(question: BodyOf<'explain'>): Promise<AnswerOf<'explain'>> {
    return this.#post<'explain'>('/v1/explain', question);
  }

  /** The raw event stream, from the event after `lastId` on. */
  events(lastId: string, signal: AbortSignal): Promise<Response> {
    const headers = { ...this.#headers, 'last-event-id': lastId };
    return this.#send('/v1/events', { headers, signal }, 'text/event-stream');
  }

  async #get<Id extends keyof operations>(path: string): Promise<AnswerOf<Id>> {
    return readJson(await this.#send(path, { headers: this.#headers }));
  }

  async #post<Id extends keyof operations>(path: string, body: BodyOf<Id>): Promise<AnswerOf<Id>> {
    return readJson(await this.#send(path, this.#posting(body)));
  }

  /**
   * Orders something that is carried out once: a connection that breaks before the answer is taken up again, once, and
   * the same is asked under the same key, until it is known how it ended.
   */
  async #order<Id extends keyof operations>(path: string, body: BodyOf<Id>): Promise<AnswerOf<Id>> {
    const init = this.#posting(body, { 'idempotency-key': randomUUID() });
    const once = (): Promise<AnswerOf<Id>> => this.#send(path, init).then(readJson<AnswerOf<Id>>);
    try {
      return await once();
    } catch (error) {
      if (!isBroken(error)) throw error;
    }
    await pause(RETRY_MS);
    for (let left = MOST_ASKED; ; left -= 1) {
      try {
        return await once();
      } catch (error) {
        const isAtWork = error instanceof CommandError && error.problem?.code === 'order-in-progress';
        if (isAtWork && left > 0) await pause(RETRY_MS);
        else throw error instanceof CommandError && error.problem !== null ? error : this.#unanswered();
      }
    }
  }

  #posting(body: unknown, headers: Record<string, string> = {}): RequestInit {
    return {
      method: 'POST',
      headers: { ...this.#headers, ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
  }

  #unanswered(): CommandError {
    return new CommandError(
      EXIT.failed,
      `The connection to ${this.url} broke before the answer, and the order could not be asked after; it may have been carried out: see \`strangler status\` and \`strangler log\`.`,
    );
  }

  async #send(path: string, init: RequestInit, type = 'application/json'): Promise<Response> {
    const response = await fetch(this.url + path, { ...init, redirect: 'manual' }).catch((error: unknown) => {
      throw this.#unreachable(error);
    });
    if (response.ok && (response.status === 202 || typeOf(response).startsWith(type))) return response;
    throw await this.#refusal(response);
  }

  async #refusal(response: Response): Promise<CommandError> {
    const body: unknown = await response.json().catch(() => null);
    if (typeOf(response).startsWith('application/problem+json') && body !== null) {
      return refusedBy(body as Schemas['Problem']);
    }
    return new CommandError(
      EXIT.failed,
      `What answers at ${this.url} is not a control API (HTTP ${response.status}, ${typeOf(response)}); check --url.`,
    );
  }

  #unreachable(error: unknown): CommandError {
    const { message, code } = causeOf(error);
    if (code === 'UND_ERR_HEADERS_TIMEOUT') {
      return new CommandError(
        EXIT.timedOut,
        `No answer from ${this.url} within five minutes; it may still be at work: see \`strangler status\`.`,
      );
    }
    return new CommandError(
      EXIT.failed,
      `No control API at ${this.url} (${code ?? message}); start it with \`strangler up\`, or name another with --url.`,
      null,
      { cause: error },
    );
  }
}

/** Whether the connection was there, and is not any more: the order may have arrived. */
function isBroken(error: unknown): boolean {
  const cause = error instanceof CommandError ? error.cause : error;
  if (cause === undefined) return false;
  const { code } = causeOf(cause);
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET';
}

function typeOf(response: Response): string {
  return response.headers.get('content-type') ?? 'no content type';
}

function pathOf(name: string): string {
  return `/v1/migrations/${encodeURIComponent(name)}`;
}

/** An answer of success is trusted to follow the document; the server's tests hold it to that. */
async function readJson<Answer>(response: Response): Promise<Answer> {
  const text = await response.text();
  return (text === '' ? null : JSON.parse(text)) as Answer;
}

/** `fetch` says "fetch failed" and hides why in a cause, or in a list of causes. */
function causeOf(error: unknown): { message: string; code?: string } {
  const { cause } = error as { cause?: unknown };
  if (cause instanceof AggregateError) return causeOf({ cause: cause.errors[0] as unknown });
  return (cause ?? error) as { message: string; code?: string };
}
