import type { Socket } from 'node:net';
import type { EdgeParts } from '../lane/edge.ts';
import { basePathOf } from '../lane/rewrite.ts';
import type { UpstreamTls } from '../tls/upstream.ts';
import { ClientConnection } from './client-connection.ts';
import { KeptConnections } from './kept-connections.ts';

/** What the connections of clients need of the lane. */
export interface FastParts {
  edge: EdgeParts;
  kept: KeptConnections;
  /** False sends everything to the general lane, from the next request of each connection on. */
  isOpen: () => boolean;
  toGeneralLane: (socket: Socket) => void;
  /** The path that an address puts in front of a target. */
  basePathOf: (address: URL) => string;
  /** The connection has closed, or is the general lane's. */
  left: (connection: ClientConnection) => void;
}

// One look at all connections costs less than timers of their own for each request.
const LOOK_MS = 50;

/**
 * The fast lane: bare sockets on both sides, for what is plain.
 *
 *     client ─ ClientConnection ─ PlainRequest → stages → PlainTry ─ UpstreamConnection ─ upstream
 *                     └ anything else: the general lane, with its unread bytes
 */
export class FastLane {
  readonly #parts: FastParts;
  readonly #connections = new Set<ClientConnection>();
  readonly #basePaths = new WeakMap<URL, string>();
  #looking: NodeJS.Timeout | undefined;

  /** @param toGeneralLane takes a connection as if it had just been opened */
  constructor(edge: EdgeParts, tls: UpstreamTls, toGeneralLane: (socket: Socket) => void) {
    this.#parts = {
      edge,
      kept: new KeptConnections(tls),
      isOpen: () => edge.settings.fastLane,
      toGeneralLane,
      basePathOf: (address) => this.#basePathOf(address),
      left: (connection) => void this.#connections.delete(connection),
    };
  }

  /** Takes a connection that was just opened. */
  take(socket: Socket): void {
    if (!this.#parts.isOpen()) return this.#parts.toGeneralLane(socket);
    if (socket.destroyed) return;
    this.#connections.add(new ClientConnection(socket, this.#parts));
    this.#looking ??= setInterval(() => this.#look(), LOOK_MS);
  }

  /** Ends connections on which nothing is under way; the others end with their answers. */
  drain(): void {
    for (const connection of this.#connections) if (connection.isIdle) connection.destroy();
  }

  /** Ends everything. */
  close(): void {
    for (const connection of this.#connections) connection.destroy();
    this.#parts.kept.close();
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #look(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.look(now);
    if (this.#parts.kept.sweep(now) || this.#connections.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #basePathOf(address: URL): string {
    let path = this.#basePaths.get(address);
    if (path === undefined) this.#basePaths.set(address, (path = basePathOf(address)));
    return path;
  }
}
