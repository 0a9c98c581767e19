import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { HeaderPair, Problem, Side } from '../exchange.ts';

export type TimeLimit = 'connect' | 'first byte' | 'idle';

/** A limit that an upstream passed. */
export class UpstreamTimeout extends Error {
  readonly limit: TimeLimit;
  readonly ms: number;

  constructor(limit: TimeLimit, ms: number) {
    super(`The upstream passed the ${limit} limit of ${ms} ms.`);
    this.name = 'UpstreamTimeout';
    this.limit = limit;
    this.ms = ms;
  }
}

/** An answer that was given up because its status was not wanted. */
export class UnwantedAnswer extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`The upstream answered ${status}.`);
    this.name = 'UnwantedAnswer';
    this.status = status;
  }
}

const SETTING: Record<TimeLimit, string> = {
  connect: 'timeouts.connectMs',
  'first byte': 'timeouts.firstByteMs',
  idle: 'timeouts.idleMs',
};

// Node's codes for a certificate that it refuses; what the other end refuses begins with ERR_SSL.
const ABOUT_ITS_CERTIFICATE = /^(?!ERR_SSL).*(CERT|SELF_SIGNED|VERIFY_LEAF|INVALID_CA|INVALID_PURPOSE)/;

/** What the client is told when the decided side gave no answer. */
export function problemOfUpstream(error: Error, side: Side): Problem {
  if (error instanceof UpstreamTimeout) {
    return {
      status: 504,
      title: `The ${side} did not answer in time`,
      detail:
        `The ${side} passed the ${error.limit} limit of ${error.ms} ms. Whether it carried the request out is not ` +
        `known: look before sending a write again. If it is only slow, raise proxy.${SETTING[error.limit]}.`,
    };
  }
  const code = (error as NodeJS.ErrnoException).code ?? error.message;
  if (ABOUT_ITS_CERTIFICATE.test(code)) {
    return {
      status: 502,
      title: `The ${side} cannot be reached`,
      detail:
        `Nothing was sent: the certificate of the ${side} is not believed (${code}). Check that it is for this ` +
        `name and has not expired, and that its authority stands in the ca of its tls settings.`,
    };
  }
  const never = code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EHOSTUNREACH';
  return {
    status: 502,
    title: never ? `The ${side} cannot be reached` : `The ${side} broke off`,
    detail: never
      ? `Nothing was sent: connecting to the ${side} failed (${code}). Check that it runs and that its url is right.`
      : `The connection to the ${side} ended before its answer (${code}). Look before sending a write again.`,
  };
}

/** What the client is told when its request cannot be read in one way only. */
export function problemOfRequest(reason: string): Problem {
  return {
    status: 400,
    title: 'The request was refused',
    detail: `Nothing was sent to any side: ${reason}.`,
  };
}

/** Answers with a problem document (RFC 9457). */
export function writeProblem(res: ServerResponse, problem: Problem, more: readonly HeaderPair[] = []): void {
  const body = bodyOf(problem);
  res.writeHead(problem.status, headersOf(problem, body, more).flat()).end(body);
}

/** The same as text, for a connection that no response of node's belongs to. `more` stands behind its own headers. */
export function problemAsText(problem: Problem, more: readonly HeaderPair[], hasBody = true): string {
  const body = bodyOf(problem);
  const head = headersOf(problem, body, more).map(([name, value]) => `${name}: ${value}\r\n`);
  const phrase = STATUS_CODES[problem.status] ?? 'Refused';
  return `HTTP/1.1 ${problem.status} ${phrase}\r\n${head.join('')}\r\n${hasBody ? body : ''}`;
}

function headersOf(problem: Problem, body: string, more: readonly HeaderPair[]): HeaderPair[] {
  const headers: HeaderPair[] = [
    ['content-type', 'application/problem+json'],
    ['content-length', String(Buffer.byteLength(body))],
    ['cache-control', 'no-store'],
    ...Object.entries(problem.headers ?? {}),
    ...more,
  ];
  if (problem.retryAfterSeconds !== undefined)
    headers.push(['retry-after', String(problem.retryAfterSeconds)]);
  return headers;
}

function bodyOf(problem: Problem): string {
  return JSON.stringify({
    type: 'about:blank',
    title: problem.title,
    status: problem.status,
    detail: problem.detail,
  });
}
