import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  FakeFeed,
  closeOf,
  exchangeRaw,
  readUntil,
  send,
  standing,
  startBed,
  until,
} from '../testing/bed.ts';
import type { Bed, BedOptions } from '../testing/bed.ts';
import { begin, statusesOf } from '../testing/raw-http.ts';

let bed: Bed;
afterEach(() => bed.stop());

const start = async (options: BedOptions = {}): Promise<void> => {
  bed = await startBed(options);
};
const HEAD = 'POST /api/products/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n';

/** Lets the upstream decide by itself whether it wants the body. */
function onExpectation(decide: (req: IncomingMessage, res: ServerResponse) => void): void {
  bed.monolith.server.on('checkContinue', decide);
}

describe('a client that waits to be asked for its body', () => {
  it('is asked when the upstream asks, and its body then goes through', async () => {
    await start();
    const socket = await begin(bed.proxy.url, HEAD);
    expect(await readUntil(socket, /\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('hello');
    expect(await readUntil(socket, /"bytes":5/)).toMatch(/^HTTP\/1\.1 200 OK/);
    socket.destroy();
  });

  it('keeps its body when the upstream does not want it', async () => {
    await start();
    onExpectation((_req, res) => void res.writeHead(401).end('who are you?'));
    const socket = await begin(bed.proxy.url, HEAD);
    const answer = await readUntil(socket, /who are you\?/);
    expect(statusesOf(answer)).toEqual([401]);
    // The client may have sent the body or not: where a next request would begin is not sure.
    expect(answer).toMatch(/connection: close/i);
    socket.destroy();
  });

  it('is asked once the upstream has been silent for a while: it may not know the expectation', async () => {
    await start({ proxy: { timeouts: { continueMs: 30 } } });
    onExpectation((req, res) => void req.resume().once('end', () => res.end('got it')));
    const socket = await begin(bed.proxy.url, HEAD);
    await readUntil(socket, /100 Continue/);
    socket.write('hello');
    expect(await readUntil(socket, /got it/)).toMatch(/^HTTP\/1\.1 200 OK/);
    socket.destroy();
  });

  it('may send its body unasked', async () => {
    await start();
    const answer = await exchangeRaw(
      bed.proxy.url,
      HEAD.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\nhello'),
    );
    expect(statusesOf(answer)).toEqual([100, 200]);
    expect(bed.monolith.received.at(-1)?.body.toString()).toBe('hello');
  });

  it('may send its body unasked also where bodies of unknown length are counted: nothing of it is lost', async () => {
    await start({ proxy: { clients: { maxBodyBytes: 1000 }, timeouts: { continueMs: 100 } } });
    let upstream: IncomingMessage | undefined;
    const bodies: string[] = [];
    onExpectation((req, res) => {
      upstream = req;
      let body = '';
      req.on('data', (chunk: Buffer) => (body += chunk.toString()));
      req.once('end', () => bodies.push(body) && res.end('got it'));
    });
    const head = HEAD.replace('Content-Length: 5', 'Transfer-Encoding: chunked');
    const socket = await begin(bed.proxy.url, `${head}5\r\nfirst\r\n`);
    await until(() => upstream !== undefined);
    socket.write('6\r\nsecond\r\n0\r\n\r\n');
    await readUntil(socket, /got it/);
    expect(bodies).toEqual(['firstsecond']);
    socket.destroy();
  });

  it('keeps it while its write waits for a change of owner', async () => {
    const feed = new FakeFeed(standing({ holdWrites: true }));
    await start({ feed });
    const socket = await begin(bed.proxy.url, HEAD);
    await until(() => bed.proxy.stats().migrations['catalog']?.waitingWrites === 1);
    expect(socket.bytesRead).toBe(0);
    feed.change('catalog', { holdWrites: false });
    expect(await readUntil(socket, /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 100 /);
    socket.write('hello');
    await readUntil(socket, /"bytes":5/);
    socket.destroy();
  });

  it('ends its request upstream when it leaves without having been asked', async () => {
    await start();
    let upstream: IncomingMessage | undefined;
    onExpectation((req) => void (upstream = req));
    const socket = await begin(bed.proxy.url, HEAD);
    await until(() => upstream !== undefined);
    const closed = closeOf(upstream as IncomingMessage);
    socket.destroy();
    await closed;
  });
});

it('does not ask for a body that broke before: the client has its 400', async () => {
  await start();
  let ask: (() => void) | undefined;
  onExpectation((_req, res) => void (ask = () => res.writeContinue()));
  const head = HEAD.replace('Content-Length: 5', 'Transfer-Encoding: chunked');
  const socket = await begin(bed.proxy.url, `${head}ZZ\r\n`);
  await until(() => ask !== undefined);
  ask?.();
  expect(statusesOf(await readUntil(socket, / 400 [^]*\}$/))).toEqual([400]);
  socket.destroy();
  expect((await send(bed.proxy.url, 'GET', '/a')).status).toBe(200);
});

it('takes no handshake behind an expectation that nobody knows', async () => {
  await start();
  const handshake = 'GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const unknown = 'GET /a HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\n\r\n';
  await exchangeRaw(bed.proxy.url, unknown + handshake);
  expect(bed.monolith.begun).toBe(0);
  expect((await send(bed.proxy.url, 'GET', '/a')).status).toBe(200);
});

it('refuses an expectation that nobody knows', async () => {
  await start();
  const answer = await exchangeRaw(bed.proxy.url, HEAD.replace('100-continue', 'a-miracle'));
  expect(answer).toMatch(/^HTTP\/1\.1 417 [^]*application\/problem\+json/);
  expect(bed.monolith.begun).toBe(0);
});

describe('an interim answer', () => {
  const asked = (): ClientRequest => {
    const { hostname, port } = new URL(bed.proxy.url);
    const req = request({ hostname, port, path: '/a', agent: false });
    req.end();
    return req;
  };
  const interims = async (): Promise<[number, string | undefined][]> => {
    const seen: [number, string | undefined][] = [];
    const req = asked();
    req.on('information', (info) => seen.push([info.statusCode, info.headers['link']?.toString()]));
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    expect(res.statusCode).toBe(200);
    await once(res.resume(), 'end');
    return seen;
  };

  it('goes on to the client, whichever it is and however many there are', async () => {
    await start({
      monolith: (_req, res) => {
        res.writeProcessing();
        res.writeEarlyHints({ link: '</a.css>; rel=preload' });
        res.writeEarlyHints({ link: ['</b.css>; rel=preload', '</c.js>; rel=preload'] });
        res.end('body');
      },
    });
    expect(await interims()).toEqual([
      [102, undefined],
      [103, '</a.css>; rel=preload'],
      [103, '</b.css>; rel=preload, </c.js>; rel=preload'],
    ]);
  });

  it('cannot end the proxy by a link that node would not write', async () => {
    const link = '</a.css>; rel="preload stylesheet"; title="x;y"';
    await start({
      monolith: (_req, res) => {
        res.socket?.write(
          `HTTP/1.1 103 Early Hints\r\nLink: ${link}\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n`,
        );
        res.end('body');
      },
    });
    const answer = await exchangeRaw(
      bed.proxy.url,
      'GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(
      new RegExp(`^HTTP/1\\.1 103 Early Hints\r\nLink: ${link}\r\n\r\nHTTP/1\\.1 200 OK`),
    );
  });

  it('is none for a client of HTTP/1.0', async () => {
    await start({
      monolith: (_req, res) => {
        res.writeProcessing();
        res.end('body');
      },
    });
    const answer = await exchangeRaw(bed.proxy.url, 'GET /a HTTP/1.0\r\n\r\n');
    expect(statusesOf(answer)).toEqual([200]);
  });

  it('does not come between the answers of requests that were sent one behind the other', async () => {
    let first: ServerResponse | undefined;
    await start({
      monolith: (req, res) => {
        if (req.url === '/first') return void (first = res);
        res.writeProcessing();
        res.end('second');
        // The other one is answered when this is through.
        res.once('finish', () => first?.end('first'));
      },
    });
    const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
    const answers = await exchangeRaw(bed.proxy.url, get('/first') + get('/second', 'Connection: close\r\n'));
    expect(answers).toMatch(/^HTTP\/1\.1 200 [^]*first[^]*second/);
  });
});
