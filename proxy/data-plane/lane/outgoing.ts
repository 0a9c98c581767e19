import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Match } from '../../routes/match.ts';
import { completeUpstreamHeaders, type AnswerHead, type Destination } from '../exchange.ts';
import type { Exchange, HeaderPair, Side } from '../exchange.ts';
import { setForwarded } from './forwarded.ts';
import { endToEndRequest } from './hop-by-hop.ts';
import { isUploading, lingerAfter } from './linger.ts';
import { isEncrypted } from './request-head.ts';
import { basePathOf } from './rewrite.ts';
import type { ClientSettings, TimeoutSettings, UpstreamHost } from './schema.ts';
import type { Trip } from './try.ts';

/** Which Host each side is told, unless a route says otherwise. */
export interface UpstreamHosts {
  monolith: UpstreamHost;
  services: Readonly<Record<string, UpstreamHost>>;
}

/** What the configuration says of the way to upstreams. */
export interface OutgoingSettings {
  timeouts: TimeoutSettings;
  clients: ClientSettings;
  upstreamHosts: UpstreamHosts;
  /** Plain requests go over the fast lane. */
  fastLane: boolean;
}

/** A request as it goes to an upstream, whichever that is. */
export interface Outgoing {
  headers: IncomingHttpHeaders;
  /** The client wants its connection to end with the answer. */
  wantsToEnd: boolean;
}

/** Makes the head that goes to an upstream of the one that came. */
export function outgoing(req: IncomingMessage, isTrusted: boolean): Outgoing {
  const { headers } = req;
  const wantsToEnd = /(^|,)\s*close\s*($|,)/i.test(headers.connection ?? '') || req.httpVersionMinor === 0;
  const sent = endToEndRequest(headers);
  // Whether the upstream wants the body is asked for when there is a connection to ask on.
  delete sent.expect;
  // A body without length keeps its framing: node would send that of a GET or DELETE without any.
  if (headers['transfer-encoding'] !== undefined) sent['transfer-encoding'] = 'chunked';
  const peer = req.socket.remoteAddress ?? '';
  const protocol = isEncrypted(req) ? 'https' : 'http';
  setForwarded(sent, { peer, host: headers.host ?? '', protocol }, isTrusted);
  return { headers: sent, wantsToEnd };
}

/** One try of an exchange, as the configuration of this moment has it. */
export function tripOf(
  res: ServerResponse,
  exchange: Exchange,
  destination: Destination,
  sent: Outgoing,
  way: { settings: OutgoingSettings; isClosing: () => boolean; sendBody: Trip['sendBody'] },
): Trip {
  const { address, side } = destination;
  const { settings, isClosing, sendBody } = way;
  const headers = { ...sent.headers };
  if (rewritesHost(exchange.match, side, settings.upstreamHosts)) headers.host = address.host;
  completeUpstreamHeaders(headers, exchange);
  const { path, query } = exchange.request.target;
  return {
    address,
    onNewConnection: destination.onNewConnection,
    isWanted: (status) => destination.isWanted(status),
    upstreamDone: () => destination.upstreamDone(),
    target: basePathOf(address) + path + query,
    headers,
    sendBody,
    limits: limitsOf(exchange, settings.timeouts),
    words: { address, sent: sent.headers },
    answerHeaders: (answer) => completed(exchange, answer),
    endConnection: () => {
      const isEarly = isUploading(res.req);
      if (isEarly) lingerAfter(res, settings.clients.lingerMs);
      return isEarly || sent.wantsToEnd || isClosing();
    },
  };
}

/** Whether a side is told the Host of its own url: by what the route says, or else by what the side itself does. */
export function rewritesHost(match: Match | null, side: Side, hosts: UpstreamHosts): boolean {
  const ofSide = match && side === 'service' ? hosts.services[match.service] : hosts.monolith;
  return (match?.route.settings.upstreamHost ?? ofSide) === 'rewrite';
}

/** The limits of a route, where it has any, in the place of the general ones. */
export function limitsOf({ match }: Exchange, general: TimeoutSettings): TimeoutSettings {
  const own = match?.route.settings.timeouts;
  return own ? Object.assign({}, general, own) : general;
}

/** Asks everybody who adds to answers, now that the head of one is known. */
export function completed(exchange: Exchange, answer: AnswerHead): readonly HeaderPair[] {
  const length = answer.header('content-length');
  if (length !== undefined) exchange.answerBytes = Number(length);
  for (const look of exchange.beforeAnswer) look(answer);
  return exchange.answerHeaders;
}
