import { once } from 'node:events';
import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream/promises';

/** One read in so many is answered by the bad release with a 503. */
const EVERY = 3;

/**
 * Stands before the orders service, and is all that a release is to the proxy: good, or one that fails a third of what
 * it is asked. The service itself has no switch for being broken.
 */
export class Release {
  isBad = false;
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });
  #asked = 0;

  private constructor(server: Server, target: string) {
    this.#server = server;
    server.on('request', (incoming: IncomingMessage, answer: ServerResponse) => {
      this.#answer(incoming, answer, new URL(target)).catch(() => answer.destroy());
    });
  }

  static async before(target: string, listen: string): Promise<Release> {
    const server = createServer({ keepAliveTimeout: 75_000 });
    const { hostname, port } = new URL(listen);
    await once(server.listen(Number(port), hostname), 'listening');
    return new Release(server, target);
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(incoming: IncomingMessage, answer: ServerResponse, target: URL): Promise<void> {
    const { method, url: path = '/', headers } = incoming;
    if (this.isBad && path.startsWith('/api/') && (this.#asked += 1) % EVERY === 0) {
      answer.writeHead(503, { 'content-type': 'application/json' });
      answer.end('{"error":{"code":"bad_release","message":"Cannot read properties of undefined"}}');
      return;
    }
    const { hostname, port } = target;
    const onward = request({ hostname, port, path, method, headers, agent: this.#agent });
    incoming.pipe(onward);
    const [given] = (await once(onward, 'response')) as [IncomingMessage];
    answer.writeHead(given.statusCode ?? 502, given.headers);
    await pipeline(given, answer);
  }
}
