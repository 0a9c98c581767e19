import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { normalisePath } from '../../routes/path.ts';
import { exchangeRaw, send, startBed, type Bed, type BedOptions, type Received } from '../testing/bed.ts';

let bed: Bed;
afterEach(() => bed.stop());

const start = async (options: BedOptions = {}): Promise<void> => {
  bed = await startBed(options);
};
const last = (): Received => {
  const received = bed.monolith.received.at(-1);
  if (!received) throw new Error('Nothing arrived at the monolith.');
  return received;
};
const namesOf = (rawHeaders: readonly string[]): string[] =>
  rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());

const CLAIMS = {
  'x-forwarded-for': '6.6.6.6',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-port': '443',
  'x-forwarded-user': 'admin',
  'x-real-ip': '6.6.6.6',
  forwarded: 'for=6.6.6.6;proto=https',
};

describe('what an upstream is told about the client', () => {
  it('does not hold what a peer that is not trusted claims', async () => {
    await start();
    await send(bed.proxy.url, 'GET', '/a', { headers: { ...CLAIMS, host: 'shop.example:8443' } });
    const { headers } = last();
    expect(JSON.stringify(headers)).not.toMatch(/6\.6\.6\.6|evil|admin/);
    expect(headers).toMatchObject({
      host: 'shop.example:8443',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'shop.example:8443',
      'x-forwarded-port': '8443',
      forwarded: 'for=127.0.0.1;host="shop.example:8443";proto=http',
    });
  });

  it('holds what a trusted peer claims, and this hop after it', async () => {
    await start({ proxy: { trustedProxies: ['127.0.0.0/8'] } });
    await send(bed.proxy.url, 'GET', '/a', { headers: { ...CLAIMS, host: 'inner' } });
    expect(last().headers).toMatchObject({
      'x-forwarded-for': '6.6.6.6, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-port': '443',
      'x-forwarded-user': 'admin',
      forwarded: 'for=6.6.6.6;proto=https, for=127.0.0.1;host="inner";proto=http',
    });
  });

  it('stands there once, however often the client says it', async () => {
    await start();
    const line = 'X-Forwarded-For: 6.6.6.6\r\nx-forwarded-for: 7.7.7.7\r\n';
    await exchangeRaw(bed.proxy.url, `GET /a HTTP/1.1\r\nHost: a\r\n${line}Connection: close\r\n\r\n`);
    expect(namesOf(last().rawHeaders).filter((name) => name === 'x-forwarded-for')).toHaveLength(1);
    expect(last().headers['x-forwarded-for']).toBe('127.0.0.1');
  });
});

describe('headers of one hop', () => {
  it('do not reach the upstream, nor do those that Connection names', async () => {
    await start();
    const head = [
      'POST /a HTTP/1.1',
      'Host: a',
      'Connection: close, X-Hop, Host, Content-Length, X-Forwarded-For',
      'X-Hop: 1',
      'Keep-Alive: timeout=9',
      'Proxy-Connection: keep-alive',
      'Proxy-Authorization: Basic eA==',
      'TE: trailers',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
      'X-Kept: yes',
      'Content-Length: 2',
    ].join('\r\n');
    await exchangeRaw(bed.proxy.url, `${head}\r\n\r\nhi`);
    expect(namesOf(last().rawHeaders).sort()).toEqual([
      'connection',
      'content-length',
      'forwarded',
      'host',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-port',
      'x-forwarded-proto',
      'x-kept',
    ]);
    expect(last().headers.connection).toBe('keep-alive');
    expect(last().body.toString()).toBe('hi');
  });

  it('do not reach the client, nor do those that Connection names', async () => {
    await start({
      monolith: (_req, res) => {
        res.writeHead(200, [
          ...['Connection', 'X-Secret, keep-alive', 'X-Secret', 'inner', 'Keep-Alive', 'timeout=1'],
          ...[
            'Proxy-Authenticate',
            'Basic',
            'Upgrade',
            'h2c',
            'X-Kept',
            'yes',
            'Set-Cookie',
            'a=1',
            'Set-Cookie',
            'b=2',
          ],
          ...['Content-Length', '2'],
        ]);
        res.end('ok');
      },
    });
    const reply = await send(bed.proxy.url, 'GET', '/a');
    expect(namesOf(reply.rawHeaders).sort()).toEqual(
      ['connection', 'content-length', 'date', 'set-cookie', 'set-cookie', 'x-kept'].sort(),
    );
    expect(reply.rawHeaders).toContain('X-Kept');
    expect(reply.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(reply.text).toBe('ok');
  });

  it('end a connection of the client when the client says so, and only then', async () => {
    await start();
    const request = (more: string) => `GET /a HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
    const answers = await exchangeRaw(
      bed.proxy.url,
      request('') + request('') + request('Connection: close\r\n'),
    );
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
    expect(answers.match(/connection: close/gi)).toHaveLength(1);
    const old = await exchangeRaw(
      bed.proxy.url,
      'GET /a HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n',
    );
    expect(old).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(old).not.toMatch(/transfer-encoding/i);
  });
});

describe('a request that two servers could read differently', () => {
  const refused: [string, string][] = [
    [
      'both lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde'],
    ['another coding', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    [
      'two codings',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n',
    ],
    ['line folding', 'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n'],
    ['bare LF', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['bare CR', 'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\rc\r\n\r\n'],
    ['a blank before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
    ['a full URL', 'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['an encoded slash', 'GET /api%2fproducts HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a dot segment', 'GET /a/%2e%2e/api HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a bad chunk', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x\nabc\r\n0\r\n\r\n'],
  ];

  it.each(refused)('is refused: %s', async (_name, bytes) => {
    await start();
    expect(await exchangeRaw(bed.proxy.url, bytes)).toMatch(/^HTTP\/1\.1 400 /);
    expect(bed.monolith.received).toEqual([]);
  });

  it('reaches the upstream with the very bytes of its target, or not at all', async () => {
    await start();
    const piece = fc.oneof(
      fc.stringMatching(/^[\x21-\x22\x24-\x7e]{1,6}$/),
      fc.constantFrom(
        '//',
        '%70',
        '%7E',
        '%C3%A9',
        '%252e',
        '/../',
        '/%2e%2e/',
        '%2f',
        ';v=1',
        '|',
        '?',
        '%',
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
        const target = `/${pieces.join('')}`;
        const before = bed.monolith.received.length;
        const head = `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
        const answer = await exchangeRaw(bed.proxy.url, head);
        const arrived = bed.monolith.received.slice(before).map((each) => each.url);
        expect(arrived).toEqual(normalisePath(target).kind === 'path' ? [target] : []);
        expect(answer).toMatch(arrived.length === 1 ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 400 /);
      }),
      { examples: [[['a/%70?q=%zz&x=/../']], [['/a//b/']], [['?']], [['a?b?c']]] },
    );
  });

  it('keeps the framing of a body that its method does not expect', async () => {
    await start();
    for (const method of ['GET', 'DELETE', 'OPTIONS']) {
      const body = '3\r\nabc\r\n0\r\n\r\n';
      const head = `${method} /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
      await exchangeRaw(bed.proxy.url, head + body);
      expect([last().method, last().body.toString()]).toEqual([method, 'abc']);
    }
    expect(bed.monolith.received).toHaveLength(3);
  });
});
