import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { normalisePath, type NormalPath } from '../routes/path.ts';
import { newExchange, type Carrier, type Exchange, type Outcome, type RequestHead } from './exchange.ts';
import type { Forwarder, Trip } from './forward.ts';
import { clientProtocol, setForwarded, type TrustedProxies } from './forwarded.ts';
import { endToEndRequest } from './hop-by-hop.ts';
import { problemOfRequest, writeProblem, writeProblemToSocket } from './problems.ts';

/** What the general lane needs to turn node's requests into plain values and back. */
export interface EdgeParts {
  forwarder: Forwarder;
  trusted: TrustedProxies;
  targetOf: (exchange: Exchange) => URL;
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
  const carrier: Carrier = {
    forward: (exchange, upstreamDone) => {
      // The client of a waiting write keeps its body until now.
      if (expectsContinue) res.writeContinue();
      return parts.forwarder.forward(req, res, prepare(req, exchange, upstreamDone, parts));
    },
    refuse: (problem) => {
      const closed = new Promise<Outcome>((resolve) => {
        res.once('close', () => resolve({ status: problem.status, failed: true, firstByteMs: null }));
      });
      if (res.headersSent) res.destroy();
      else writeProblem(res, problem);
      return closed;
    },
    sentHeaders: () => req.headers,
    onClientGone: (left) => listen(res, left),
  };
  void parts.carryOut(newExchange(headOf(req, target), carrier));
}

/** Takes a WebSocket handshake into the stages. */
export function receiveUpgrade(req: IncomingMessage, socket: Socket, head: Buffer, parts: EdgeParts): void {
  // Until the library listens, an error of this socket would end the process.
  socket.on('error', () => socket.destroy());
  const target = readTarget(req);
  if (typeof target === 'string') return writeProblemToSocket(socket, problemOfRequest(target));
  const carrier: Carrier = {
    forward: (exchange, upstreamDone) => {
      const trip = prepare(req, exchange, upstreamDone, parts);
      req.headers.connection = 'Upgrade';
      req.headers.upgrade = 'websocket';
      return parts.forwarder.upgrade(req, socket, head, trip);
    },
    refuse: (problem) => {
      const closed = new Promise<Outcome>((resolve) => {
        socket.once('close', () => resolve({ status: problem.status, failed: true, firstByteMs: null }));
      });
      writeProblemToSocket(socket, problem);
      return closed;
    },
    sentHeaders: () => req.headers,
    onClientGone: (left) => listen(socket, left),
  };
  void parts.carryOut(newExchange(headOf(req, target), carrier));
}

/** True when the client spoke HTTPS to a proxy that is trusted. */
export function isSecure({ request }: Exchange, trusted: TrustedProxies): boolean {
  return clientProtocol(request.header('x-forwarded-proto'), trusted.includes(request.peer)) === 'https';
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

function headOf(req: IncomingMessage, target: NormalPath): RequestHead {
  // Kept as it came: the request's own headers are replaced when it is forwarded.
  const headers = req.headers;
  return {
    method: req.method ?? 'GET',
    target,
    header: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    peer: req.socket.remoteAddress ?? '',
    bodyBytes: headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : null,
  };
}

/** Makes the request what the upstream is to get, and says how it goes there. */
function prepare(req: IncomingMessage, exchange: Exchange, upstreamDone: () => void, parts: EdgeParts): Trip {
  const { headers } = req;
  const wantsToEnd = /(^|,)\s*close\s*($|,)/i.test(headers.connection ?? '') || req.httpVersionMinor === 0;
  const sent = endToEndRequest(headers);
  // The proxy has answered the expectation itself, once it knew where the body goes.
  delete sent.expect;
  // A body without length keeps its framing: node would send that of a GET or DELETE without any.
  if (headers['transfer-encoding'] !== undefined) sent['transfer-encoding'] = 'chunked';
  const { peer } = exchange.request;
  setForwarded(sent, { peer, host: headers.host ?? '', protocol: 'http' }, parts.trusted.includes(peer));
  req.headers = sent;
  return {
    side: exchange.decision.side,
    target: parts.targetOf(exchange),
    cookies: exchange.cookies,
    endConnection: () => wantsToEnd || parts.isClosing(),
    upstreamDone,
  };
}

function listen(stream: ServerResponse | Socket, left: () => void): () => void {
  if (stream.destroyed) {
    left();
    return () => undefined;
  }
  stream.once('close', left);
  return () => stream.off('close', left);
}
