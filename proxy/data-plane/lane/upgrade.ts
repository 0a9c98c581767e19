import { request as httpRequest, type Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { HeaderPair } from '../exchange.ts';
import { peerOf } from './connections.ts';
import { endToEndAnswer } from './hop-by-hop.ts';
import { limitTime } from './time-limits.ts';
import type { Try } from './try.ts';
import { FrameBorders, GOING_AWAY } from './web-socket-frames.ts';

/** A client that asks for a WebSocket. */
export interface UpgradingClient {
  socket: Socket;
  /** What it sent behind the head of its request. */
  head: Buffer;
  /** For the answer of an upstream that does not upgrade. */
  res: ServerResponse;
}

/** Asks the upstream for a WebSocket. It is a plain answer if that is what comes; else both ends are joined. */
export function upgrade(client: UpgradingClient, own: Try, agent: Agent, tunnels: Tunnels): () => void {
  const { address, target, headers, limits } = own.trip;
  const send = address.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = send({
    ...peerOf(address),
    path: target,
    agent,
    headers: { ...headers, connection: 'Upgrade', upgrade: 'websocket' },
  });
  const { socket } = client;
  // Somebody who leaves before there is an answer is noticed only if somebody looks.
  const look = (): void => void socket.read(0);
  const left = (): void => void socket.destroy();
  socket.on('readable', look).once('end', left);
  const stopLooking = (): void => void socket.off('readable', look).off('end', left);
  request.once('socket', () => {
    own.connected(request);
    limitTime(request, limits, () => own.clientIsBehind());
  });
  request.on('information', (info) => own.inform(info));
  request.once('response', (answer) => own.answer(answer));
  request.on('error', (error) => own.fail(error));
  request.once('upgrade', (answer, upstream: Socket, upstreamHead) => {
    stopLooking();
    socket.write(headOf(answer, own.upgraded(answer)), 'latin1');
    if (client.head.length > 0) upstream.write(client.head);
    if (upstreamHead.length > 0) upstream.unshift(upstreamHead);
    const tunnel = new Tunnel(socket, upstream);
    upstream.setTimeout(limits.streamIdleMs, () => tunnel.goAway());
    tunnels.add(tunnel);
  });
  request.end();
  return () => {
    stopLooking();
    // Once both ends are joined this does nothing: each of them sees the other leave.
    request.destroy();
  };
}

function headOf(answer: IncomingMessage, more: readonly HeaderPair[]): string {
  const headers = endToEndAnswer(answer.rawHeaders, answer.headers.connection);
  for (const [name, value] of more) headers.push(name, value);
  headers.push('Connection', 'Upgrade', 'Upgrade', 'websocket');
  const lines: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}\r\n`);
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`;
}

// For whoever does not answer a Close frame, or does not take what was still to be sent.
const LEAVING_MS = 10_000;

/** The two ends of a WebSocket. When one of them leaves, in peace or not, so does the other. */
class Tunnel {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #borders = new FrameBorders();
  #isLeaving = false;

  constructor(client: Socket, upstream: Socket) {
    this.#client = client;
    this.#upstream = upstream;
    for (const [end, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      end.setNoDelay(true);
      end.on('error', () => other.destroy());
      // A WebSocket has no use for half a connection, and whoever ignores the end of one would keep both for ever.
      end.once('end', () => other.destroySoon());
      end.once('close', () => {
        other.destroySoon();
        other.setTimeout(LEAVING_MS, () => other.destroy());
      });
    }
    upstream.on('data', this.#follow);
    upstream.pipe(client);
    client.pipe(upstream);
  }

  onClose(closed: () => void): void {
    this.#client.once('close', closed);
  }

  /**
   * Tells the client with a Close frame that this end is going away. A client that knows the protocol answers with
   * one of its own, which goes to the upstream and ends both connections; nobody else may be waited for.
   */
  goAway(): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#upstream.unpipe(this.#client);
    this.#upstream.off('data', this.#follow);
    // Without the pipe it would stand still.
    this.#upstream.on('data', this.#finishFrame).resume();
    this.#finishFrame(Buffer.alloc(0));
    const deadline = setTimeout(() => this.#client.destroy(), LEAVING_MS);
    this.onClose(() => clearTimeout(deadline));
  }

  readonly #follow = (chunk: Buffer): void => this.#borders.follow(chunk);

  readonly #finishFrame = (chunk: Buffer): void => {
    const rest = this.#borders.followToBorder(chunk);
    if (rest > 0) this.#client.write(chunk.subarray(0, rest));
    if (!this.#borders.atBorder) return;
    this.#client.write(GOING_AWAY);
    // After a Close frame nothing may follow: what the upstream still says is thrown away.
    this.#upstream.off('data', this.#finishFrame);
  };
}

/** All WebSockets that are open. */
export class Tunnels {
  readonly #open = new Set<Tunnel>();
  #isDraining = false;

  add(tunnel: Tunnel): void {
    this.#open.add(tunnel);
    tunnel.onClose(() => this.#open.delete(tunnel));
    if (this.#isDraining) tunnel.goAway();
  }

  /** Asks everybody to leave, and whoever still comes. */
  drain(): void {
    this.#isDraining = true;
    for (const tunnel of this.#open) tunnel.goAway();
  }
}
