import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkPlainHead } from '../testing/check-plain-head.ts';
import { oddHead, ODD_PIECES, seeded } from '../testing/odd-heads.ts';
import { readPlainHead, readRepeatedHead } from './plain-head.ts';

const head = (lines: string, first = 'GET /a HTTP/1.1') => `${first}\r\n${lines}\r\n`;
const HOST = 'Host: a\r\n';

describe('a plain head', () => {
  it('is read for what it says', () => {
    const text = head(
      'Host: shop.example:8080\r\nX-Forwarded-For: 1.2.3.4\r\nCookie:  a=1 \r\nConnection: Close\r\nContent-Length: 12\r\n',
      'POST /api/products/1?a=b HTTP/1.1',
    );
    expect(readPlainHead(text)).toMatchObject({
      method: 'POST',
      target: '/api/products/1?a=b',
      host: 'shop.example:8080',
      count: 5,
      bodyBytes: 12,
      wantsToEnd: true,
      claims: { 'x-forwarded-for': '1.2.3.4' },
      kept: 'Host: shop.example:8080\r\nCookie:  a=1 \r\nContent-Length: 12\r\n',
    });
    expect(readPlainHead(text)?.lines.get('cookie')).toBe('a=1');
    expect(readPlainHead(text)?.lines.get('okie')).toBeUndefined();
  });

  it('is what every client sends', () => {
    for (const [method, lines] of [
      ['GET', ''],
      ['HEAD', 'Connection: keep-alive\r\n'],
      ['DELETE', 'Content-Length: 0\r\n'],
      ['OPTIONS', 'Origin: https://a\r\n'],
      ['PUT', 'Content-Length: 0\r\n'],
      ['PATCH', 'Content-Length: 000000000000007\r\n'],
    ])
      expect(readPlainHead(head(HOST + lines, `${method} / HTTP/1.1`))?.method).toBe(method);
  });
});

describe('a head that is not plain', () => {
  it.each([
    ['an unknown method', head(HOST, 'PURGE /a HTTP/1.1')],
    ['a method in lower case', head(HOST, 'get /a HTTP/1.1')],
    ['another version', head(HOST, 'GET /a HTTP/1.0')],
    ['a version that does not exist', head(HOST, 'GET /a HTTP/1.10')],
    ['a full URL', head(HOST, 'GET http://a/ HTTP/1.1')],
    ['an authority', head(HOST, 'GET a:80 HTTP/1.1')],
    ['no target', head(HOST, 'GET  HTTP/1.1')],
    ['two blanks', head(HOST, 'GET  /a HTTP/1.1')],
    ['a tab in the first line', head(HOST, 'GET\t/a HTTP/1.1')],
    ['a byte above ASCII in the target', head(HOST, 'GET /\xe9 HTTP/1.1')],
    ['an empty line in front', `\r\n${head(HOST)}`],
    ['no Host', head('X-A: b\r\n')],
    ['two Hosts', head(`${HOST}host: a\r\n`)],
    ['an empty Host', head('Host:\r\n')],
    ['a Host with a user', head('Host: a@b\r\n')],
    ['a Host with a path', head('Host: a/b\r\n')],
    ['a list of Hosts', head('Host: a, b\r\n')],
    ['a blank before the colon', head(`${HOST}X-A : b\r\n`)],
    ['a folded line', head(`${HOST}X-A: b\r\n c\r\n`)],
    ['a folded first line', head(` ${HOST}`)],
    ['a line without a name', head(`${HOST}: b\r\n`)],
    ['a line without a colon', head(`${HOST}X-A\r\n`)],
    ['a bare CR', head(`${HOST}X-A: b\rc\r\n`)],
    ['a bare LF', head(`${HOST}X-A: b\nX-B: c\r\n`)],
    ['lines that end in LF', head(HOST).replaceAll('\r\n', '\n')],
    ['a null byte', head(`${HOST}X-A: b\0c\r\n`)],
    ['a byte above ASCII in a value', head(`${HOST}X-A: \xfc\r\n`)],
    ['a name that is no token', head(`${HOST}X(A): b\r\n`)],
    ['a header twice', head(`${HOST}X-A: b\r\nx-a: c\r\n`)],
    ['a coding', head(`${HOST}Transfer-Encoding: chunked\r\n`, 'POST /a HTTP/1.1')],
    [
      'a coding and a length',
      head(`${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n`, 'POST /a HTTP/1.1'),
    ],
    ['a length twice', head(`${HOST}Content-Length: 5\r\nContent-Length: 5\r\n`, 'POST /a HTTP/1.1')],
    ['a list of lengths', head(`${HOST}Content-Length: 5, 5\r\n`, 'POST /a HTTP/1.1')],
    ['a length with a sign', head(`${HOST}Content-Length: +5\r\n`, 'POST /a HTTP/1.1')],
    ['a negative length', head(`${HOST}Content-Length: -5\r\n`, 'POST /a HTTP/1.1')],
    ['a hexadecimal length', head(`${HOST}Content-Length: 0x5\r\n`, 'POST /a HTTP/1.1')],
    ['a length with a blank in it', head(`${HOST}Content-Length: 5 5\r\n`, 'POST /a HTTP/1.1')],
    ['an empty length', head(`${HOST}Content-Length:\r\n`, 'POST /a HTTP/1.1')],
    [
      'a length beyond what a number holds',
      head(`${HOST}Content-Length: 9999999999999999\r\n`, 'POST /a HTTP/1.1'),
    ],
    ['a POST without a length', head(HOST, 'POST /a HTTP/1.1')],
    ['a GET with a body', head(`${HOST}Content-Length: 5\r\n`)],
    ['a DELETE with a body', head(`${HOST}Content-Length: 5\r\n`, 'DELETE /a HTTP/1.1')],
    ['Expect', head(`${HOST}Expect: 100-continue\r\n`)],
    ['Upgrade', head(`${HOST}Upgrade: h2c\r\n`)],
    ['Trailer', head(`${HOST}Trailer: x\r\n`)],
    ['TE', head(`${HOST}TE: trailers\r\n`)],
    ['Connection with other names', head(`${HOST}Connection: close, X-A\r\n`)],
    ['an empty Connection', head(`${HOST}Connection:\r\n`)],
    [
      'more lines than are looked at',
      head(HOST + Array.from({ length: 64 }, (_, at) => `x-${at}: b\r\n`).join('')),
    ],
    ['bytes behind it', `${head(HOST)}G`],
    ['no end', head(HOST).slice(0, -2)],
    ['nothing', ''],
  ])('is left to the general lane: %s', (_name, text) => {
    expect(readPlainHead(text)).toBeNull();
  });
});

describe('any head at all', () => {
  it('is never taken for something else than what it is, wherever odd pieces are put into it', () => {
    const random = seeded(20_261_129);
    let plain = 0;
    for (let count = 0; count < 50_000; count += 1) {
      const text = oddHead(random);
      const { isPlain, contradiction } = checkPlainHead(text);
      if (contradiction) throw new Error(`${contradiction}: ${JSON.stringify(text)}`);
      if (isPlain) plain += 1;
    }
    // Or it would be easy.
    expect(plain).toBeGreaterThan(10_000);
  });

  it('is read as it would be by itself, whatever came before it on its connection', () => {
    const random = seeded(9);
    let before: ReturnType<typeof readPlainHead> = null;
    let repeated = 0;
    for (let count = 0; count < 20_000; count += 1) {
      // Every other one says the same as the one before it, for another target.
      const lines: string = before && count % 2 ? `${before.lines.text}\r\n` : '';
      const text =
        lines === '' ? oddHead(random) : `${count % 4 === 1 ? 'GET' : 'PUT'} /${count} HTTP/1.1${lines}`;
      const plain = readPlainHead(text);
      // What stands behind it is nobody's business yet.
      const behind = before && readRepeatedHead(`${text}more`, before);
      if (behind) {
        expect(behind).toEqual(plain);
        repeated += 1;
      } else if (lines !== '') expect(plain).toBeNull();
      before = plain;
    }
    expect(repeated).toBeGreaterThan(1000);
  });

  it('is never taken for something else, whatever characters it is made of', () => {
    const line = fc.tuple(
      fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,9}$/),
      fc.oneof(fc.stringMatching(/^[\t -~]{0,12}$/), fc.string({ maxLength: 6 })),
    );
    const piece = fc.oneof(fc.constantFrom(...ODD_PIECES), fc.string({ maxLength: 3 }));
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 5 }),
        fc.array(fc.tuple(fc.nat(), piece), { maxLength: 2 }),
        (lines, cuts) => {
          const all = lines.map(([name, value]) => `${name}:${value}\r\n`).join('');
          let text = head(HOST + all);
          for (const [at, odd] of cuts)
            text = text.slice(0, at % text.length) + odd + text.slice(at % text.length);
          expect(checkPlainHead(text).contradiction).toBeNull();
        },
      ),
      { numRuns: 3000 },
    );
  });
});
