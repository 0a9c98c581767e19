import { setTimeout as pause } from 'node:timers/promises';
import { Refusal } from './http/refusal.ts';
import { calling } from './traces.ts';

/** An attempt that takes longer is given up, and the other place asked. */
const ATTEMPT_MS = 1000;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 200;

export interface Step {
  method: 'PUT' | 'POST' | 'DELETE';
  path: string;
  body?: object;
}

/** Nobody has carried a step out before its time was over; somebody may have begun to. */
export class NobodyAnsweredError extends Error {
  constructor(capability: string, { method, path }: Step, last: string) {
    super(`${capability} has not carried out ${method} ${path} in time; the last answer: ${last}`);
    this.name = 'NobodyAnsweredError';
  }
}

/**
 * The applications that may have a capability now: its service, and the monolith before and after. Only one of them
 * takes its writes at any time; the database of the other refuses. So each is asked until one has done it, first the
 * one that did it last. Every step has to be one that may be asked for twice.
 */
export class Places {
  readonly #capability: string;
  readonly #urls: readonly string[];
  #last = 0;

  /** @param urls the monolith first: before a service follows, nothing refuses what is sent there too early */
  constructor(capability: string, urls: readonly string[]) {
    if (urls.length === 0) throw new Error(`there is no place of ${capability} to ask`);
    this.#capability = capability;
    this.#urls = urls;
  }

  /**
   * Has a step carried out.
   *
   * @param until moment (Date.now()) after which no more is tried
   * @returns the body of the answer, null where it has none
   * @throws Refusal when the capability refuses the step for good (4xx)
   * @throws NobodyAnsweredError
   */
  async ask(step: Step, until: number): Promise<unknown> {
    let last = 'none';
    for (let round = 0; ; round += 1) {
      for (let offset = 0; offset < this.#urls.length; offset += 1) {
        const left = until - Date.now();
        if (left <= 0) throw new NobodyAnsweredError(this.#capability, step, last);
        const index = (this.#last + offset) % this.#urls.length;
        const answer = await attempt(this.#urls[index]!, step, Math.min(left, ATTEMPT_MS));
        if (answer.status >= 400 && answer.status < 500) throw refusalOf(answer);
        if (answer.status >= 200 && answer.status < 300) {
          this.#last = index;
          return answer.body;
        }
        last = `${answer.status} ${JSON.stringify(answer.body)}`;
      }
      await pause(Math.min(FIRST_PAUSE_MS * 2 ** round, LONGEST_PAUSE_MS));
    }
  }
}

interface Given {
  status: number;
  body: unknown;
}

function attempt(url: string, { method, path, body }: Step, ms: number): Promise<Given> {
  return calling(`${method} ${path.replace(/[0-9a-f]{32}/, '{reference}')}`, async (headers) => {
    try {
      const answer = await fetch(`${url}${path}`, {
        method,
        signal: AbortSignal.timeout(ms),
        headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await answer.text();
      return { status: answer.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
    } catch (error) {
      const { message, cause } = error as Error;
      return { status: 0, body: cause instanceof Error ? cause.message : message };
    }
  });
}

function refusalOf({ status, body }: Given): Refusal {
  const { error } = (body ?? {}) as { error?: { code?: string; message?: string } };
  return new Refusal(status, error?.code ?? 'refused', error?.message ?? `refused with ${status}`);
}

/** A comma between the places of a capability, e.g. `http://127.0.0.1:4010,http://127.0.0.1:4103`. */
export function placesFrom(variable: string, fallback: string): Places {
  const capability = variable.replace(/_PLACES$/, '').toLowerCase();
  const urls = (process.env[variable] ?? fallback).split(',').map((url) => url.trim().replace(/\/$/, ''));
  for (const url of urls) {
    if (!URL.canParse(url)) throw new Error(`${variable}: "${url}" is not a URL`);
  }
  return new Places(capability, urls);
}
