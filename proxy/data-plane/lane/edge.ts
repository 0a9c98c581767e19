import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { normalisePath, type NormalPath } from '../../routes/path.ts';
import { newExchange, type Carrier, type Exchange, type Outcome, type RequestHead } from '../exchange.ts';
import type { AnswerHead, Destination, HeaderPair, Problem } from '../exchange.ts';
import type { Forwarder, Trip } from './forward.ts';
import { clientAddress, clientProtocol, setForwarded, type TrustedProxies } from './forwarded.ts';
import { endToEndRequest } from './hop-by-hop.ts';
import { problemOfRequest, problemOfUpstream, writeProblem, writeProblemToSocket } from './problems.ts';

/** What the general lane needs to turn node's requests into plain values and back. */
export interface EdgeParts {
  forwarder: Forwarder;
  trusted: TrustedProxies;
  isClosing: () => boolean;
  /** Takes an exchange through the stages; never rejects. */
  carryOut: (exchange: Exchange) => Promise<void>;
}

/** Takes a request from node:http into the stages. */
export function receive(
  req: IncomingMessage,
  res: ServerResponse,
  expectsContinue: boolean,
  parts: EdgeParts,
): void {
  const target = readTarget(req);
  if (typeof target === 'string') {
    res.setHeader('connection', 'close');
    return writeProblem(res, problemOfRequest(target));
  }
  const sent = once(() => outgoing(req, parts));
  const mayContinue = once(() => expectsContinue && res.writeContinue());
  const carrier: Carrier = {
    forward: (exchange, destination) => {
      // The client of a waiting write keeps its body until now.
      mayContinue();
      return parts.forwarder.forward(req, res, tripOf(req, exchange, destination, sent(), parts));
    },
    refuse: (problem, headers) => {
      const closed = refused(res, problem);
      if (res.headersSent) res.destroy();
      else writeProblem(res, problem, headers);
      return closed;
    },
    sentHeaders: () => sent().headers,
    onClientGone: (left) => listen(res, left),
  };
  void parts.carryOut(newExchange(headOf(req, target, parts.trusted), carrier));
}

/** Takes a WebSocket handshake into the stages. */
export function receiveUpgrade(req: IncomingMessage, socket: Socket, head: Buffer, parts: EdgeParts): void {
  // Until the library listens, an error of this socket would end the process.
  socket.on('error', () => socket.destroy());
  const target = readTarget(req);
  if (typeof target === 'string') return writeProblemToSocket(socket, problemOfRequest(target));
  const sent = once(() => outgoing(req, parts));
  const carrier: Carrier = {
    forward: (exchange, destination) => {
      const trip = tripOf(req, exchange, destination, sent(), parts);
      req.headers.connection = 'Upgrade';
      req.headers.upgrade = 'websocket';
      // The library ends the socket right after it has reported a failure.
      const refuseAtOnce = (error: Error): number => {
        const problem = problemOfUpstream(error, exchange.decision.side);
        writeProblemToSocket(socket, problem, exchange.answerHeaders);
        return problem.status;
      };
      return parts.forwarder.upgrade(req, socket, head, { ...trip, refuseAtOnce });
    },
    refuse: (problem, headers) => {
      const closed = refused(socket, problem);
      writeProblemToSocket(socket, problem, headers);
      return closed;
    },
    sentHeaders: () => sent().headers,
    onClientGone: (left) => listen(socket, left),
  };
  void parts.carryOut(newExchange(headOf(req, target, parts.trusted), carrier));
}

function refused(client: ServerResponse | Socket, { status }: Problem): Promise<Outcome> {
  return new Promise((resolve) => {
    client.once('close', () => resolve({ status, failed: true, firstByteMs: null }));
  });
}

/** The target, or why the request is refused. */
function readTarget(req: IncomingMessage): NormalPath | string {
  const hosts = req.headersDistinct['host']?.length ?? 0;
  if (hosts > 1) return 'it carries more than one Host header';
  const coding = req.headers['transfer-encoding'];
  // Another coding would be forgotten with the header of this hop, and its bytes sent on as if they were plain.
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked')
    return 'its Transfer-Encoding is not "chunked"';
  const target = normalisePath(req.url ?? '');
  return target.kind === 'refusal' ? target.reason : target;
}

function headOf(req: IncomingMessage, target: NormalPath, trusted: TrustedProxies): RequestHead {
  // Kept as it came: the request's own headers are replaced when it is forwarded.
  const headers = req.headers;
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
  const peer = req.socket.remoteAddress ?? '';
  const isTrusted = trusted.includes(peer);
  const protocol = isEncrypted(req) ? 'https' : clientProtocol(header('x-forwarded-proto'), isTrusted);
  return {
    method: req.method ?? 'GET',
    target,
    header,
    peer,
    client: clientAddress(peer, header('x-forwarded-for'), trusted),
    isSecure: protocol === 'https',
    bodyBytes: headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : null,
  };
}

/** A request as it goes to an upstream, whichever that is. */
interface Outgoing {
  headers: IncomingHttpHeaders;
  wantsToEnd: boolean;
}

function outgoing(req: IncomingMessage, parts: EdgeParts): Outgoing {
  const { headers } = req;
  const wantsToEnd = /(^|,)\s*close\s*($|,)/i.test(headers.connection ?? '') || req.httpVersionMinor === 0;
  const sent = endToEndRequest(headers);
  // The proxy has answered the expectation itself, once it knew where the body goes.
  delete sent.expect;
  // A body without length keeps its framing: node would send that of a GET or DELETE without any.
  if (headers['transfer-encoding'] !== undefined) sent['transfer-encoding'] = 'chunked';
  const peer = req.socket.remoteAddress ?? '';
  const protocol = isEncrypted(req) ? 'https' : 'http';
  setForwarded(sent, { peer, host: headers.host ?? '', protocol }, parts.trusted.includes(peer));
  return { headers: sent, wantsToEnd };
}

function tripOf(
  req: IncomingMessage,
  exchange: Exchange,
  destination: Destination,
  sent: Outgoing,
  parts: EdgeParts,
): Trip {
  req.headers = { ...sent.headers };
  for (const [name, value] of exchange.upstreamHeaders) req.headers[name.toLowerCase()] = value;
  return {
    ...destination,
    answerHeaders: (answer) => completed(exchange, answer),
    endConnection: () => sent.wantsToEnd || parts.isClosing(),
  };
}

function completed(exchange: Exchange, answer: AnswerHead): readonly HeaderPair[] {
  for (const look of exchange.beforeAnswer) look(answer);
  return exchange.answerHeaders;
}

function isEncrypted({ socket }: IncomingMessage): boolean {
  return 'encrypted' in socket;
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | null = null;
  return () => (made ??= { value: make() }).value;
}

function listen(stream: ServerResponse | Socket, left: () => void): () => void {
  if (stream.destroyed) {
    left();
    return () => undefined;
  }
  stream.once('close', left);
  return () => stream.off('close', left);
}
