import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, ServerResponse } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { createProxyMiddleware, type Options } from 'http-proxy-middleware';
import type { AnswerHead, Attempt, Destination, HeaderPair } from '../exchange.ts';
import { pairsOf, passAnswer } from './pass-answer.ts';
import type { TimeoutSettings } from './schema.ts';
import { limitTime } from './time-limits.ts';

/** One try of a request on its way to an address. The headers of `req` are already those that go there. */
export interface Trip extends Destination {
  /** What else goes with the answer; asked once its head is known. */
  answerHeaders: (answer: AnswerHead) => readonly HeaderPair[];
  /** The client or a closing proxy wants this connection to end with the answer. */
  endConnection: () => boolean;
  /** Set where a failure cannot wait: tells the client at once and gives the status that it was told. */
  refuseAtOnce?: (error: Error) => number;
}

interface Running extends Trip {
  startedAt: number;
  firstByteMs: number | null;
  failed: boolean;
  status: number;
  /** Ends the try; only the first word counts, for the library may report one failure twice. */
  settle: (error: Error | null) => void;
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

export interface Forwarder {
  forward(req: IncomingMessage, res: ServerResponse, trip: Trip): Promise<Attempt>;
  upgrade(req: IncomingMessage, socket: Socket, head: Buffer, trip: Trip): Promise<Attempt>;
  /** Time limits of the tries that begin from now on. */
  configure(limits: TimeoutSettings): void;
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
export function createForwarder(initial: TimeoutSettings): Forwarder {
  let limits = initial;
  const running = new WeakMap<IncomingMessage, Running>();
  const agents = { 'http:': new HttpAgent(AGENT), 'https:': new HttpsAgent(AGENT) };
  const options = { ...optionsFor(running, () => limits), upgradeTimeout: initial.firstByteMs };
  const middlewares = {
    'http:': createProxyMiddleware({ ...options, agent: agents['http:'] }),
    'https:': createProxyMiddleware({ ...options, agent: agents['https:'] }),
  };
  const middlewareFor = (trip: Trip) => middlewares[trip.address.protocol === 'https:' ? 'https:' : 'http:'];
  return {
    forward(req, res, trip) {
      return attempt(running, req, res, trip, (state) => {
        void middlewareFor(trip)(req, res, (error) => onError(asError(error), state, res));
      });
    },
    upgrade(req, socket, head, trip) {
      return attempt(running, req, socket, trip, () => middlewareFor(trip).upgrade(req, socket, head));
    },
    configure: (next) => void (limits = next),
    close: () => Object.values(agents).forEach((agent) => agent.destroy()),
  };
}

function optionsFor(running: WeakMap<IncomingMessage, Running>, limits: () => TimeoutSettings): Options {
  return {
    router: (req) => running.get(req)?.address ?? missing(req),
    // The default plugins parse a URL per answer for their log and write plain-text errors.
    ejectPlugins: true,
    // The answer is passed on by ourselves: httpxy's own passes would copy headers of the upstream's hop.
    selfHandleResponse: true,
    plugins: [
      (proxy) => {
        proxy.on('proxyReq', (request, req, res) => onRequest(request, req, res, limits()));
        proxy.on('proxyReqWs', (request, req, socket) => onUpgradeRequest(request, socket, running.get(req)));
        proxy.on('proxyRes', (answer, req, res) => onAnswer(answer, res, running.get(req)));
        proxy.on('error', (error, req, res) => {
          if (req && res) onError(error, running.get(req), res);
        });
      },
    ],
  };
}

/** Runs one try. It ends with the answer's last byte, or with an error that the client knows nothing of. */
function attempt(
  running: WeakMap<IncomingMessage, Running>,
  req: IncomingMessage,
  client: ServerResponse | Socket,
  trip: Trip,
  start: (state: Running) => void,
): Promise<Attempt> {
  return new Promise((resolve) => {
    let isSettled = false;
    const closed = (): void => state.settle(null);
    const state: Running = {
      ...trip,
      startedAt: performance.now(),
      firstByteMs: null,
      failed: false,
      status: 0,
      settle: (error) => {
        if (isSettled) return;
        isSettled = true;
        client.off('close', closed);
        if (!error) trip.upstreamDone();
        else if (trip.refuseAtOnce) state.status = trip.refuseAtOnce(error);
        const { status, firstByteMs } = state;
        const isOver = !error || trip.refuseAtOnce !== undefined;
        resolve({ status, failed: state.failed || error !== null, firstByteMs, error, isOver });
      },
    };
    running.set(req, state);
    client.once('close', closed);
    start(state);
  });
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
  const status = answer.statusCode ?? 502;
  if (!state.isWanted(status)) return giveUpAnswer(answer, status, state);
  state.firstByteMs = performance.now() - state.startedAt;
  state.status = status;
  state.failed = state.status >= 500;
  answer.once('end', state.upstreamDone);
  answer.once('error', () => {
    // Cut off in the middle by the upstream: the client sees a broken answer, and the side failed. When the client
    // left first, its response is destroyed already.
    if (!res.destroyed) state.failed = true;
  });
  const headers = state.answerHeaders({ status, header: (name) => headerOf(answer, name) });
  passAnswer(answer, res, headers, state.endConnection());
}

/** Its connection is of no more use: reading the rest of an answer that nobody wants could take for ever. */
function giveUpAnswer(answer: IncomingMessage, status: number, state: Running): void {
  answer.destroy();
  state.settle(new UnwantedAnswer(status));
}

function headerOf(answer: IncomingMessage, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function onError(error: Error, state: Running | undefined, res: ServerResponse | Socket): void {
  if (!state) return;
  const clientIsThere = !res.destroyed && !(res instanceof ServerResponse && res.socket?.destroyed);
  if (clientIsThere && state.firstByteMs === null) return state.settle(error);
  // In the middle of an answer nothing can be said any more: a broken one is better than one that looks whole.
  if (clientIsThere) state.failed = true;
  res.destroy();
  state.upstreamDone();
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function missing(req: IncomingMessage): never {
  throw new Error(`The request ${req.method} ${req.url} reached the forwarder without a decision.`);
}
