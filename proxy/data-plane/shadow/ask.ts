import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Answer } from './compare.ts';

export type Asked =
  { kind: 'answer'; answer: Answer } | { kind: 'too big' } | { kind: 'no answer'; reason: string };

export interface Question {
  url: URL;
  /** Path and query, the bytes that the client sent. */
  target: string;
  headers: OutgoingHttpHeaders;
  maxBodyBytes: number;
  timeoutMs: number;
}

export interface Asker {
  /** Asks one side once, with connections of its own. Never rejects. */
  ask(question: Question): Promise<Asked>;
  close(): void;
}

/** The mirror's client: apart from that of the clients' requests, so that it cannot take their connections. */
export function createAsker(): Asker {
  const agent = new HttpAgent({ keepAlive: true, timeout: 4000, maxFreeSockets: 16 });
  const secureAgent = new HttpsAgent({ keepAlive: true, timeout: 4000, maxFreeSockets: 16 });
  return {
    ask: (question) => ask(question, question.url.protocol === 'https:' ? secureAgent : agent),
    close: () => [agent, secureAgent].forEach((each) => each.destroy()),
  };
}

function ask(question: Question, agent: HttpAgent): Promise<Asked> {
  const { url, target, headers, timeoutMs } = question;
  const path = url.pathname === '/' ? target : url.pathname.replace(/\/$/, '') + target;
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const request = send({ host, port: url.port, path, method: 'GET', headers, agent });
    // One limit for the whole: a mirror must not collect answers that never end.
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const settle = (asked: Asked): void => {
      clearTimeout(timer);
      resolve(asked);
    };
    request.once('error', (error) => settle({ kind: 'no answer', reason: error.message }));
    request.once('response', (response) => collect(response, question.maxBodyBytes, settle));
    request.end();
  });
}

function collect(response: IncomingMessage, maxBodyBytes: number, settle: (asked: Asked) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBodyBytes) return void chunks.push(chunk);
    settle({ kind: 'too big' });
    response.destroy();
  });
  response.once('error', (error) => settle({ kind: 'no answer', reason: error.message }));
  response.once('end', () => {
    const contentType = response.headers['content-type'] ?? '';
    settle({
      kind: 'answer',
      answer: { status: response.statusCode ?? 0, contentType, body: Buffer.concat(chunks) },
    });
  });
}
