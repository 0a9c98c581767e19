import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

interface Trap {
  path: RegExp;
  when: 'before' | 'after';
  spring: () => Promise<void>;
  sprung: () => void;
}

/** The way from one application to another, on which something can happen to a request or to its answer. */
export class Crossing {
  readonly url: string;
  readonly #server: Server;
  readonly #target: URL;
  #trap: Trap | null = null;
  #isShut = false;

  private constructor(server: Server, target: URL) {
    this.#server = server;
    this.#target = target;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (incoming: IncomingMessage, answer: ServerResponse) => {
      this.#pass(incoming, answer).catch(() => answer.destroy());
    });
  }

  static async to(target: string): Promise<Crossing> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new Crossing(server, new URL(target));
  }

  /**
   * Does something once: before the next request with such a path is passed on, or after it was answered and before
   * the answer is. The request itself is lost in both cases.
   *
   * @returns resolves when it was done
   */
  once(path: RegExp, when: Trap['when'], spring: () => Promise<void>): Promise<void> {
    return new Promise((resolve) => (this.#trap = { path, when, spring, sprung: resolve }));
  }

  /** From now on every request breaks off. */
  shut(): void {
    this.#isShut = true;
  }

  open(): void {
    this.#isShut = false;
    this.#trap = null;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #pass(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    if (this.#isShut) return void answer.destroy();
    const trap = this.#trap?.path.test(incoming.url ?? '') ? this.#trap : null;
    if (trap) this.#trap = null;
    if (trap?.when === 'before') return this.#spring(trap, answer);
    const { hostname, port } = this.#target;
    const { url: path = '/', method, headers } = incoming;
    const onward = request({ hostname, port, path, method, headers, agent: false });
    onward.end(body);
    const [given] = (await once(onward, 'response')) as [IncomingMessage];
    const text = await buffer(given);
    if (trap) return this.#spring(trap, answer);
    answer.writeHead(given.statusCode ?? 502, given.headers).end(text);
  }

  async #spring(trap: Trap, answer: ServerResponse): Promise<void> {
    await trap.spring();
    answer.destroy();
    trap.sprung();
  }
}
