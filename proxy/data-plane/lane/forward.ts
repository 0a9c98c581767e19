import type { IncomingMessage, ServerResponse } from 'node:http';
import { createProxyMiddleware, type Options } from 'http-proxy-middleware';
import type { Attempt } from '../exchange.ts';
import { peerOf, type Connections } from './connections.ts';
import { RequestStandIn, ResponseStandIn } from './stand-ins.ts';
import { limitTime } from './time-limits.ts';
import { Try, type Trip } from './try.ts';
import { Tunnels, upgrade, type UpgradingClient } from './upgrade.ts';

/** Carries requests to upstreams, one try at a time. */
export interface Forwarder {
  forward(method: string, res: ServerResponse, trip: Trip): Promise<Attempt>;
  upgrade(client: UpgradingClient, trip: Trip): Promise<Attempt>;
  /** Asks whoever is at the other end of a WebSocket to leave, and whoever opens one from now on. */
  drain(): void;
  close(): void;
}

/**
 * Carries plain requests with http-proxy-middleware, and answers for what that leaves open: which try an error
 * belongs to, time limits, headers of one hop, an answer that begins before its body does. Upgrades are its own.
 */
export function createForwarder(connections: Connections): Forwarder {
  const middleware = createProxyMiddleware(optionsFor(connections));
  const tunnels = new Tunnels();
  return {
    forward(method, res, trip) {
      return attempt(res, trip, (own) => {
        const request = new RequestStandIn(method, own);
        const response = new ResponseStandIn();
        void middleware(request.asRequest(), response.asResponse(), (error) => own.fail(asError(error)));
        return () => response.close();
      });
    },
    upgrade(client, trip) {
      const agent = connections.agentFor(trip.address, trip.onNewConnection);
      return attempt(client.res, trip, (own) => upgrade(client, own, agent, tunnels));
    },
    drain: () => tunnels.drain(),
    close: () => connections.close(),
  };
}

function optionsFor(connections: Connections): Options {
  return {
    router: (req, _res, options) => {
      const { address, onNewConnection } = tryOf(req).trip;
      if (options) options.agent = connections.agentFor(address, onNewConnection);
      // Without its path: the target of a try has the base path in front already.
      return peerOf(address);
    },
    // The default plugins parse a URL per answer for their log and write plain-text errors.
    ejectPlugins: true,
    // The answer is passed on by ourselves: httpxy's own passes would copy headers of the upstream's hop.
    selfHandleResponse: true,
    plugins: [
      (proxy) => {
        proxy.on('proxyReq', (request, req) => {
          const own = tryOf(req);
          own.connected(request);
          limitTime(request, own.trip.limits, () => own.clientIsBehind());
          request.on('information', (info) => own.inform(info));
          request.once('upgrade', (_answer, upstream) => own.switched(upstream));
        });
        proxy.on('proxyRes', (answer, req) => tryOf(req).answer(answer));
        proxy.on('error', (error, req) => {
          if (req) tryOf(req).fail(error);
        });
      },
    ],
  };
}

const NOT_SENT: Attempt = {
  status: 0,
  failed: false,
  firstByteMs: null,
  error: null,
  isOver: true,
  noByteCame: true,
  onUsedConnection: false,
};

/**
 * Runs one try. It ends with the answer's last byte, or with an error that the client knows nothing of. `start`
 * gives the way to let go of everything that belongs to this try.
 */
function attempt(res: ServerResponse, trip: Trip, start: (own: Try) => () => void): Promise<Attempt> {
  if (res.destroyed) {
    // It left while nobody was looking; nothing is sent for it any more.
    trip.upstreamDone();
    return Promise.resolve(NOT_SENT);
  }
  return new Promise((resolve) => {
    const own = new Try(trip, res, (ended) => {
      letGo();
      resolve(ended);
    });
    const letGo = start(own);
  });
}

function tryOf(req: IncomingMessage): Try {
  const standIn: unknown = req;
  if (!(standIn instanceof RequestStandIn))
    throw new Error('The forwarder was given a request without a try.');
  return standIn.try;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
