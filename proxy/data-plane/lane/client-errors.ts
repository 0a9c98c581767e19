import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Problem } from '../exchange.ts';
import { answerWith } from './edge.ts';
import { linger } from './linger.ts';
import { problemAsText, problemOfRequest } from './problems.ts';
import type { ClientSettings } from './schema.ts';

/** What node's parser says of a connection on which it cannot go on. */
export interface UnreadableError extends Error {
  code?: string;
}

/**
 * Answers a request that the parser gave up, wherever an answer can still be told from others: not behind the head
 * of an answer, and not while an earlier request waits for its own. Everything else is a closed connection.
 */
export function refuseUnreadable(
  error: UnreadableError,
  socket: Socket,
  latest: ServerResponse | undefined,
  bounds: ClientSettings,
): void {
  // Nothing that still comes can be read: it would be an error again.
  socket.removeAllListeners('data');
  const problem = problemOfUnreadable(error.code ?? error.message, bounds);
  if (!socket.writable) return void socket.destroy();
  if (latest === undefined || latest.writableFinished) return refuseRaw(socket, problem, bounds.lingerMs);
  // What cannot be read is the body of a request that has been begun, or else the next request behind one.
  if (latest.req.complete) return void socket.destroy();
  answerWith(latest, problem, [], bounds.lingerMs);
}

/** Refuses on a connection on which no answer is under way, and closes it. */
export function refuseRaw(socket: Socket, problem: Problem, lingerMs: number): void {
  socket.on('error', () => socket.destroy());
  socket.write(problemAsText(problem, [['connection', 'close']]), 'latin1');
  socket.resume();
  linger(socket, lingerMs);
}

/** @param code that node's parser has for why it cannot go on */
export function problemOfUnreadable(code: string, bounds: ClientSettings): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return {
      status: 431,
      title: 'The request is too large',
      detail: `Its head is above the limit of ${bounds.maxHeaderBytes} bytes (proxy.clients.maxHeaderBytes).`,
    };
  }
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') {
    return { status: 413, title: 'The request is too large', detail: 'Its chunks have too long extensions.' };
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return headTooSlow(bounds);
  return problemOfRequest(`it is not HTTP/1.1 as the standard has it (${code})`);
}

/** What a client is told that has a connection and does not ask for anything. */
export function headTooSlow({ headersMs }: ClientSettings): Problem {
  return {
    status: 408,
    title: 'The request came too slowly',
    detail: `Its head did not come within ${headersMs} ms (proxy.clients.headersMs).`,
  };
}
