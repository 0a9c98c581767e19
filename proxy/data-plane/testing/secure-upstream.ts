import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsOptions, TLSSocket } from 'node:tls';

/** A real server that speaks TLS, in the place of the monolith or of a service. */
export class SecureUpstream {
  readonly server: Server;
  /** Name on the certificate that each request came with; empty for none. */
  readonly clients: string[] = [];

  constructor(options: TlsOptions) {
    this.server = createServer({ ...options, keepAliveTimeout: 60_000 }, (req, res) => {
      const { subject } = (req.socket as TLSSocket).getPeerCertificate();
      const client = String(subject?.CN ?? '');
      this.clients.push(client);
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify({ client, host: req.headers.host }));
    });
  }

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
