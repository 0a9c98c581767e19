/** Pieces that servers are known to stumble over, to be put into heads and bodies anywhere. */
export const ODD_PIECES: readonly string[] = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\n\n',
  '\r\r\n',
  '\0',
  '\t',
  ' ',
  '\x0b',
  '\x0c',
  '\x7f',
  '\x80',
  '\xff',
  ':',
  ';',
  ',',
  '"',
  '#',
  '%0d%0a',
  '\r\n ',
  '\r\n\t',
  ' :',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding : chunked\r\n',
  'transfer-encoding:\tchunked\r\n',
  'Transfer_Encoding: chunked\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: 0\r\n',
  'Content-Length: +5\r\n',
  'Content-Length: 5, 5\r\n',
  'content-length:5\r\n',
  'Host: b\r\n',
  'Host:\r\n',
  'Host: a b\r\n',
  'Host: a@b\r\n',
  'Connection: close\r\n',
  'Connection: keep-alive\r\n',
  'Connection: Host, X-A\r\n',
  'Expect: 100-continue\r\n',
  'Upgrade: websocket\r\n',
  'TE: trailers\r\n',
  'Trailer: X-A\r\n',
  'Keep-Alive: timeout=1\r\n',
  'X-Forwarded-For: 6.6.6.6\r\n',
  'X_Forwarded_For: 6.6.6.6\r\n',
  'Forwarded: for=6.6.6.6\r\n',
  'X-Real-IP: 6.6.6.6\r\n',
  'X-A: b\r\n',
  'x-a: c\r\n',
  'X-A\r\n',
  ': b\r\n',
  'Cookie: a=1\r\n',
  'Authorization: Bearer x\r\n',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/2.0',
  'GET',
  'PRI * ',
  'http://b/',
  '//',
  '/../',
  '%2f',
  '%00',
  '0\r\n\r\n',
  '5\r\nhello\r\n',
  '5;x=y\r\nhello\r\n',
];

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'get', 'CONNECT'];
const LINES = [
  'Host: a',
  'host:  shop.example:8080 ',
  'Accept: */*',
  'User-Agent: x (y; z)',
  'Cookie: a=1; b=2',
  'Content-Length: 5',
  'Content-Length: 0',
  'Connection: close',
  'Connection: Keep-Alive',
  'X-Forwarded-For: 1.2.3.4',
  'X-Empty:',
  'x-tab:\tv\t',
];

/** A head that is plain more often than not, changed at some places in ways that matter. */
export function oddHead(random: () => number): string {
  const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? '';
  const method = random() < 0.9 ? pick(METHODS.slice(0, 7)) : pick(METHODS);
  const lines = ['Host: a'];
  if (method.startsWith('P')) lines.push('Content-Length: 5');
  for (let more = Math.floor(random() * 4); more > 0; more -= 1) lines.push(pick(LINES));
  let head = `${method} /api/products/${Math.floor(random() * 100)} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
  for (let changes = Math.floor(random() * 3); changes > 0; changes -= 1) {
    const at = Math.floor(random() * head.length);
    const cut = random() < 0.5 ? Math.floor(random() * 3) : 0;
    head = head.slice(0, at) + (random() < 0.8 ? pick(ODD_PIECES) : '') + head.slice(at + cut);
  }
  return head;
}

/** The same with a body behind it, where one is announced. */
export function oddRequest(random: () => number): string {
  const head = oddHead(random);
  return /content-length: *5/i.test(head) ? `${head}hello` : head;
}

/** A random number generator with a seed, so that what was found can be found again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
