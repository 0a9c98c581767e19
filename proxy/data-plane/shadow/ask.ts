import {
  request as httpRequest,
  type ClientRequest,
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

type Decode = (body: Buffer, limit: { maxOutputLength: number }) => Promise<Buffer>;

const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);

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
  /**
   * Asks one side once, with connections of its own, and calls back once: a promise for each costs more than the rest.
   * Does not throw, for nobody stands above it who could catch that.
   */
  ask(question: Question, told: (asked: Asked) => void): void;
  close(): void;
}

/** The mirror's client: apart from that of the clients' requests, so that it cannot take their connections. */
export function createAsker(tls: UpstreamTls): Asker {
  const agents = new Agents(tls, { keepAlive: true, timeout: 4000, maxFreeSockets: 16 });
  const plain = new PlainAsker(tls);
  return {
    ask: (question, told) =>
      plain.ask(question, (asked) => {
        if (asked) told(asked);
        else askInGeneral(question, agents, told);
      }),
    close: () => {
      plain.close();
      agents.close();
    },
  };
}

function askInGeneral(question: Question, agents: Agents, told: (asked: Asked) => void): void {
  let request: ClientRequest;
  try {
    request = requestFor(question, agents);
  } catch (error) {
    return told({ kind: 'no answer', reason: error instanceof Error ? error.message : String(error) });
  }
  const { timeoutMs } = question;
  // One limit for the whole: a mirror must not collect answers that never end.
  const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  let isTold = false;
  const settle = (asked: Asked): void => {
    clearTimeout(timer);
    if (!isTold) told(asked);
    isTold = true;
  };
  request.once('error', (error) => settle({ kind: 'no answer', reason: error.message }));
  request.once('response', (response) => collect(response, question, settle));
  request.end();
}

function requestFor({ url, target, headers }: Question, agents: Agents): ClientRequest {
  const path = basePathOf(url) + target;
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return send({ host, port: url.port, path, method: 'GET', headers, agent: agents.agentFor(url) });
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
    const text = Buffer.concat(chunks).toString('latin1');
    whenKnown(answered({ status, header }, text, question), settle);
  });
}

/** Calls back with what may be there already. */
export function whenKnown<Value>(value: Value | Promise<Value>, told: (value: Value) => void): void {
  if (value instanceof Promise) void value.then(told);
  else told(value);
}

/**
 * Takes an answer for what was asked: at once, unless it has to be decoded. Never rejects.
 *
 * @param text the body, a character for each byte
 */
export function answered(
  head: AnswerHead,
  text: string,
  { wanted, maxBodyBytes }: Pick<Question, 'wanted' | 'maxBodyBytes'>,
): Asked | Promise<Asked> {
  if (text.length > maxBodyBytes) return { kind: 'too big' };
  const headers: Record<string, string> = {};
  for (const name of wanted) {
    const value = head.header(name);
    if (value !== undefined) headers[name] = value;
  }
  const { status } = head;
  const plain: Asked = { kind: 'answer', answer: new TextAnswer(status, headers, text) };
  // Identity was asked for, but some encode nevertheless.
  const decode = DECODERS.get(head.header('content-encoding') ?? 'identity');
  if (!decode || text === '') return plain;
  return decode(Buffer.from(text, 'latin1'), { maxOutputLength: maxBodyBytes }).then(
    (body): Asked => ({ kind: 'answer', answer: { status, headers, body } }),
    // What is not encoded as it says is compared as it is.
    (error: NodeJS.ErrnoException): Asked =>
      error.code === 'ERR_BUFFER_TOO_LARGE' ? { kind: 'too big' } : plain,
  );
}

/** Most answers agree as texts, so that bytes are made of the others only. */
class TextAnswer implements Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  #body: Buffer | null = null;

  constructor(status: number, headers: Readonly<Record<string, string>>, text: string) {
    this.status = status;
    this.headers = headers;
    this.text = text;
  }

  get body(): Buffer {
    return (this.#body ??= Buffer.from(this.text, 'latin1'));
  }
}
