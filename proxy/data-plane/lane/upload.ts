import type { ClientRequest, IncomingMessage } from 'node:http';
import { pairsOf } from './pass-answer.ts';
import { hearLastWords } from './last-words.ts';
import { mayBeTrailer } from './hop-by-hop.ts';

export interface Upload {
  req: IncomingMessage;
  /** From the head: null for a body of unknown length, 0 for none. */
  bytes: number | null;
  /** Set when the client waits to be asked for its body. */
  expectation: { continueMs: number; ask: () => void } | null;
  /** Longest body; 0 takes any. */
  maxBytes: number;
  /** Called once when a body without announced length has grown too long. */
  tooLong: () => void;
  /** Headers that the proxy itself answers for: as trailers of the client they could be taken for its word. */
  isOurs: (name: string) => boolean;
}

/** Sends a client's body on, at the speed at which the upstream takes it, and ends the request with it. */
export function sendUpload(request: ClientRequest, upload: Upload): void {
  const { req, bytes, expectation, maxBytes } = upload;
  if (bytes === 0) return void request.end();
  if (request.socket) request.once('close', hearLastWords(request.socket));
  const pass = (): void => {
    // Whoever listens makes the body flow: to count it before it may go on would be to throw it away.
    if (bytes === null && maxBytes > 0) countBytes(upload);
    req.pipe(request);
  };
  // Trailers have to be set before the pipe ends the request; this listener stands before its own.
  req.once('end', () => addTrailers(upload, request));
  if (!expectation) {
    sendHeadWithoutBody(request);
    return pass();
  }
  askFirst(request, expectation.continueMs, () => {
    expectation.ask();
    pass();
  });
}

/** An upstream may have its say before there is a body; together with a first piece of it the head costs no packet. */
function sendHeadWithoutBody(request: ClientRequest): void {
  setImmediate(() => {
    if (!request.destroyed) request.flushHeaders();
  });
}

/**
 * Lets the upstream say whether it wants the body, as RFC 9110 §10.1.1 has it: one that refuses the upload is spared
 * it. An upstream that does not know the expectation says nothing, so there is a limit.
 */
function askFirst(request: ClientRequest, limitMs: number, wanted: () => void): void {
  request.setHeader('expect', '100-continue');
  request.flushHeaders();
  const timer = setTimeout(() => goOn(), limitMs);
  const stop = (): void => {
    clearTimeout(timer);
    request.off('continue', goOn);
  };
  const goOn = (): void => {
    stop();
    wanted();
  };
  request.once('continue', goOn);
  request.once('response', stop);
  request.once('close', stop);
}

function countBytes({ req, maxBytes, tooLong }: Upload): void {
  let seen = 0;
  const count = (chunk: Buffer): void => {
    seen += chunk.length;
    if (seen <= maxBytes) return;
    req.off('data', count);
    tooLong();
  };
  req.on('data', count);
}

function addTrailers({ req, isOurs }: Upload, request: ClientRequest): void {
  if (req.rawTrailers.length === 0) return;
  request.addTrailers(pairsOf(req.rawTrailers).filter(([name]) => mayBeTrailer(name) && !isOurs(name)));
}
