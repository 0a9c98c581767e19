import {
  request as httpRequest,
  type Agent,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { AnswerHead } from '../exchange.ts';
import { basePathOf } from '../lane/rewrite.ts';
import { Agents } from '../tls/agents.ts';
import type { UpstreamTls } from '../tls/upstream.ts';
import { PlainAsker } from './ask-plainly.ts';
import type { Answer } from './compare.ts';

const DECODERS: Readonly<
  Record<string, (body: Buffer, limit: { maxOutputLength: number }) => Promise<Buffer>>
> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

export type Asked =
  { kind: 'answer'; answer: Answer } | { kind: 'too big' } | { kind: 'no answer'; reason: string };

export interface Question {
  url: URL;
  /** Path and query, the bytes that the client sent. */
  target: string;
  headers: OutgoingHttpHeaders;
  /** Headers of the answer that are wanted, in lower case. */
  wanted: readonly string[];
  maxBodyBytes: number;
  timeoutMs: number;
}

export interface Asker {
  /** Asks one side once, with connections of its own. Never rejects. */
  ask(question: Question): Promise<Asked>;
  close(): void;
}

/** The mirror's client: apart from that of the clients' requests, so that it cannot take their connections. */
export function createAsker(tls: UpstreamTls): Asker {
  const agents = new Agents(tls, { keepAlive: true, timeout: 4000, maxFreeSockets: 16 });
  const plain = new PlainAsker(tls);
  return {
    ask: async (question) => (await plain.ask(question)) ?? ask(question, agents.agentFor(question.url)),
    close: () => {
      plain.close();
      agents.close();
    },
  };
}

function ask(question: Question, agent: Agent): Promise<Asked> {
  const { url, target, headers, timeoutMs } = question;
  const path = basePathOf(url) + target;
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
    request.once('response', (response) => collect(response, question, settle));
    request.end();
  });
}

function collect(response: IncomingMessage, question: Question, settle: (asked: Asked) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= question.maxBodyBytes) return void chunks.push(chunk);
    settle({ kind: 'too big' });
    response.destroy();
  });
  response.once('error', (error) => settle({ kind: 'no answer', reason: error.message }));
  response.once('end', () => {
    const { statusCode: status = 0, headersDistinct: headers } = response;
    const header = (name: string): string | undefined => headers[name]?.join(', ');
    void answered({ status, header }, Buffer.concat(chunks), question).then(settle);
  });
}

/** Takes an answer for what was asked. */
export async function answered(
  head: AnswerHead,
  body: Buffer,
  { wanted, maxBodyBytes }: Pick<Question, 'wanted' | 'maxBodyBytes'>,
): Promise<Asked> {
  if (body.length > maxBodyBytes) return { kind: 'too big' };
  const plain = await decoded(body, head.header('content-encoding') ?? 'identity', maxBodyBytes);
  if (plain === null) return { kind: 'too big' };
  const headers: Record<string, string> = {};
  for (const name of wanted) {
    const value = head.header(name);
    if (value !== undefined) headers[name] = value;
  }
  return { kind: 'answer', answer: { status: head.status, headers, body: plain } };
}

/** Identity was asked for, but some encode nevertheless. Null when what comes out is above the limit. */
async function decoded(body: Buffer, encoding: string, maxOutputLength: number): Promise<Buffer | null> {
  const decode = DECODERS[encoding];
  if (!decode || body.length === 0) return body;
  return decode(body, { maxOutputLength }).catch((error: NodeJS.ErrnoException) =>
    // What is not encoded as it says is compared as it is.
    error.code === 'ERR_BUFFER_TOO_LARGE' ? null : body,
  );
}
