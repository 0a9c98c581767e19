import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Histogram } from '../../../proxy/data-plane/observe/histogram.ts';

/** What one run of load found; latencies in microseconds. */
export interface LoadResult {
  requests: number;
  /** Answers that were not 200. */
  failed: number;
  seconds: number;
  p50: number;
  p99: number;
}

export interface Load {
  url: string;
  path: string;
  /** Bytes of the body that each request has; 0 makes it a GET. */
  bodyBytes: number;
  connections: number;
  seconds: number;
  /** Cookies that every request carries. */
  cookie: string;
  /** Requests a second, whatever the answers do; null for each as soon as the one before it is answered. */
  rate: number | null;
}

const HEAD_END = '\r\n\r\n';

/** Sends the same request over and over on open connections, one at a time on each, and waits for every answer. */
class Sender {
  readonly #sockets: Socket[] = [];
  readonly #latency = new Histogram();
  readonly #request: Buffer;
  /** When what each connection still owes fell due, the one under way first. */
  readonly #due: number[][] = [];
  #requests = 0;
  #failed = 0;
  #isClosed = false;
  /** Called with the connection whose answer came. */
  answered: (connection: number) => void = () => undefined;

  constructor({ url, path, bodyBytes, cookie }: Load) {
    const cookieLine = cookie === '' ? '' : `Cookie: ${cookie}\r\n`;
    const [method, length] = bodyBytes === 0 ? ['GET', ''] : ['POST', `Content-Length: ${bodyBytes}\r\n`];
    const head = `${method} ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n${cookieLine}${length}\r\n`;
    this.#request = Buffer.from(head + 'x'.repeat(bodyBytes));
  }

  get underWay(): number {
    return this.#due.reduce((all, { length }) => all + length, 0);
  }

  async open({ url, connections }: Load): Promise<void> {
    const { hostname: host, port } = new URL(url);
    for (let at = 0; at < connections; at += 1) {
      const socket = connect({ port: Number(port), host, noDelay: true });
      await once(socket, 'connect');
      onAnswers(socket, (status) => this.#took(at, status));
      socket.once('close', () => this.#lost());
      this.#sockets.push(socket);
      this.#due.push([]);
    }
  }

  /** Sends a request now, or as soon as the connection is free; how long it takes counts from now on. */
  send(connection: number): void {
    const due = this.#due[connection];
    if (due?.push(performance.now()) === 1) this.#sockets[connection]?.write(this.#request);
  }

  result(seconds: number): LoadResult {
    const [p50, p99] = [this.#latency.quantile(0.5) ?? 0, this.#latency.quantile(0.99) ?? 0];
    return { requests: this.#requests, failed: this.#failed, seconds, p50, p99 };
  }

  close(): void {
    this.#isClosed = true;
    for (const socket of this.#sockets) socket.end();
  }

  #lost(): void {
    if (!this.#isClosed) throw new Error('a connection was closed while the load ran');
  }

  #took(connection: number, status: number): void {
    const due = this.#due[connection] ?? [];
    this.#latency.record((performance.now() - (due.shift() ?? NaN)) * 1000);
    this.#requests += 1;
    if (status !== 200) this.#failed += 1;
    if (due.length > 0) this.#sockets[connection]?.write(this.#request);
    this.answered(connection);
  }
}

/** Its own cost is the same for every proxy, and is not counted. */
async function loadWith(load: Load): Promise<LoadResult> {
  const sender = new Sender(load);
  await sender.open(load);
  const started = performance.now();
  const until = started + load.seconds * 1000;
  await (load.rate === null ? asFastAsItGoes(sender, load, until) : atRate(sender, load, load.rate, until));
  sender.close();
  return sender.result((performance.now() - started) / 1000);
}

/** A closed loop: the slower the answers, the fewer the requests. */
function asFastAsItGoes(sender: Sender, { connections }: Load, until: number): Promise<void> {
  return new Promise((resolve) => {
    sender.answered = (connection) => {
      if (performance.now() < until) sender.send(connection);
      else if (sender.underWay === 0) resolve();
    };
    for (let at = 0; at < connections; at += 1) sender.send(at);
  });
}

/**
 * An open loop: as many clients come whether or not those before them were served, and one that finds its connection taken
 * waits, which counts. What falls due within a millisecond is sent together.
 */
function atRate(sender: Sender, { connections }: Load, rate: number, until: number): Promise<void> {
  const started = performance.now();
  let sent = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now();
      for (const due = ((now - started) / 1000) * rate; sent < due; sent += 1)
        sender.send(sent % connections);
      if (now < until) return;
      clearInterval(timer);
      sender.answered = () => sender.underWay === 0 && resolve();
      if (sender.underWay === 0) resolve();
    }, 1);
  });
}

/** Calls back with the status of each whole answer; every answer has to say its length. */
function onAnswers(socket: Socket, answered: (status: number) => void): void {
  let head = '';
  let missing = 0;
  let status = 0;
  socket.on('data', (chunk: Buffer) => {
    let body = chunk.length;
    if (missing === 0) {
      head += chunk.toString('latin1');
      const end = head.indexOf(HEAD_END);
      if (end === -1) return;
      status = Number(head.slice(9, 12));
      missing = Number(/^content-length: *(\d+)/im.exec(head.slice(0, end))?.[1] ?? 0);
      body = head.length - end - HEAD_END.length;
      head = '';
    }
    missing -= body;
    if (missing === 0) answered(status);
  });
}

// As a process of its own: the load must not run on the proxy's loop.
if (process.argv[1] === import.meta.filename) {
  process.once('message', (load: Load) => {
    void loadWith(load).then((result) => process.send?.(result, () => process.disconnect()));
  });
}
