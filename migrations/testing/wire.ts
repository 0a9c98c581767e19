import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A way to a database that can break, or fall silent without ending a connection, as a host does that lost its power. */
export class Wire {
  readonly url: string;
  private readonly server: Server;
  private readonly sockets: Socket[] = [];
  private isSilent = false;

  private constructor(url: string, server: Server) {
    this.url = url;
    this.server = server;
  }

  static async to(url: string): Promise<Wire> {
    const { hostname, port } = new URL(url);
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const here = new URL(url);
    here.hostname = '127.0.0.1';
    here.port = String((server.address() as AddressInfo).port);
    const wire = new Wire(here.href, server);
    server.on('connection', (near) => {
      const far = connect(Number(port || 5432), hostname);
      for (const socket of [near, far]) {
        wire.sockets.push(socket);
        socket.on('error', () => undefined);
      }
      near.on('close', () => wire.isSilent || far.end());
      far.on('close', () => wire.isSilent || near.end());
      near.on('data', (chunk) => wire.isSilent || far.write(chunk));
      far.on('data', (chunk) => wire.isSilent || near.write(chunk));
    });
    return wire;
  }

  fallSilent(): void {
    this.isSilent = true;
  }

  /** What was said meanwhile is gone. */
  speakAgain(): void {
    this.isSilent = false;
  }

  /** From now on what is said on the connections that are there is on its way, and arrives when it goes on. */
  stall(): void {
    for (const socket of this.sockets) socket.pause();
  }

  goOn(): void {
    for (const socket of this.sockets) socket.resume();
  }

  /** Breaks every connection; new ones are made. */
  cut(): void {
    for (const socket of this.sockets.splice(0)) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
