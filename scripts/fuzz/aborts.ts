import { connect, type Socket } from 'node:net';
import { seeded } from '../../proxy/data-plane/testing/odd-heads.ts';
import { send, startBed, until, type Bed } from '../../proxy/data-plane/testing/bed.ts';

/** What was left of so many clients that left when they liked. */
export interface AbortsFound {
  clients: number;
  /** Answers that came whole in between. */
  answered: number;
  /** Heap after the first tenth and at the end, in MiB. */
  heap: [early: number, late: number];
}

const AT_ONCE = 24;
const HOST = 'Host: a\r\n';
const REQUESTS: readonly string[] = [
  `GET /api/products/1 HTTP/1.1\r\n${HOST}\r\n`,
  `GET /api/products/big HTTP/1.1\r\n${HOST}\r\n`,
  `POST /api/products/1 HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`,
  `POST /api/products/1 HTTP/1.1\r\n${HOST}Content-Length: 50000\r\n\r\n${'x'.repeat(50_000)}`,
  `POST /api/products/1 HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
];

/** Lets clients leave in the middle of whatever they do, and throws unless everything comes back. */
export async function soakAborts(clients: number, seed: number): Promise<AbortsFound> {
  const random = seeded(seed);
  const bed = await startFast(random);
  const found: AbortsFound = { clients: 0, answered: 0, heap: [0, 0] };
  const work = async (): Promise<void> => {
    while (found.clients < clients) {
      found.clients += 1;
      if (found.clients === Math.ceil(clients / 10)) found.heap[0] = heap();
      const isPatient = found.clients % 50 === 0;
      const answered = isPatient ? await answerOf(bed) : await leave(bed, random);
      found.answered += answered;
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    await comesBack(bed);
    found.heap[1] = heap();
  } finally {
    await bed.stop();
  }
  await until(() => !process.getActiveResourcesInfo().includes('TCPSocketWrap'));
  const [early, late] = found.heap;
  if (late > early * 1.5 + 10) throw new Error(`The heap grew from ${early} to ${late} MiB.`);
  return found;
}

function startFast(random: () => number): Promise<Bed> {
  return startBed({
    proxy: { fastLane: true },
    monolith: (req, res) => {
      req.on('error', () => undefined).resume();
      const answer = (): void => void res.end('x'.repeat(req.url?.endsWith('big') ? 500_000 : 100));
      if (random() < 0.1) req.socket.destroy();
      else if (random() < 0.5) setImmediate(answer);
      else answer();
    },
  });
}

/** One client: it sends some of a request, takes some of the answer, and goes in peace or with a reset. */
function leave(bed: Bed, random: () => number): Promise<number> {
  const bytes = REQUESTS[Math.floor(random() * REQUESTS.length)] ?? '';
  const { hostname, port } = new URL(bed.proxy.url);
  return new Promise((resolve) => {
    const socket: Socket = connect(Number(port), hostname);
    socket.on('error', () => undefined).once('close', () => resolve(0));
    if (random() < 0.9) socket.resume();
    socket.once('connect', () => {
      socket.write(bytes.slice(0, Math.ceil(bytes.length * Math.min(1, 0.3 + random()))));
      waitTurns(Math.floor(random() * 20), () =>
        random() < 0.5 ? socket.destroy() : socket.resetAndDestroy(),
      );
    });
  });
}

function waitTurns(turns: number, then: () => void): void {
  if (turns === 0) then();
  else setImmediate(() => waitTurns(turns - 1, then));
}

async function answerOf(bed: Bed): Promise<number> {
  const { status } = await send(bed.proxy.url, 'GET', '/api/products/1');
  return status === 200 ? 1 : 0;
}

async function comesBack(bed: Bed): Promise<void> {
  const traffic = () => bed.proxy.stats().migrations['catalog'];
  await until(() => traffic()?.runningWrites === 0 && traffic()?.waitingWrites === 0);
  await until(() => bed.proxy.stats().upstreams.monolith.running === 0);
}

function heap(): number {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().heapUsed / 2 ** 20);
}
