import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { openSocket, readUntil, sideAt, type Bed } from './bed.ts';

/** The header names of an answer or request, as they came, in lower case. */
export function namesOf(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
}

/** The status of each answer in what came over a connection. */
export function statusesOf(answers: string): number[] {
  return [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

/** An upstream that says and does on a bare connection whatever a test wants. */
export class RawUpstream {
  readonly connections: Socket[] = [];
  readonly #server: Server;
  #seen = '';

  /** @param onRequest called once for each connection, when the head of a request has come over it */
  constructor(onRequest: (socket: Socket, head: string) => void) {
    this.#server = createServer((socket) => {
      this.connections.push(socket);
      socket.on('error', () => undefined);
      void readUntil(socket, /\r\n\r\n/).then(
        (head) => onRequest(socket, head),
        () => undefined,
      );
      socket.on('data', (chunk: Buffer) => (this.#seen += chunk.toString('latin1')));
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Everything that came over all connections. */
  get seen(): string {
    return this.#seen;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.connections) socket.destroy();
    await closed;
  }
}

/** Sends the head of a request on a connection of its own and leaves it open. */
export async function begin(base: string, head: string): Promise<Socket> {
  const socket = await openSocket(base);
  socket.on('error', () => undefined);
  socket.write(head, 'latin1');
  return socket;
}

/** Lets the proxy ask `url` in the place of the monolith. */
export function useAsMonolith(bed: Bed, url: string): void {
  bed.proxy.reconfigure({ ...bed.config, upstreams: { ...bed.config.upstreams, monolith: sideAt(url) } });
}
