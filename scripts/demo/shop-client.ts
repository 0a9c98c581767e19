import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';

const TIMEOUT_MS = 10_000;

export interface Answer {
  status: number;
  body: unknown;
}

/** One customer's browser: a connection that is kept open, and a cookie jar. */
export class ShopClient {
  readonly #origin: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #cookies = new Map<string, string>();

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** Answers whatever the status is; throws when there was no whole answer. */
  ask(method: string, path: string, body?: object): Promise<Answer> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers: Record<string, string | number> = {};
    if (payload !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(payload);
    }
    if (this.#cookies.size > 0) {
      headers['cookie'] = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    }
    return new Promise((resolve, reject) => {
      const options = { method, headers, agent: this.#agent, timeout: TIMEOUT_MS };
      const asked = request(new URL(path, this.#origin), options, (response) => {
        this.#keepCookies(response);
        readAnswer(response).then(resolve, reject);
      });
      asked.on('timeout', () => asked.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      asked.on('error', reject);
      asked.end(payload);
    });
  }

  /** A new visitor from now on. */
  forget(): void {
    this.#cookies.clear();
  }

  close(): void {
    this.#agent.destroy();
  }

  #keepCookies(response: IncomingMessage): void {
    for (const cookie of response.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(cookie) ?? [];
      if (name !== undefined && value !== undefined) this.#cookies.set(name, value);
    }
  }
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  // A connection that breaks in the middle ends the stream without an error on some paths.
  if (!response.complete) throw new Error('the answer was cut off');
  return { status: response.statusCode ?? 0, body: text === '' ? null : parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
