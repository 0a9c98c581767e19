import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Histogram } from '../../proxy/data-plane/observe/histogram.ts';

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
}

const HEAD_END = '\r\n\r\n';

/**
 * Sends the same request over and over on open connections, one at a time on each, and waits for every answer. Its own
 * cost is the same for every proxy, and is not counted.
 */
export async function loadWith(load: Load): Promise<LoadResult> {
  const latency = new Histogram();
  const result: LoadResult = { requests: 0, failed: 0, seconds: 0, p50: 0, p99: 0 };
  const started = performance.now();
  const until = started + load.seconds * 1000;
  await Promise.all(
    Array.from({ length: load.connections }, () => runConnection(load, until, latency, result)),
  );
  result.seconds = (performance.now() - started) / 1000;
  result.p50 = latency.quantile(0.5) ?? 0;
  result.p99 = latency.quantile(0.99) ?? 0;
  return result;
}

function runConnection(load: Load, until: number, latency: Histogram, result: LoadResult): Promise<void> {
  const { hostname, port, host } = new URL(load.url);
  const cookie = load.cookie === '' ? '' : `Cookie: ${load.cookie}\r\n`;
  const [method, length] =
    load.bodyBytes === 0 ? ['GET', ''] : ['POST', `Content-Length: ${load.bodyBytes}\r\n`];
  const head = `${method} ${load.path} HTTP/1.1\r\nHost: ${host}\r\n${cookie}${length}\r\n`;
  const request = Buffer.from(head + 'x'.repeat(load.bodyBytes));
  return new Promise((resolve, reject) => {
    let sentAt = 0;
    const socket = connect({ port: Number(port), host: hostname, noDelay: true });
    const send = (): void => {
      sentAt = performance.now();
      socket.write(request);
    };
    onAnswers(socket, (status) => {
      const now = performance.now();
      latency.record((now - sentAt) * 1000);
      result.requests += 1;
      if (status !== 200) result.failed += 1;
      if (now < until) send();
      else socket.end();
    });
    socket.once('connect', send);
    socket.once('close', () => resolve());
    socket.once('error', reject);
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
