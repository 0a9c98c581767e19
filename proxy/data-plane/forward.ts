import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, ServerResponse } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { createProxyMiddleware, type Options } from 'http-proxy-middleware';
import type { TimeoutSettings } from '../routes/schema.ts';
import type { Outcome, Side } from './exchange.ts';
import { pairsOf, passAnswer } from './pass-answer.ts';
import { problemOfUpstream, writeProblem, writeProblemToSocket } from './problems.ts';
import { limitTime } from './time-limits.ts';

/** One request on its way to a side. The headers of `req` are already those that go to the upstream. */
export interface Trip {
  side: Side;
  target: URL;
  cookies: readonly string[];
  /** The client or a closing proxy wants this connection to end with the answer. */
  endConnection: () => boolean;
  /** Called once, when nothing of this request can run upstream on behalf of this proxy any more. */
  upstreamDone: () => void;
}

interface Running extends Trip {
  startedAt: number;
  firstByteMs: number | null;
  failed: boolean;
  status: number;
  /** The client has been told that there will be no answer; the library may report one failure twice. */
  gaveUp: boolean;
}

export interface Forwarder {
  forward(req: IncomingMessage, res: ServerResponse, trip: Trip): Promise<Outcome>;
  upgrade(req: IncomingMessage, socket: Socket, head: Buffer, trip: Trip): Promise<Outcome>;
  close(): void;
}

// Below what common servers allow an idle connection, so that a write seldom meets one that is just closing.
// Node takes the upstream's own Keep-Alive hint into account only while a limit of ours is set.
const IDLE_CONNECTION_MS = 4000;
const AGENT = {
  keepAlive: true,
  timeout: IDLE_CONNECTION_MS,
  maxFreeSockets: 256,
  scheduling: 'lifo',
} as const;

/**
 * Carries requests with http-proxy-middleware. It answers for what the library leaves open: which error it was,
 * three time limits, headers of one hop, an answer that begins before its body does.
 */
export function createForwarder(limits: TimeoutSettings): Forwarder {
  const running = new WeakMap<IncomingMessage, Running>();
  const agents = { 'http:': new HttpAgent(AGENT), 'https:': new HttpsAgent(AGENT) };
  const options = { ...optionsFor(running, limits), upgradeTimeout: limits.firstByteMs };
  const middlewares = {
    'http:': createProxyMiddleware({ ...options, agent: agents['http:'] }),
    'https:': createProxyMiddleware({ ...options, agent: agents['https:'] }),
  };
  const middlewareFor = (trip: Trip) => middlewares[trip.target.protocol === 'https:' ? 'https:' : 'http:'];
  return {
    forward(req, res, trip) {
      const state = begin(running, req, trip);
      const closed = new Promise<Outcome>((resolve) => res.once('close', () => resolve(end(state))));
      void middlewareFor(trip)(req, res, (error) => onError(asError(error), state, res));
      return closed;
    },
    upgrade(req, socket, head, trip) {
      const state = begin(running, req, trip);
      const closed = new Promise<Outcome>((resolve) => socket.once('close', () => resolve(end(state))));
      middlewareFor(trip).upgrade(req, socket, head);
      return closed;
    },
    close: () => Object.values(agents).forEach((agent) => agent.destroy()),
  };
}

function optionsFor(running: WeakMap<IncomingMessage, Running>, limits: TimeoutSettings): Options {
  return {
    router: (req) => running.get(req)?.target ?? missing(req),
    // The default plugins parse a URL per answer for their log and write plain-text errors.
    ejectPlugins: true,
    // The answer is passed on by ourselves: httpxy's own passes would copy headers of the upstream's hop.
    selfHandleResponse: true,
    plugins: [
      (proxy) => {
        proxy.on('proxyReq', (request, req, res) => onRequest(request, req, res, limits));
        proxy.on('proxyReqWs', (request, req, socket) => onUpgradeRequest(request, socket, running.get(req)));
        proxy.on('proxyRes', (answer, req, res) => onAnswer(answer, res, running.get(req)));
        proxy.on('error', (error, req, res) => {
          if (req && res) onError(error, running.get(req), res);
        });
      },
    ],
  };
}

function begin(running: WeakMap<IncomingMessage, Running>, req: IncomingMessage, trip: Trip): Running {
  const state = {
    ...trip,
    startedAt: performance.now(),
    firstByteMs: null,
    failed: false,
    status: 0,
    gaveUp: false,
  };
  running.set(req, state);
  return state;
}

function end(state: Running): Outcome {
  state.upstreamDone();
  return { status: state.status, failed: state.failed, firstByteMs: state.firstByteMs };
}

function onRequest(
  request: ClientRequest,
  req: IncomingMessage,
  res: ServerResponse,
  limits: TimeoutSettings,
): void {
  limitTime(request, limits);
  // Trailers have to be set before the library's pipe ends the request; this listener stands before its own.
  req.once('end', () => {
    if (req.rawTrailers.length > 0) request.addTrailers(pairsOf(req.rawTrailers));
  });
  request.on('information', (info) => {
    if (info.statusCode === 103 && info.headers.link && !res.headersSent) {
      res.writeEarlyHints({ link: info.headers.link });
    }
  });
}

function onUpgradeRequest(request: ClientRequest, client: Socket, state: Running | undefined): void {
  const answered = (answer: IncomingMessage): void => {
    if (!state) return;
    state.status = answer.statusCode ?? 0;
    state.firstByteMs = performance.now() - state.startedAt;
    state.failed = state.status >= 500;
  };
  request.once('response', answered);
  request.once('upgrade', (answer, upstream) => {
    answered(answer);
    // The library only half-closes the other end, and whoever ignores that would keep both for ever. A WebSocket
    // has no use for half a connection.
    for (const event of ['end', 'close']) {
      client.once(event, () => upstream.destroySoon());
      upstream.once(event, () => client.destroySoon());
    }
  });
}

function onAnswer(answer: IncomingMessage, res: ServerResponse, state: Running | undefined): void {
  if (!state || res.destroyed) return;
  state.firstByteMs = performance.now() - state.startedAt;
  state.status = answer.statusCode ?? 502;
  state.failed = state.status >= 500;
  answer.once('end', state.upstreamDone);
  answer.once('error', () => {
    // Cut off in the middle by the upstream: the client sees a broken answer, and the side failed. When the client
    // left first, its response is destroyed already.
    if (!res.destroyed) state.failed = true;
  });
  passAnswer(answer, res, state.cookies, state.endConnection());
}

function onError(error: Error, state: Running | undefined, res: ServerResponse | Socket): void {
  if (!state || state.gaveUp) return;
  const clientIsThere = !res.destroyed && !(res instanceof ServerResponse && res.socket?.destroyed);
  if (clientIsThere && state.firstByteMs === null) giveUp(error, state, res);
  else cutOff(state, res, clientIsThere);
  state.upstreamDone();
}

function giveUp(error: Error, state: Running, res: ServerResponse | Socket): void {
  const problem = problemOfUpstream(error, state.side);
  state.gaveUp = true;
  state.failed = true;
  state.status = problem.status;
  if (res instanceof ServerResponse) writeProblem(res, problem);
  else writeProblemToSocket(res, problem);
}

/** In the middle of an answer nothing can be said any more: a broken one is better than one that looks whole. */
function cutOff(state: Running, res: ServerResponse | Socket, clientIsThere: boolean): void {
  if (clientIsThere) state.failed = true;
  res.destroy();
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function missing(req: IncomingMessage): never {
  throw new Error(`The request ${req.method} ${req.url} reached the forwarder without a decision.`);
}
