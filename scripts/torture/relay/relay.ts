import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Passing, Splitter, Splitters } from './splitter.ts';

/** The moment of a statement at which a trap springs: before and after it is sent, before and after it is answered. */
export type Moment = 'unsent' | 'sent' | 'unanswered' | 'answered';

/** What happens then; what it returns is waited for before anything more passes on this connection. */
export type Spring = () => void | Promise<void>;

interface Trap {
  pattern: RegExp;
  moment: Moment;
  spring: Spring;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'amqp:': 5672, 'mysql:': 3306, 'postgres:': 5432 };

/** Bytes of one direction that wait here while the network is slow. */
const LONGEST_QUEUE = 4 * 1024 * 1024;

/**
 * The wire between one process of the product and one server. It can break, fall silent, be slow, lead to another port,
 * and do something at the very moment when a statement passes.
 */
export class Relay {
  readonly name: string;
  private readonly server: Server;
  private readonly splitters: Splitters;
  private readonly sockets = new Set<Socket>();
  private readonly traps = new Set<Trap>();
  private target: { host: string; port: number };
  private isCut = false;
  private delayMs = 0;

  private constructor(
    name: string,
    server: Server,
    splitters: Splitters,
    target: { host: string; port: number },
  ) {
    this.name = name;
    this.server = server;
    this.splitters = splitters;
    this.target = target;
    server.on('connection', (near) => this.join(near));
  }

  static async open(name: string, url: string, splitters: Splitters): Promise<Relay> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new Relay(name, server, splitters, addressOf(url));
  }

  /** The URL by which the server is reached through this wire. */
  urlOf(url: string): string {
    const here = new URL(url);
    here.hostname = '127.0.0.1';
    here.port = String((this.server.address() as AddressInfo).port);
    return here.href;
  }

  /** From now on new connections go there. */
  leadTo(url: string): void {
    this.target = addressOf(url);
  }

  /** Breaks every connection, and every new one until `mend`. */
  cut(): void {
    this.isCut = true;
    this.breakAll();
  }

  breakAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Everything takes so much longer, one way. */
  slowDown(ms: number): void {
    this.delayMs = ms;
  }

  mend(): void {
    this.isCut = false;
    this.delayMs = 0;
  }

  /**
   * Calls `spring` at this moment of the next statement that fits, before anything else passes.
   * @returns the way to take the trap away again
   */
  trap(pattern: RegExp, moment: Moment, spring: Spring): () => void {
    const trap: Trap = { pattern, moment, spring };
    this.traps.add(trap);
    return () => this.traps.delete(trap);
  }

  async close(): Promise<void> {
    this.breakAll();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: Socket): void {
    this.sockets.add(near);
    near.on('error', () => undefined);
    if (this.isCut) return void near.destroy();
    const far = connect(this.target.port, this.target.host);
    this.sockets.add(far);
    far.on('error', () => undefined);
    const { client, server } = this.splitters();
    this.pass(near, far, client, 'client');
    this.pass(far, near, server, 'server');
  }

  private pass(from: Socket, to: Socket, split: Splitter, who: 'client' | 'server'): void {
    from.setNoDelay(true);
    let waiting: Promise<void> = Promise.resolve();
    let queued = 0;
    from.on('data', (chunk: Buffer) => {
      if (this.delayMs === 0 && queued === 0) {
        const held = this.deliver(split(chunk), to, who);
        if (!held) return;
        queued += 1;
        waiting = held.then(() => void (queued -= 1));
        return;
      }
      queued += chunk.length;
      if (queued > LONGEST_QUEUE) from.pause();
      waiting = waiting
        .then(() => pause(this.delayMs))
        .then(() => this.deliver(split(chunk), to, who))
        .then(() => {
          queued -= chunk.length;
          from.resume();
        });
    });
    // What was handed over still arrives: a COMMIT on its way is not undone by the end of who sent it.
    from.on('end', () => void waiting.then(() => to.end()));
    from.on('close', () => {
      this.sockets.delete(from);
      void waiting.then(() => to.end());
    });
  }

  /** @returns what has to be waited for before more is delivered; null when nothing has */
  private deliver(passings: readonly Passing[], to: Socket, who: 'client' | 'server'): Promise<void> | null {
    for (const [i, passing] of passings.entries()) {
      const held = this.hand(passing, to, who);
      if (held) return held.then(() => this.deliver(passings.slice(i + 1), to, who) ?? undefined);
    }
    return null;
  }

  private hand({ bytes, statement }: Passing, to: Socket, who: 'client' | 'server'): Promise<void> | null {
    const write = (): void => void (to.destroyed || to.write(bytes));
    if (statement === null) {
      write();
      return null;
    }
    const [before, after]: [Moment, Moment] =
      who === 'client' ? ['unsent', 'sent'] : ['unanswered', 'answered'];
    const first = this.spring(statement, before);
    if (first === 'sprung') {
      // What follows belongs to the statement, or to the answer, that was kept back.
      to.destroy();
      return null;
    }
    const pass = (): Promise<void> | null => {
      write();
      const held = this.spring(statement, after);
      return held === 'sprung' ? null : held;
    };
    return first ? first.then(() => pass() ?? undefined) : pass();
  }

  /** @returns `sprung`, what is to be waited for, or null when there is no trap for it */
  private spring(statement: string, moment: Moment): 'sprung' | Promise<void> | null {
    // A trap that is laid by one that springs is for the next statement.
    for (const trap of [...this.traps]) {
      if (trap.moment !== moment || !trap.pattern.test(statement)) continue;
      this.traps.delete(trap);
      return trap.spring() ?? 'sprung';
    }
    return null;
  }
}

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname, port: Number(port || DEFAULT_PORTS[protocol]) };
}
