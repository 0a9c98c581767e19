import { signal } from '@preact/signals';
import createClient from 'openapi-fetch';
import type { components, paths } from '../../control/api.gen.ts';
import { actor, session } from './session.ts';

export type Schemas = components['schemas'];

/** The control API said no, or could not be asked. */
export class Refused extends Error {
  readonly problem: Schemas['Problem'];
  constructor(problem: Schemas['Problem']) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** The control API as its document describes it. */
export const api = createClient<paths>({ baseUrl: location.origin, cache: 'no-store' });

api.use({
  onRequest({ request }) {
    const csrfToken = session.value?.csrfToken;
    if (csrfToken) request.headers.set('x-strangler-csrf', csrfToken);
    if (actor.value) request.headers.set('x-strangler-actor', printable(actor.value));
    return request;
  },
});

/** Questions that have no answer yet. */
export const asking = signal(0);

/** What was answered; rejects with `Refused` when the answer is no or there is none. */
export async function answerOf<Answer>(
  asked: Promise<{ data?: Answer; error?: unknown; response: Response }>,
): Promise<Answer> {
  asking.value += 1;
  const { data, error, response } = await asked
    .catch(() => {
      throw new Refused(problem(0, 'unreachable', 'The control API did not answer. Look at the connection.'));
    })
    .finally(() => (asking.value -= 1));
  if (response.ok) return data as Answer;
  throw new Refused(isProblem(error) ? error : problem(response.status, 'failed', `HTTP ${response.status}`));
}

function problem(status: number, code: Schemas['Problem']['code'], detail: string): Schemas['Problem'] {
  return { type: 'about:blank', title: detail, status, code, detail, gates: [] };
}

/** As much of a name as a header can carry. */
function printable(name: string): string {
  return name.normalize('NFKD').replaceAll(/[^\x20-\x7e]/g, '');
}

function isProblem(value: unknown): value is Schemas['Problem'] {
  return typeof value === 'object' && value !== null && 'detail' in value && 'code' in value;
}
