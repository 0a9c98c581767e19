import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeOf, exchangeRaw, send, startBed, type Bed } from '../testing/bed.ts';
import { begin, RawUpstream, statusesOf, useAsMonolith } from '../testing/raw-http.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await startBed();
});
afterEach(() => bed.stop());

const HOST = 'Host: a\r\n';
const post = (lines: string, body: string, target = '/') =>
  `POST ${target} HTTP/1.1\r\n${HOST}${lines}\r\n${body}`;
const chunked = (body: string) => post('Transfer-Encoding: chunked\r\n', body);
/** What an attacker wants a server behind the proxy to take for a request of its own. */
const SMUGGLED = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n`;

const REFUSED: [string, string][] = [
  ['both lengths', post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
  [
    'both lengths, the other way round',
    post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', '0\r\n\r\n'),
  ],
  ['two different lengths', post('Content-Length: 4\r\nContent-Length: 5\r\n', 'abcde')],
  ['the same length twice', post('Content-Length: 5\r\nContent-Length: 5\r\n', 'abcde')],
  ['a list of lengths', post('Content-Length: 5, 5\r\n', 'abcde')],
  ['a length with a sign', post('Content-Length: +5\r\n', 'abcde')],
  ['a negative length', post('Content-Length: -1\r\n', 'abcde')],
  ['a hexadecimal length', post('Content-Length: 0x5\r\n', 'abcde')],
  ['a length with a fraction', post('Content-Length: 5.0\r\n', 'abcde')],
  ['a length with a blank in it', post('Content-Length: 5 5\r\n', 'abcde')],
  ['an empty length', post('Content-Length:\r\n', 'abcde')],
  ['a length beyond all numbers', post('Content-Length: 99999999999999999999\r\n', 'abcde')],
  ['a coding twice', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
  ['a coding in a list twice', post('Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n')],
  ['another coding first', post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n')],
  ['another coding behind', post('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n')],
  [
    'another coding in a second line',
    post('Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n', '0\r\n\r\n'),
  ],
  ['another coding only', post('Transfer-Encoding: identity\r\n', '0\r\n\r\n')],
  ['a coding in quotes', post('Transfer-Encoding: "chunked"\r\n', '0\r\n\r\n')],
  ['a coding with a parameter', post('Transfer-Encoding: chunked;x=1\r\n', '0\r\n\r\n')],
  ['a coding behind a vertical tab', post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n')],
  ['a misspelt coding', post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n')],
  ['an empty coding', post('Transfer-Encoding:\r\n', '0\r\n\r\n')],
  ['a coding in HTTP/1.0', `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['a folded line', `GET / HTTP/1.1\r\n${HOST}X-A: b\r\n c\r\n\r\n`],
  ['a folded coding', post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n')],
  ['lines that end in LF', 'GET / HTTP/1.1\nHost: a\n\n'],
  ['one line that ends in LF', `GET / HTTP/1.1\r\n${HOST}X-A: b\n\r\n`],
  ['a CR in a value', `GET / HTTP/1.1\r\n${HOST}X-A: b\rTransfer-Encoding: chunked\r\n\r\n`],
  ['a blank before the colon', `GET / HTTP/1.1\r\nHost : a\r\n\r\n`],
  ['a blank before the colon of a length', post('Content-Length : 5\r\n', 'abcde')],
  ['a blank before a name', `GET / HTTP/1.1\r\n Host: a\r\n\r\n`],
  ['a line without a colon', `GET / HTTP/1.1\r\n${HOST}X-A\r\n\r\n`],
  ['a line without a name', `GET / HTTP/1.1\r\n${HOST}: b\r\n\r\n`],
  ['a null byte in a value', `GET / HTTP/1.1\r\n${HOST}X-A: b\0c\r\n\r\n`],
  ['a null byte in a name', `GET / HTTP/1.1\r\n${HOST}X\0A: b\r\n\r\n`],
  ['a null byte in the target', `GET /a\0b HTTP/1.1\r\n${HOST}\r\n`],
  ['a chunk size that is no number', chunked('x\r\nabc\r\n0\r\n\r\n')],
  ['a chunk size with a sign', chunked('+3\r\nabc\r\n0\r\n\r\n')],
  ['a negative chunk size', chunked('-3\r\nabc\r\n0\r\n\r\n')],
  ['a chunk size in C’s way', chunked('0x3\r\nabc\r\n0\r\n\r\n')],
  ['a chunk size beyond all numbers', chunked('fffffffffffffffff\r\nabc\r\n0\r\n\r\n')],
  ['a chunk size that ends in LF', chunked('3\nabc\r\n0\r\n\r\n')],
  ['a chunk size that ends in CR', chunked('3\rabc\r\n0\r\n\r\n')],
  ['a chunk extension that ends in LF', chunked('3;x\nabc\r\n0\r\n\r\n')],
  ['a chunk that is longer than it says', chunked('3\r\nabcd\r\n0\r\n\r\n')],
  ['a chunk that ends in LF', chunked('3\r\nabc\n0\r\n\r\n')],
  ['a trailer that sets a length', chunked('3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n')],
  ['a full URL', `GET http://b/ HTTP/1.1\r\n${HOST}\r\n`],
  ['a full URL of the same host', `GET http://a/ HTTP/1.1\r\n${HOST}\r\n`],
  ['an authority', `GET a:80 HTTP/1.1\r\n${HOST}\r\n`],
  ['a target without a slash', `GET a HTTP/1.1\r\n${HOST}\r\n`],
  ['a target for the whole server', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`],
  ['no target', `GET  HTTP/1.1\r\n${HOST}\r\n`],
  ['a blank in the target', `GET /a b HTTP/1.1\r\n${HOST}\r\n`],
  ['another version', `GET / HTTP/2.0\r\n${HOST}\r\n`],
  ['no version', `GET /\r\n${HOST}\r\n`],
  ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a method that nobody knows', `GE\tT / HTTP/1.1\r\n${HOST}\r\n`],
];

describe('a request that two servers could read differently', () => {
  it.each(REFUSED)('is refused and reaches nobody: %s', async (_name, bytes) => {
    const answers = await exchangeRaw(bed.proxy.url, bytes);
    expect(statusesOf(answers)).toEqual([400]);
    expect(answers).toMatch(/^content-type: application\/problem\+json\r$/m);
    expect(answers).toMatch(/^connection: close\r$/im);
    // Its head may have gone on before its body turned out to be no body; nothing was ever taken for a request.
    expect(bed.monolith.received).toEqual([]);
  });

  it('is no tunnel to anywhere', async () => {
    const answers = await exchangeRaw(bed.proxy.url, `CONNECT b:443 HTTP/1.1\r\n${HOST}\r\n`);
    expect(statusesOf(answers)).toEqual([501]);
    expect(bed.monolith.begun).toBe(0);
    // Nor a way to end the process: nobody else listens to the errors of such a connection.
    const socket = await begin(bed.proxy.url, `CONNECT b:443 HTTP/1.1\r\n${HOST}\r\n`);
    const closed = closeOf(socket);
    socket.resetAndDestroy();
    await closed;
    expect((await send(bed.proxy.url, 'GET', '/')).status).toBe(200);
  });
});

describe('a request that looks odd and can be read in one way only', () => {
  const end = 'Connection: close\r\n';
  it.each([
    ['a coding in capitals', post(`Transfer-Encoding: CHUNKED\r\n${end}`, '3\r\nabc\r\n0\r\n\r\n')],
    [
      'a coding with blanks around it',
      post(`Transfer-Encoding:   chunked  \r\n${end}`, '3\r\nabc\r\n0\r\n\r\n'),
    ],
    ['a chunk extension', post(`Transfer-Encoding: chunked\r\n${end}`, '3;x=1;y="z"\r\nabc\r\n0\r\n\r\n')],
    [
      'chunk sizes with zeros in front',
      post(`Transfer-Encoding: chunked\r\n${end}`, '003\r\nabc\r\n000\r\n\r\n'),
    ],
    ['a length with zeros in front', post(`Content-Length: 003\r\n${end}`, 'abc')],
    ['a length with blanks around it', post(`Content-Length: \t 3 \t\r\n${end}`, 'abc')],
    [
      'a coding that Connection names',
      post(`Transfer-Encoding: chunked\r\nConnection: close, Transfer-Encoding\r\n`, '3\r\nabc\r\n0\r\n\r\n'),
    ],
    [
      'a length that Connection names',
      post('Content-Length: 3\r\nConnection: close, Content-Length\r\n', 'abc'),
    ],
  ])('arrives as exactly one: %s', async (_name, bytes) => {
    const answers = await exchangeRaw(bed.proxy.url, bytes);
    expect(statusesOf(answers)).toEqual([200]);
    expect(bed.monolith.received.map(({ body }) => body.toString())).toEqual(['abc']);
  });

  it('does not hide another one in its body', async () => {
    await exchangeRaw(bed.proxy.url, post(`Content-Length: ${SMUGGLED.length}\r\n${end}`, SMUGGLED));
    for (const method of ['GET', 'DELETE', 'OPTIONS']) {
      await exchangeRaw(
        bed.proxy.url,
        `${method} / HTTP/1.1\r\n${HOST}Content-Length: ${SMUGGLED.length}\r\n${end}\r\n${SMUGGLED}`,
      );
    }
    expect(bed.monolith.received.map(({ url, body }) => [url, body.toString()])).toEqual(
      Array.from({ length: 4 }, () => ['/', SMUGGLED]),
    );
  });

  it('is still read to its end when it hides behind more header lines than node keeps', async () => {
    bed.proxy.reconfigure({
      ...bed.config,
      proxy: {
        ...bed.config.proxy,
        clients: { ...bed.config.proxy.clients, maxHeaders: 10_000, maxHeaderBytes: 1_000_000 },
      },
    });
    const lines = 'a:\r\n'.repeat(2500);
    const head = `GET / HTTP/1.1\r\n${HOST}${lines}Content-Length: ${SMUGGLED.length}\r\n${end}\r\n`;
    const upstream = await new RawUpstream((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    }).start();
    useAsMonolith(bed, upstream.url);
    await exchangeRaw(bed.proxy.url, `${head}${SMUGGLED}`);
    // Whatever arrived says that the second request is the body of the first.
    if (upstream.seen.includes('/smuggled')) expect(upstream.seen).toMatch(/content-length: \d+/i);
    await upstream.stop();
  });
});

describe('an answer that two clients could read differently', () => {
  const answered = async (answer: string): Promise<string> => {
    const upstream = await new RawUpstream((socket) => socket.end(answer, 'latin1')).start();
    useAsMonolith(bed, upstream.url);
    const got = await exchangeRaw(bed.proxy.url, `GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    await upstream.stop();
    return got;
  };
  const ok = (lines: string, body: string) => `HTTP/1.1 200 OK\r\n${lines}\r\n${body}`;

  it.each([
    ['both lengths', ok('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\n\r\n')],
    ['two lengths', ok('Content-Length: 3\r\nContent-Length: 4\r\n', 'abcd')],
    ['a folded line', ok('X-A: b\r\n c\r\nContent-Length: 3\r\n', 'abc')],
    ['a CR in a value', ok('X-A: b\rX-B: c\r\nContent-Length: 3\r\n', 'abc')],
    ['a null byte', ok('X-A: b\0\r\nContent-Length: 3\r\n', 'abc')],
    ['something else than HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ])('is a 502: %s', async (_name, answer) => {
    expect(await answered(answer)).toMatch(/^HTTP\/1\.1 502 [^]*The monolith broke off/);
  });

  it('is a broken one when its chunks are broken', async () => {
    const got = await answered(ok('Transfer-Encoding: chunked\r\n', '3\r\nabc\r\nx\r\n'));
    expect(got).not.toMatch(/0\r\n\r\n$/);
  });
});
