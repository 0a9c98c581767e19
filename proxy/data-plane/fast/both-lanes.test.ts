import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ANSWERS, BothLanes, differenceOf } from '../testing/both-lanes.ts';
import { oddRequest, seeded } from '../testing/odd-heads.ts';

let lanes: BothLanes;
beforeEach(async () => {
  lanes = await BothLanes.start();
});
afterEach(() => lanes.stop());

const agree = async (bytes: string, answer = 0): Promise<void> => {
  const [general, fast] = await lanes.outcomesOf(bytes, answer);
  const difference = differenceOf(general, fast);
  if (difference) expect({ difference, bytes, ...fast }).toEqual({ difference, bytes, ...general });
};
const request = (first: string, lines = '', body = '') =>
  `${first} HTTP/1.1\r\nHost: a\r\n${lines}\r\n${body}`;
const SMUGGLED = request('GET /smuggled');

describe('both lanes', () => {
  it('show the upstream the same requests and the client the same answers, whatever the upstream answers', async () => {
    for (const [answer] of ANSWERS.entries()) {
      await agree(request('GET /api/products/1?a=b'), answer);
      await agree(request('HEAD /api/products/1'), answer);
      await agree(request('POST /other', 'Content-Length: 5\r\n', 'hello'), answer);
      await agree(request('DELETE /api/products/1', 'Connection: close\r\n'), answer);
    }
    expect(lanes.carriedFast).toBeGreaterThan(ANSWERS.length * 3);
  });

  it.each([
    [
      'a length and a coding',
      request('POST /', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
    ],
    [
      'a coding behind a blank',
      request('POST /', 'Transfer-Encoding : chunked\r\nContent-Length: 4\r\n', `0\r\n\r\n${SMUGGLED}`),
    ],
    [
      'a coding in other letters',
      request('POST /', 'Transfer_Encoding: chunked\r\nContent-Length: 4\r\n', '0\r\n\r'),
    ],
    ['a coding with a tab', request('POST /', 'Transfer-Encoding:\tchunked\r\n', `0\r\n\r\n`)],
    ['two lengths', request('POST /', 'Content-Length: 0\r\nContent-Length: 44\r\n', SMUGGLED)],
    ['a length with a sign', request('POST /', 'Content-Length: +44\r\n', SMUGGLED)],
    ['a length with zeros', request('POST /', 'Content-Length: 0005\r\n', 'hello')],
    ['a request in a body', request('POST /', `Content-Length: ${SMUGGLED.length}\r\n`, SMUGGLED)],
    ['a request in the body of a GET', request('GET /', `Content-Length: ${SMUGGLED.length}\r\n`, SMUGGLED)],
    ['a request behind another', request('GET /first') + request('GET /second')],
    [
      'a request behind a body',
      request('POST /first', 'Content-Length: 5\r\n', 'hello') + request('GET /second'),
    ],
    ['a head that ends in LF', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['a folded line', request('GET /', 'X-A: b\r\n c\r\n')],
    ['a line that ends in CR', request('GET /', 'X-A: b\rX-B: c\r\n')],
    ['an empty line in front', `\r\n${request('GET /')}`],
    ['two hosts', request('GET /', 'Host: b\r\n')],
    [
      'claims of a stranger',
      request('GET /', 'X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6\r\n'),
    ],
    ['claims in other letters', request('GET /', 'X_Forwarded_For: 6.6.6.6\r\nx-forwarded-user: admin\r\n')],
    ['headers that Connection names', request('GET /', 'Connection: close, X-A\r\nX-A: b\r\n')],
    [
      'a doubled header',
      request('GET /', 'Cookie: a=1\r\nCookie: b=2\r\nAuthorization: x\r\nAuthorization: y\r\n'),
    ],
    ['values with blanks', request('GET /', 'X-A: \t b \t\r\nX-Empty:\r\n')],
    ['bytes above ASCII', request('GET /', 'X-A: \xe4\xf6\xfc\r\n')],
    ['dot segments', request('GET /other/../api/products/1')],
    ['an encoded slash', request('GET /api%2fproducts/1')],
    ['another spelling of a path', request('GET /api//%70roducts;v=1/1?x=/../')],
    ['a fragment', request('GET /a#b')],
    ['a full URL', request('GET http://a/')],
    ['a long target', request(`GET /${'a'.repeat(3000)}`)],
    ['HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['half a head', 'GET / HTTP/1.1\r\nHost: a\r\nX-A: '],
    ['half a body', request('POST /', 'Content-Length: 500\r\n', 'half')],
    ['a tunnel', request('CONNECT a:80')],
    [
      'an offer of HTTP/2',
      request('GET /', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n'),
    ],
    ['an expectation', request('POST /', 'Expect: 100-continue\r\nContent-Length: 5\r\n', 'hello')],
  ])('agree on what is odd: %s', async (_name, bytes) => {
    await agree(bytes);
  });

  it('agree on heads that are changed at random', async () => {
    const random = seeded(8);
    for (let count = 0; count < 60; count += 1) await agree(oddRequest(random), count);
    expect(lanes.carriedFast).toBeGreaterThan(25);
  });
});
