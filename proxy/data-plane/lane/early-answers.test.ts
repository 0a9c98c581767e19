import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { closeOf, readUntil, send, startBed, until, type Bed, type BedOptions } from '../testing/bed.ts';
import { begin, RawUpstream, statusesOf, useAsMonolith } from '../testing/raw-http.ts';

let bed: Bed;
const raw: RawUpstream[] = [];
afterEach(async () => {
  await bed.stop();
  await Promise.all(raw.splice(0).map((each) => each.stop()));
});

const start = async (options: BedOptions = {}): Promise<void> => {
  bed = await startBed(options);
};
const UPLOAD = 'POST /api/products/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000000\r\n\r\n';
const counts = () => bed.proxy.stats().migrations['catalog']?.monolith;

/** Sends as much as the other end takes, without an end. */
function pour(socket: Socket): void {
  const chunk = Buffer.alloc(64 * 1024);
  const more = (): void => {
    while (!socket.destroyed && socket.writable && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

/** Everything that comes over a connection until it closes. */
async function allOf(socket: Socket): Promise<string> {
  let got = '';
  socket.on('data', (chunk: Buffer) => (got += chunk.toString('latin1')));
  await closeOf(socket);
  return got;
}

describe('an answer that comes before its request is over', () => {
  it('reaches the client whole, ends the upload at both ends, and then the connection', async () => {
    let upstream: IncomingMessage | undefined;
    await start({
      proxy: { clients: { lingerMs: 300 } },
      monolith: (req, res) => {
        upstream = req;
        res.writeHead(413, { 'content-length': 1_000_000 }).end('x'.repeat(1_000_000));
      },
    });
    const socket = await begin(bed.proxy.url, UPLOAD);
    const answered = allOf(socket);
    pour(socket);
    const answer = await answered;
    expect(statusesOf(answer)).toEqual([413]);
    expect(answer).toMatch(/^connection: close\r$/im);
    expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBe(1_000_000);
    await until(() => upstream?.socket.destroyed === true);
    expect(upstream?.complete).toBe(false);
    await until(() => counts()?.requests === 1);
    // The client got what the side said: nobody failed.
    expect(counts()?.failed).toBe(0);
  });

  it('reaches the client also in chunks, and from an upstream that ends its half behind it', async () => {
    await start({ proxy: { clients: { lingerMs: 300 } } });
    const upstream = await new RawUpstream((socket) => {
      socket.end(
        'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nno\r\n0\r\n\r\n',
      );
    }).start();
    raw.push(upstream);
    useAsMonolith(bed, upstream.url);
    const socket = await begin(bed.proxy.url, UPLOAD);
    const answered = allOf(socket);
    pour(socket);
    expect(await answered).toMatch(/^HTTP\/1\.1 403 [^]*\r\n\r\n2\r\nno\r\n0\r\n\r\n$/);
  });

  it('reaches the client also from an upstream that answers and hangs up at once, again and again', async () => {
    await start({ proxy: { clients: { lingerMs: 300 } } });
    const upstream = await new RawUpstream((socket) => {
      // With the rest of the upload unread, this is a reset that overtakes nothing but the next write.
      socket.write('HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno', () => socket.destroy());
    }).start();
    raw.push(upstream);
    useAsMonolith(bed, upstream.url);
    for (let round = 0; round < 10; round += 1) {
      const socket = await begin(bed.proxy.url, UPLOAD);
      const answered = allOf(socket);
      pour(socket);
      expect(await answered).toMatch(/^HTTP\/1\.1 413 [^]*\r\n\r\nno$/);
    }
    expect(counts()?.failed).toBe(0);
  });

  it('is a 502 when the upstream hangs up in the middle of an upload without a word', async () => {
    await start({ proxy: { clients: { lingerMs: 300 } } });
    const upstream = await new RawUpstream((socket) => socket.resetAndDestroy()).start();
    raw.push(upstream);
    useAsMonolith(bed, upstream.url);
    const socket = await begin(bed.proxy.url, UPLOAD);
    const answered = allOf(socket);
    pour(socket);
    expect(await answered).toMatch(/^HTTP\/1\.1 502 [^]*The monolith broke off/);
  });

  it('leaves nothing of the upload to be taken for a next request', async () => {
    await start({ monolith: (_req, res) => void res.writeHead(401).end('who are you?') });
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
    const { hostname: host, port } = new URL(bed.proxy.url);
    // Ends its own half when it wants to, and not when the proxy ends the other.
    const socket = connect({ host, port: Number(port), allowHalfOpen: true });
    socket.write(UPLOAD.replace('10000000000', '5'));
    await readUntil(socket, /who are you\?/);
    // The rest of the body, and a request behind it, on a connection that was said to be closing.
    const rest = allOf(socket);
    socket.end(`hello${smuggled}`);
    expect(await rest).toBe('');
    expect(bed.monolith.begun).toBe(1);
  });

  it('does not stop an upload that the upstream goes on reading while it answers', async () => {
    await start({
      monolith: (req, res) => {
        res.writeHead(200).flushHeaders();
        req.pipe(res);
      },
    });
    const socket = await begin(bed.proxy.url, UPLOAD.replace('10000000000', '10'));
    await readUntil(socket, /\r\n\r\n/);
    socket.write('first');
    expect(await readUntil(socket, /first/)).toContain('first');
    socket.write('other');
    expect(await readUntil(socket, /0\r\n\r\n/)).toContain('other');
    socket.destroy();
  });

  it('is the proxy’s own when nobody listens, and reaches a client that is still uploading', async () => {
    await start({ proxy: { clients: { lingerMs: 300 } } });
    await bed.monolith.stop();
    const socket = await begin(bed.proxy.url, UPLOAD);
    const answered = allOf(socket);
    pour(socket);
    expect(await answered).toMatch(/^HTTP\/1\.1 502 [^]*The monolith cannot be reached/);
  });

  it('is the proxy’s own when the request is refused, and reaches a client that is still uploading', async () => {
    await start({ proxy: { clients: { lingerMs: 300 } } });
    const socket = await begin(bed.proxy.url, UPLOAD.replace('/api', '/..'));
    const answered = allOf(socket);
    pour(socket);
    expect(await answered).toMatch(/^HTTP\/1\.1 400 [^]*dot segment/);
    expect(bed.monolith.begun).toBe(0);
  });

  it('costs the connection to the upstream, and no other request', async () => {
    await start({
      monolith: (req, res) => {
        if (req.method === 'POST') res.writeHead(413).end();
        else res.end('fine');
      },
    });
    for (let round = 0; round < 20; round += 1) {
      const socket = await begin(bed.proxy.url, `${UPLOAD}some`);
      await readUntil(socket, /413/);
      socket.destroy();
      expect((await send(bed.proxy.url, 'GET', '/api/products/1')).text).toBe('fine');
    }
  });
});
