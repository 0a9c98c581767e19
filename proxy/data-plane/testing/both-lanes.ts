import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { FakeFeed, openSocket, standing, startBed, until, type Bed } from './bed.ts';

/** What one lane made of some bytes. */
export interface Outcome {
  /** Requests that arrived whole at the upstream, each as JSON. */
  arrived: string[];
  /** Everything that came back over the connection; times and the order of headers left out. */
  answered: string;
}

/** What tells, on a connection that is still in step, where the next request begins. */
const LAST = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const QUIET_MS = 100;
const BOUNDS = { headersMs: 1000, idleMs: 1000, keepAliveMs: 1000, lingerMs: 50, maxTargetBytes: 2000 };

/** Ways in which an upstream may answer. */
export const ANSWERS: readonly ((res: ServerResponse, text: string) => void)[] = [
  (res, text) => void res.setHeader('content-length', Buffer.byteLength(text)).end(text),
  (res, text) => void res.writeHead(200, { 'X-Case': 'Kept' }).end(text),
  (res, text) => {
    res.write(text.slice(0, 10));
    setImmediate(() => res.end(text.slice(10)));
  },
  (res) => void res.writeHead(204).end(),
  (res) => void res.writeHead(304, { etag: '"v1"', 'content-length': 5 }).end(),
  (res, text) => {
    res.writeEarlyHints({ link: '</a.css>; rel=preload' });
    res.writeHead(201, { 'set-cookie': ['a=1; Path=/', 'b=2'], location: '/elsewhere' }).end(text);
  },
  (res, text) => {
    // Node throws at trailers of an answer that has no body.
    if (res.req.method === 'HEAD') return void res.end();
    res.writeHead(200, { trailer: 'x-sum' }).write(text);
    res.addTrailers({ 'x-sum': '1' });
    res.end();
  },
  (res, text) => res.socket?.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${text}`, 'latin1'),
  // Of a known length: where chunks are cut is nobody's promise.
  (res, text) => {
    const long = text.repeat(300);
    res.writeHead(500, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(long) }).end(long);
  },
  (res, text) => res.socket?.end(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n${text}`),
];

/** The same proxy twice, once with each lane in front of an upstream of its own. */
export class BothLanes {
  readonly #lanes: Lane[];

  private constructor(lanes: Lane[]) {
    this.#lanes = lanes;
  }

  static async start(): Promise<BothLanes> {
    return new BothLanes([await Lane.start(false), await Lane.start(true)]);
  }

  /** @param answer which of `ANSWERS` the upstream gives */
  async outcomesOf(bytes: string, answer: number): Promise<[general: Outcome, fast: Outcome]> {
    const [general, fast] = await Promise.all(this.#lanes.map((lane) => lane.outcomeOf(bytes, answer)));
    if (!general || !fast) throw new Error('There are two lanes.');
    return [general, fast];
  }

  /** How many requests have come to the upstream over the fast lane, which leaves names as they are written. */
  get carriedFast(): number {
    return this.#lanes[1]?.carriedFast ?? 0;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
  }
}

class Lane {
  carriedFast = 0;
  #bed: Bed | null = null;
  #answer = 0;
  #arrived: string[] = [];

  static async start(fastLane: boolean): Promise<Lane> {
    const lane = new Lane();
    const handler = (req: IncomingMessage, res: ServerResponse): void => lane.#take(req, res);
    lane.#bed = await startBed({
      proxy: { fastLane, clients: BOUNDS },
      feed: new FakeFeed(standing({ stage: 'extracted', owner: 'service' })),
      monolith: handler,
      service: handler,
    });
    return lane;
  }

  async outcomeOf(bytes: string, answer: number): Promise<Outcome> {
    const bed = this.#runningBed();
    this.#answer = answer;
    this.#arrived = [];
    const isBusy = (): boolean => {
      const { monolith, services } = bed.proxy.stats().upstreams;
      return [monolith, ...Object.values(services)].some(({ running }) => running > 0);
    };
    const answered = await talk(await openSocket(bed.proxy.url), bytes, isBusy);
    await until(() => !isBusy());
    return { arrived: this.#arrived, answered: comparable(answered) };
  }

  stop(): Promise<void> {
    return this.#runningBed().stop();
  }

  #runningBed(): Bed {
    if (!this.#bed) throw new Error('The lane was not started.');
    return this.#bed;
  }

  #take(req: IncomingMessage, res: ServerResponse): void {
    const { method, url, headers, rawHeaders } = req;
    if (rawHeaders.includes('Host')) this.carriedFast += 1;
    const arrived = this.#arrived;
    let body = '';
    req.on('error', () => undefined);
    req.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
    req.once('end', () => {
      // Where it came from differs in the number of a port.
      const text = JSON.stringify({ method, url, headers: sorted(headers), body });
      arrived.push(text);
      const answer = url === '/last' ? ANSWERS[0] : ANSWERS[this.#answer % ANSWERS.length];
      answer?.(res, text);
    });
  }
}

/**
 * In what two lanes differ, in words; null when they agree. A request whose connection ended before its answer may
 * have arrived or not.
 */
export function differenceOf(general: Outcome, fast: Outcome): string | null {
  if (general.answered !== fast.answered) return 'the client gets another answer';
  const answers = general.answered.match(/HTTP\/1\.1 [2-5]/g)?.length ?? 0;
  const count = Math.min(general.arrived.length, fast.arrived.length);
  const more = [...general.arrived.slice(count), ...fast.arrived.slice(count)];
  // Answers of our own count too, so the last request is told by its name: it may meet a connection that is ending.
  if (answers > count && !more.every(isLast)) return 'another number of requests arrived';
  const isSame = general.arrived.every((each, at) => at >= count || each === fast.arrived[at]);
  return isSame ? null : 'the upstream sees another request';
}

/**
 * Writes bytes, and once nothing more comes back and nothing is under way a last request. Gives everything that came.
 */
async function talk(socket: Socket, bytes: string, isBusy: () => boolean): Promise<string> {
  let came = '';
  let sentLast = false;
  return new Promise((resolve) => {
    const sayLast = (): void => {
      // Behind a request that still waits for its answer it would be another question.
      if (isBusy()) return void (quiet = setTimeout(sayLast, QUIET_MS));
      if (!sentLast) socket.write(LAST);
      sentLast = true;
    };
    let quiet = setTimeout(sayLast, QUIET_MS);
    socket.on('data', (chunk: Buffer) => {
      came += chunk.toString('latin1');
      clearTimeout(quiet);
      quiet = setTimeout(sayLast, isWhole(came) ? 0 : QUIET_MS);
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(quiet);
      resolve(came);
    });
    socket.write(bytes, 'latin1');
  });
}

/** The last answer has come to its end; a wrong guess costs nothing but the wait. */
function isWhole(came: string): boolean {
  const at = came.lastIndexOf('HTTP/1.1 ');
  const end = came.indexOf('\r\n\r\n', at);
  const head = came.slice(at, end);
  if (end === -1 || head.startsWith('HTTP/1.1 1')) return false;
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (/^transfer-encoding/im.test(head)) return /\r\n0\r\n(.+\r\n)*\r\n$/.test(came);
  return length === undefined || came.length >= end + 4 + Number(length) || came.length === end + 4;
}

function comparable(answered: string): string {
  return (
    answered
      .replace(/^date: .*\r\n/gim, 'Date: some\r\n')
      .replace(/^connection: /gim, 'Connection: ')
      // Each lane has words of its own for what is wrong with an answer of the upstream.
      .replace(/\(HPE_[A-Z_]+\)/g, '(HPE)')
      .replace(/(HTTP\/1\.1 \d{3} [^\r]*\r\n)((?:[^\r\n]+\r\n)+)\r\n/g, (_, first: string, lines: string) => {
        const sortedLines = lines.split('\r\n').filter((line) => isPromised(first, line));
        return `${first}${sortedLines.sort().join('\r\n')}\r\n\r\n`;
      })
  );
}

function isPromised(first: string, line: string): boolean {
  return line !== '' && !(first.includes(' 502 ') && line.startsWith('content-length'));
}

const isLast = (arrived: string): boolean => (JSON.parse(arrived) as { url: string }).url === '/last';

/** A request without a host is given its upstream's, which differs in the number of a port too. */
function sorted(headers: IncomingMessage['headers']): [string, unknown][] {
  const host = headers.host?.replace(/^127\.0\.0\.1:\d+$/, 'the upstream');
  return Object.entries({ ...headers, host }).sort(([one], [other]) => (one < other ? -1 : 1));
}
