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

  plan(name: string, request: BodyOf<'planMove'>): Promise<AnswerOf<'planMove'>> {
    return this.#post<'planMove'>(`${pathOf(name)}/plan`, request);
  }

  move(name: string, order: BodyOf<'move'>): Promise<AnswerOf<'move'>> {
    return this.#post<'move'>(`${pathOf(name)}/moves`, order);
  }

  async verify(name: string, order: BodyOf<'verify'>): Promise<void> {
    await this.#post<'verify'>(`${pathOf(name)}/verifications`, order);
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
    return this.#post<'retryParked'>(`${pathOf(name)}/parked/retries`, order);
  }

  skipParked(name: string, order: BodyOf<'skipParked'>): Promise<AnswerOf<'skipParked'>> {
    return this.#post<'skipParked'>(`${pathOf(name)}/parked/skips`, order);
  }

  found(name: string): Promise<AnswerOf<'listFound'>> {
    return this.#get<'listFound'>(`${pathOf(name)}/verifications/last`);
  }

  holdBackfill(name: string, order: BodyOf<'holdBackfill'>): Promise<AnswerOf<'holdBackfill'>> {
    return this.#post<'holdBackfill'>(`${pathOf(name)}/backfill`, order);
  }

  certificate(name: string): Promise<AnswerOf<'getCertificate'>> {
    return this.#get<'getCertificate'>(`${pathOf(name)}/certificate`);
  }

  dropGuard(name: string, order: BodyOf<'dropGuard'>): Promise<AnswerOf<'dropGuard'>> {
    return this.#post<'dropGuard'>(`${pathOf(name)}/guard/removal`, order);
  }

  moves(): Promise<AnswerOf<'listMoves'>> {
    return this.#get<'listMoves'>('/v1/moves');
  }

  abort(name: string, order: BodyOf<'abort'>): Promise<AnswerOf<'abort'>> {
    return this.#post<'abort'>(`${pathOf(name)}/abort`, order);
  }

  resume(order: BodyOf<'resume'>): Promise<AnswerOf<'resume'>> {
    return this.#post<'resume'>('/v1/resume', order);
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
    const headers = { ...this.#headers, 'content-type': 'application/json' };
    return readJson(await this.#send(path, { method: 'POST', headers, body: JSON.stringify(body) }));
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
    );
  }
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
