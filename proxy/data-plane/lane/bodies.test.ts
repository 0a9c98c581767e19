import { once } from 'node:events';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  exchangeRaw,
  openSocket,
  readUntil,
  send,
  startBed,
  type Bed,
  type BedOptions,
} from '../testing/bed.ts';
import { begin, namesOf, RawUpstream, statusesOf, useAsMonolith } from '../testing/raw-http.ts';

let bed: Bed;
const raw: RawUpstream[] = [];
afterEach(async () => {
  await bed.stop();
  await Promise.all(raw.splice(0).map((each) => each.stop()));
});

const start = async (options: BedOptions = {}): Promise<void> => {
  bed = await startBed(options);
};

describe('an answer without a body', () => {
  it('leaves the connection in step: HEAD, 204 and 304', async () => {
    await start({
      monolith: (req, res) => {
        const status = { '/204': 204, '/304': 304 }[req.url ?? ''] ?? 200;
        if (status === 200) res.setHeader('content-length', 5);
        res.writeHead(status).end(status === 200 ? 'hello' : undefined);
      },
    });
    const line = (method: string, path: string, more = '') =>
      `${method} ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
    const answers = await exchangeRaw(
      bed.proxy.url,
      line('HEAD', '/a') +
        line('GET', '/204') +
        line('GET', '/304') +
        line('GET', '/a', 'Connection: close\r\n'),
    );
    expect(statusesOf(answers)).toEqual([200, 204, 304, 200]);
    expect(answers.match(/hello/g)).toHaveLength(1);
    expect(answers.endsWith('hello')).toBe(true);
  });

  it('says what it would have said of its body: the length for HEAD, the validators of a 304', async () => {
    await start({
      monolith: (req, res) => {
        if (req.method === 'HEAD') return void res.writeHead(200, { 'content-length': 12345 }).end();
        res.writeHead(304, { etag: '"v1"', 'content-length': 12345, 'cache-control': 'max-age=60' }).end();
      },
    });
    expect((await send(bed.proxy.url, 'HEAD', '/a')).headers['content-length']).toBe('12345');
    const { status, headers } = await send(bed.proxy.url, 'GET', '/a', {
      headers: { 'if-none-match': '"v1"' },
    });
    expect([status, headers.etag, headers['content-length']]).toEqual([304, '"v1"', '12345']);
  });

  it('is empty and framed when the upstream says so', async () => {
    await start({ monolith: (_req, res) => void res.writeHead(200, { 'content-length': 0 }).end() });
    const reply = await send(bed.proxy.url, 'GET', '/a');
    expect([reply.headers['content-length'], reply.text]).toEqual(['0', '']);
  });

  it('cannot smuggle a second answer in behind it', async () => {
    await start();
    const forged = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged';
    const upstream = await new RawUpstream((socket) => {
      socket.write(`HTTP/1.1 204 No Content\r\n\r\n${forged}`);
    }).start();
    raw.push(upstream);
    useAsMonolith(bed, upstream.url);
    const get = (more: string) => `GET /a HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
    const answers = await exchangeRaw(bed.proxy.url, get('') + get('Connection: close\r\n'));
    expect(answers).not.toContain('forged');
    expect(statusesOf(answers)[0]).toBe(204);
  });
});

describe('a chunked body', () => {
  it('goes on as it comes, chunk for chunk, from the client', async () => {
    let upstream: IncomingMessage | undefined;
    await start({ monolith: (req) => void (upstream = req) });
    const socket = await begin(
      bed.proxy.url,
      'POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n',
    );
    await bed.monolith.hasBegun(1);
    const arrived = upstream as IncomingMessage;
    expect(arrived.headers['transfer-encoding']).toBe('chunked');
    for (const [text, next] of [
      ['first', '6\r\nsecond\r\n'],
      ['second', '0\r\n\r\n'],
    ] as const) {
      const [chunk] = (await once(arrived, 'data')) as [Buffer];
      expect(chunk.toString()).toBe(text);
      socket.write(next);
    }
    await once(arrived, 'end');
    socket.destroy();
  });

  it('goes on as it comes, chunk for chunk, to the client', async () => {
    let answer: ServerResponse | undefined;
    await start({
      monolith: (_req, res) => {
        answer = res;
        res.write('first');
      },
    });
    const socket = await openSocket(bed.proxy.url);
    socket.write('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await readUntil(socket, /first/)).toMatch(
      /Transfer-Encoding: chunked[^]*\r\n\r\n5\r\nfirst\r\n$/i,
    );
    answer?.write('second');
    expect(await readUntil(socket, /second\r\n/)).toBe('6\r\nsecond\r\n');
    answer?.end();
    expect(await readUntil(socket, /0\r\n\r\n/)).toBe('0\r\n\r\n');
    socket.destroy();
  });

  it('is no chunked one for a client of HTTP/1.0: the end of the connection ends it', async () => {
    await start({
      monolith: (_req, res) => {
        res.write('a');
        res.end('b');
      },
    });
    const answer = await exchangeRaw(bed.proxy.url, 'GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    expect(answer).not.toMatch(/transfer-encoding/i);
    expect(answer.endsWith('\r\n\r\nab')).toBe(true);
  });

  it('keeps its framing under methods that seldom have one', async () => {
    await start();
    for (const method of ['GET', 'DELETE', 'OPTIONS']) {
      const head = `${method} /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
      await exchangeRaw(bed.proxy.url, `${head}3\r\nabc\r\n0\r\n\r\n`);
      const { method: arrived, body } = bed.monolith.received.at(-1) ?? {};
      expect([arrived, body?.toString()]).toEqual([method, 'abc']);
    }
    expect(bed.monolith.received).toHaveLength(3);
  });
});

describe('trailers', () => {
  const received = async (monolith: BedOptions['monolith']): Promise<IncomingMessage> => {
    await start(monolith ? { monolith } : {});
    const { hostname, port } = new URL(bed.proxy.url);
    const req = request({ hostname, port, path: '/a', agent: false });
    req.end();
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    await once(res.resume(), 'end');
    return res;
  };

  it('reach the client, announced', async () => {
    const res = await received((_req, answer) => {
      answer.writeHead(200, { trailer: 'x-sum' });
      answer.write('body');
      answer.addTrailers({ 'x-sum': '42' });
      answer.end();
    });
    expect(res.headers.trailer).toBe('x-sum');
    expect(res.trailers).toEqual({ 'x-sum': '42' });
  });

  it('reach the upstream, without those that would frame, route or vouch for a request', async () => {
    let trailers: NodeJS.Dict<string> | undefined;
    await start({
      monolith: (req, res) => {
        req.resume().once('end', () => {
          trailers = req.trailers;
          res.end();
        });
      },
    });
    const head = 'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
    const forbidden = 'Host: evil\r\nX-Forwarded-For: 6.6.6.6\r\nAuthorization: Basic eA==\r\n';
    await exchangeRaw(bed.proxy.url, `${head}3\r\nabc\r\n0\r\nX-Sum: 42\r\n${forbidden}\r\n`);
    expect(trailers).toEqual({ 'x-sum': '42' });
  });
});

it.each([
  'HEAD /a HTTP/1.1\r\nConnection: close',
  'GET /a HTTP/1.0',
  'GET /304 HTTP/1.1\r\nConnection: close',
])('is not ended by trailers that cannot be announced to %j', async (head) => {
  await start();
  const upstream = new RawUpstream((socket) => {
    const status = head.includes('304') ? 304 : 200;
    const body = head.startsWith('HEAD') || status === 304 ? '' : '1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n';
    socket.end(`HTTP/1.1 ${status} A\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n${body}`);
  });
  raw.push(await upstream.start());
  useAsMonolith(bed, upstream.url);
  const answer = await exchangeRaw(bed.proxy.url, `${head}\r\nHost: a\r\n\r\n`);
  expect(statusesOf(answer)).toEqual([head.includes('304') ? 304 : 200]);
});

it('keeps a client from setting by trailers what the proxy says of its token', async () => {
  let trailers: NodeJS.Dict<string> | undefined;
  const forwardClaims = { sub: 'X-User-Id' };
  const jwt = {
    jwks: 'http://127.0.0.1:9',
    issuer: 'i',
    audience: 'a',
    auth: 'optional',
    forwardClaims,
  } as const;
  await start({
    proxy: { jwt },
    monolith: (req, res) => {
      req.resume().once('end', () => {
        trailers = req.trailers;
        res.end();
      });
    },
  });
  const head = 'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
  const forged = 'X-User-Id: root\r\nx_user_id: root\r\n';
  await exchangeRaw(bed.proxy.url, `${head}1\r\nx\r\n0\r\nX-Sum: 42\r\n${forged}\r\n`);
  expect(trailers).toEqual({ 'x-sum': '42' });
});

describe('a header that comes more than once', () => {
  it('reaches the upstream with all of its values, and the client too', async () => {
    await start({
      monolith: (req, res) => {
        res.setHeader('x-got', JSON.stringify([req.headers['x-a'], req.headers.cookie]));
        res.setHeader('set-cookie', ['a=1', 'b=2']);
        res.setHeader('www-authenticate', ['Basic', 'Bearer']);
        res.setHeader('x-b', ['1', '2']);
        res.end();
      },
    });
    const lines = 'X-A: 1\r\nCookie: c=1\r\nx-a: 2\r\nCookie: d=2\r\n';
    const answer = await exchangeRaw(
      bed.proxy.url,
      `GET /a HTTP/1.1\r\nHost: a\r\n${lines}Connection: close\r\n\r\n`,
    );
    expect(answer).toContain('x-got: ["1, 2","c=1; d=2"]');
    for (const line of ['set-cookie: a=1', 'set-cookie: b=2', 'www-authenticate: Basic', 'x-b: 1', 'x-b: 2'])
      expect(answer.match(new RegExp(`^${line}\r$`, 'gm'))).toHaveLength(1);
  });

  it('counts once where there can be one only: everybody goes by the first', async () => {
    await start();
    const lines = 'Authorization: Bearer first\r\nAuthorization: Bearer second\r\n';
    await exchangeRaw(bed.proxy.url, `GET /a HTTP/1.1\r\nHost: a\r\n${lines}Connection: close\r\n\r\n`);
    const { headers, rawHeaders } = bed.monolith.received.at(-1) ?? { headers: {}, rawHeaders: [] };
    expect(headers.authorization).toBe('Bearer first');
    expect(namesOf(rawHeaders).filter((name) => name === 'authorization')).toHaveLength(1);
  });
});

it('cannot end the proxy by a reason phrase that node would not write', async () => {
  await start();
  const upstream = new RawUpstream((socket) =>
    socket.end('HTTP/1.1 200 O\x01K\r\nContent-Length: 5\r\n\r\nhello', 'latin1'),
  );
  raw.push(await upstream.start());
  useAsMonolith(bed, upstream.url);
  const reply = await send(bed.proxy.url, 'GET', '/a');
  expect([reply.status, reply.text]).toEqual([200, 'hello']);
});
