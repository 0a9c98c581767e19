import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * The application behind every proxy: one kibibyte of JSON, at once, or one mebibyte; or a kibibyte whose fields stand in
 * another order for whoever compares, who is known by the encoding that he asks for.
 */
const bodyOf = (bytes: number): Buffer => Buffer.from(JSON.stringify({ filler: 'x'.repeat(bytes - 13) }));
const [small, large] = [bodyOf(1024), bodyOf(1024 * 1024)];
const fields = Array.from({ length: 20 }, (_, n) => [`field${n}`, n % 2 ? n * 1.5 : 'x'.repeat(70)] as const);
const inOrder = (entries: typeof fields): Buffer => Buffer.from(JSON.stringify(Object.fromEntries(entries)));
const [told, compared] = [inOrder(fields), inOrder(fields.toReversed())];

function answerTo({ url, headers }: IncomingMessage): Buffer {
  if (url?.endsWith('/fields')) return headers['accept-encoding'] === 'identity' ? compared : told;
  return url?.endsWith('/large') ? large : small;
}

const server = createServer((req, res) => {
  req.resume();
  const body = answerTo(req);
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  res.end(body);
});
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.once('disconnect', () => process.exit());
