import type { ConnectionOptions } from 'node:tls';
import type { UpstreamTls } from '../tls/upstream.ts';
import { UpstreamConnection } from './upstream-connection.ts';

/** Below what common servers allow an idle connection, as in the general lane. */
const KEPT_MS = 4000;
const MOST_KEPT = 256;

interface Kept {
  /** The one that was used last is taken first, so that those too many grow old. */
  connections: UpstreamConnection[];
  /** What the connections were made with; another object says that certificates changed. */
  secure: ConnectionOptions | null;
}

/** The connections to upstreams that wait for a next request, by address. */
export class KeptConnections {
  readonly #tls: UpstreamTls;
  readonly #byAddress = new Map<URL, Kept>();
  /** Those that are open, used or not. */
  readonly #open = new Set<UpstreamConnection>();
  #isClosed = false;

  constructor(tls: UpstreamTls) {
    this.#tls = tls;
  }

  /** A connection to this address, a new one where none is kept or where it is wanted. */
  take(address: URL, isNewWanted: boolean): UpstreamConnection {
    const kept = this.#keptFor(address);
    const connection = isNewWanted ? undefined : lastUsable(kept.connections);
    return connection ?? this.#connect(address, kept.secure);
  }

  /** Takes a connection back whose answer has come to its end. `keptForMs` is what the upstream says; null for nothing. */
  giveBack(address: URL, connection: UpstreamConnection, keptForMs: number | null): void {
    const { connections, secure } = this.#keptFor(address);
    const ms = Math.min(KEPT_MS, keptForMs ?? KEPT_MS);
    const isGood = !this.#isClosed && ms > 0 && connection.madeWith === secure && isUsable(connection);
    if (!isGood || connections.length >= MOST_KEPT) return connection.destroy();
    connection.rest(ms);
    connections.push(connection);
  }

  /** Ends those that have waited too long. True while any are left. */
  sweep(now: number): boolean {
    for (const [address, { connections }] of this.#byAddress) {
      // The oldest lie at the bottom; what an upstream says can make one of the others the first to go.
      for (const connection of connections.slice()) {
        if (connection.keptSince === 0) connection.keptSince = now;
        else if (now - connection.keptSince >= connection.keptMs) connection.destroy();
        else connection.shrink();
      }
      if (connections.length === 0) this.#byAddress.delete(address);
    }
    return this.#byAddress.size > 0;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    this.#isClosed = true;
    // Not without a word: a request that still uses one hears that it closes.
    for (const connection of [...this.#open]) connection.socket.destroy();
    this.#byAddress.clear();
  }

  #keptFor(address: URL): Kept {
    const secure = address.protocol === 'https:' ? this.#tls.optionsFor(address) : null;
    let kept = this.#byAddress.get(address);
    if (kept && kept.secure !== secure) {
      retire(kept.connections);
      kept = undefined;
    }
    if (!kept) this.#byAddress.set(address, (kept = { connections: [], secure }));
    return kept;
  }

  #connect(address: URL, secure: ConnectionOptions | null): UpstreamConnection {
    const connection = new UpstreamConnection(address, secure, (gone) => {
      this.#open.delete(gone);
      const connections = this.#byAddress.get(address)?.connections ?? [];
      const at = connections.indexOf(gone);
      if (at !== -1) connections.splice(at, 1);
    });
    this.#open.add(connection);
    return connection;
  }
}

function lastUsable(connections: UpstreamConnection[]): UpstreamConnection | undefined {
  for (;;) {
    const connection = connections.pop();
    if (!connection || isUsable(connection)) return connection;
  }
}

/** The other end may have hung up, and the event not have come. */
function isUsable({ socket }: UpstreamConnection): boolean {
  return socket.writable && !socket.readableEnded;
}

function retire(connections: readonly UpstreamConnection[]): void {
  for (const connection of connections.slice()) connection.destroy();
}
