import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openSocket, startBed, Upstream, type Bed } from '../testing/bed.ts';

const GIGABYTE = 1024 ** 3;
/** What a proxy may need for a body however large: buffers of the kernel's and node's size, and garbage. */
const BOUND = 150 * 1024 ** 2;
const CHUNK = Buffer.alloc(256 * 1024, 'x');

/** Writes so many bytes as fast as they are taken. */
async function pour(to: Writable, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= CHUNK.length) {
    if (!to.write(left >= CHUNK.length ? CHUNK : CHUNK.subarray(0, left))) await once(to, 'drain');
  }
  to.end();
}

async function countOf(stream: IncomingMessage): Promise<number> {
  let count = 0;
  for await (const chunk of stream) count += (chunk as Buffer).length;
  return count;
}

describe('a body of a gigabyte', () => {
  let monolith: Upstream;
  let proxy: ChildProcess;
  let url: string;

  const told = async <Told>(): Promise<Told> => ((await once(proxy, 'message')) as [Told])[0];
  const memory = async (): Promise<{ now: number; peak: number }> => {
    const answer = told<{ now: number; peak: number }>();
    proxy.send('memory');
    return answer;
  };

  beforeEach(async () => {
    monolith = await new Upstream('monolith', (req, res) => {
      if (req.method === 'GET') void pour(res.writeHead(200, { 'content-length': GIGABYTE }), GIGABYTE);
      else void countOf(req).then((count) => res.end(String(count)));
    }).start();
    const file = fileURLToPath(new URL('../testing/proxy-process.ts', import.meta.url));
    proxy = fork(file, [monolith.url], { execArgv: [], env: process.env });
    ({ url } = await told<{ url: string }>());
  });

  afterEach(async () => {
    const gone = once(proxy, 'exit');
    proxy.disconnect();
    await gone;
    await monolith.stop();
  });

  const ask = async (method: string, body: number): Promise<IncomingMessage> => {
    const { hostname, port } = new URL(url);
    const headers = body > 0 ? { 'content-length': body } : {};
    const req = request({ hostname, port, path: '/large', method, headers, agent: false });
    const answered = once(req, 'response') as Promise<[IncomingMessage]>;
    await Promise.all([pour(req, body), answered]);
    return (await answered)[0];
  };

  it('goes through in either direction, and the proxy needs no memory for it', async () => {
    const before = await memory();
    expect(await countOf(await ask('GET', 0))).toBe(GIGABYTE);
    const uploaded = await ask('POST', GIGABYTE);
    let text = '';
    for await (const chunk of uploaded) text += (chunk as Buffer).toString();
    expect(Number(text)).toBe(GIGABYTE);
    const after = await memory();
    expect(after.peak - before.now).toBeLessThan(BOUND);
  });
});

describe('back-pressure', () => {
  let bed: Bed;
  afterEach(() => bed.stop());

  /** Writes until nothing is taken any more for a while, and says how much was. */
  async function pourUntilStalled(to: Writable): Promise<number> {
    let written = 0;
    for (;;) {
      written += CHUNK.length;
      if (to.write(CHUNK)) continue;
      const stalled = Symbol('stalled');
      const timer = new Promise((resolve) => setTimeout(() => resolve(stalled), 500));
      if ((await Promise.race([once(to, 'drain'), timer])) === stalled) return written;
    }
  }

  it('stops reading an answer that its client does not take', async () => {
    let stalledAt: Promise<number> | undefined;
    bed = await startBed({ monolith: (_req, res) => void (stalledAt = pourUntilStalled(res)) });
    const socket = await openSocket(bed.proxy.url);
    socket.pause();
    socket.write('GET /big HTTP/1.1\r\nHost: a\r\n\r\n');
    await bed.monolith.hasBegun(1);
    expect(await stalledAt).toBeLessThan(50_000_000);
    socket.destroy();
  });

  it('stops reading an upload that its upstream does not take', async () => {
    bed = await startBed({ monolith: (req) => void req.pause() });
    const socket = await openSocket(bed.proxy.url);
    socket.write('POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000000\r\n\r\n');
    expect(await pourUntilStalled(socket)).toBeLessThan(50_000_000);
    socket.destroy();
  });
});
