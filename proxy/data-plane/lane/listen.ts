import type { ServerResponse } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import {
  createServer as createBareServer,
  type AddressInfo,
  type Server as BareServer,
  type Socket,
} from 'node:net';
import { FastLane } from '../fast/fast-lane.ts';
import type { FrontTls } from '../tls/front.ts';
import type { Tls } from '../tls/tls.ts';
import { refuseRaw, refuseUnreadable } from './client-errors.ts';
import { answerWith, receive, receiveUpgrade, type EdgeParts } from './edge.ts';
import { splitAddress, withPort } from './listen-address.ts';
import type { ClientSettings } from './schema.ts';
import { UnsentResponses } from './unsent.ts';

// How often node looks for heads that take too long.
const LOOK_MS = 500;

/** The front of both lanes: any request that node:http can read, and on the fast lane those that are plain. */
export interface Front {
  /** With the port that it really listens on. */
  url: string;
  /** Bounds for clients from now on; requests that run end by the old ones. */
  configure(bounds: ClientSettings): void;
  /** Takes no new connections, lets running requests end for at most `graceMs`, then closes everything. */
  close(graceMs: number): Promise<void>;
}

/**
 * Listens on `host:port`, with TLS when there are certificates, and takes every request into the stages.
 *
 * @param isShared other processes listen there too, and the system deals out the connections
 */
export async function openFront(
  address: string,
  isShared: boolean,
  edge: EdgeParts,
  tls: Tls,
): Promise<Front> {
  const upgraded = new Set<Socket>();
  const server = createHttpServer(edge, upgraded, tls.front);
  const fast = putFastLaneBefore(server, edge, tls);
  bound(server, edge.settings.clients);
  const port = await listen(server, address, isShared);
  return {
    url: `${tls.front ? 'https' : 'http'}://${withPort(address, port)}`,
    configure: (bounds) => bound(server, bounds),
    close: async (graceMs) => {
      edge.forwarder.drain();
      fast.drain();
      await close(server, graceMs, () => {
        fast.close();
        for (const socket of upgraded) socket.destroy();
      });
      fast.close();
    },
  };
}

/** Lets the fast lane have each connection first. What it does not want goes where it would have gone without it. */
function putFastLaneBefore(server: Server, edge: EdgeParts, tls: Tls): FastLane {
  const event = tls.front ? 'secureConnection' : 'connection';
  const general = server.listeners(event).at(-1);
  if (!general) throw new Error(`Node's HTTP server does not listen to "${event}" any more.`);
  server.removeListener(event, general as () => void);
  const fast = new FastLane(edge, tls.upstream, (socket) => void general.call(server, socket));
  server.on(event, (socket: Socket) => fast.take(socket));
  return fast;
}

function createHttpServer(edge: EdgeParts, upgraded: Set<Socket>, tls: FrontTls | null): Server {
  const latest = new WeakMap<Socket, ServerResponse>();
  const server = serverFor(tls, {
    insecureHTTPParser: false,
    // Node's own refusal ends nothing: what comes behind it would be answered too.
    requireHostHeader: false,
    connectionsCheckingInterval: LOOK_MS,
    noDelay: true,
    // Some clients offer HTTP/2 with every plain request; that offer is declined, not refused.
    shouldUpgradeCallback: (req) =>
      req.method === 'GET' && req.headers.upgrade?.toLowerCase() === 'websocket' && req.httpVersionMinor > 0,
  });
  // What is written past an answer that is still to come would be taken for that answer.
  const isWaiting = (socket: Socket): boolean => latest.get(socket)?.writableFinished === false;
  const unsent = new UnsentResponses();
  const take = (res: ServerResponse, expectsContinue: boolean): void => {
    latest.set(res.req.socket, res);
    unsent.add(res);
    receive(res, expectsContinue, edge);
  };
  server.on('request', (_req, res) => take(res, false));
  server.on('checkContinue', (_req, res) => take(res, true));
  server.on('checkExpectation', (req, res) => {
    latest.set(req.socket, res);
    answerWith(res, UNKNOWN_EXPECTATION, [], edge.settings.clients.lingerMs);
  });
  server.on('connect', (_req, stream) => {
    const socket = stream as Socket;
    if (isWaiting(socket)) socket.destroy();
    else refuseRaw(socket, NO_TUNNELS, edge.settings.clients.lingerMs);
  });
  server.on('clientError', (error, socket) =>
    refuseUnreadable(error, socket as Socket, latest.get(socket as Socket), edge.settings.clients),
  );
  server.on('upgrade', (req, stream, head) => {
    const socket = stream as Socket;
    if (isWaiting(socket)) return void socket.destroy();
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    receiveUpgrade(req, socket, head, edge);
  });
  return server;
}

function serverFor(tls: FrontTls | null, options: ServerOptions): Server {
  if (!tls) return createServer(options);
  const server = createHttpsServer({ ...options, ...tls.serverOptions() });
  tls.serve(server);
  return server;
}

const UNKNOWN_EXPECTATION = {
  status: 417,
  title: 'The expectation cannot be met',
  detail: 'Nothing was sent to any side: the only expectation that is known is "100-continue".',
};

const NO_TUNNELS = {
  status: 501,
  title: 'No tunnels here',
  detail: 'This proxy stands in front of applications; CONNECT is for those that lead out.',
};

/** Everything here is looked at by node when it is needed, so it can be changed while the server runs. */
function bound(server: Server, bounds: ClientSettings): void {
  server.maxConnections = bounds.maxConnections;
  server.headersTimeout = bounds.headersMs;
  server.keepAliveTimeout = bounds.keepAliveMs;
  // Silence of a connection; `watchClient` decides whose fault it is.
  server.timeout = bounds.idleMs;
  // How long a whole request may take depends on its size: the speed of its body is bounded instead.
  server.requestTimeout = 0;
  // Node would drop what is above its own limit and go on; all are counted and too many refused.
  server.maxHeadersCount = 0;
  Object.assign(server, { maxHeaderSize: bounds.maxHeaderBytes });
}

/**
 * Whoever shares a port is let in beside anybody of the same user, so that it is free has to be asked before.
 * @throws Error when something listens there
 */
export async function refuseTaken(address: string): Promise<void> {
  const probe = createBareServer();
  await listen(probe, address, false);
  await new Promise((resolve) => probe.close(resolve));
}

/** @returns the port that it really listens on */
function listen(server: BareServer, address: string, isShared: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void => reject(cannotListen(address, error));
    server.once('error', refused);
    server.listen({ ...splitAddress(address), reusePort: isShared }, () => {
      server.off('error', refused);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken; is a proxy running already? Choose another with `proxy.listen`',
  ENOTSUP: 'this system does not share a port between processes; leave `proxy.processes` at 1',
};

function cannotListen(address: string, error: NodeJS.ErrnoException): Error {
  const why = WHY[error.code ?? ''] ?? `${error.code ?? error.message}; check \`proxy.listen\``;
  return new Error(`The proxy cannot listen on ${address}: ${why}.`, { cause: error });
}

/** @param cutOff ends what node's server does not know of */
async function close(server: Server, graceMs: number, cutOff: () => void): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const deadline = setTimeout(() => {
    server.closeAllConnections();
    cutOff();
  }, graceMs);
  await closed;
  clearTimeout(deadline);
}
