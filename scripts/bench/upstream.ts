import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// The application behind every proxy: one kibibyte of JSON, at once, or one mebibyte.
const bodyOf = (bytes: number): Buffer => Buffer.from(JSON.stringify({ filler: 'x'.repeat(bytes - 13) }));
const [small, large] = [bodyOf(1024), bodyOf(1024 * 1024)];
const server = createServer((req, res) => {
  req.resume();
  const body = req.url?.endsWith('/large') ? large : small;
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  res.end(body);
});
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.once('disconnect', () => process.exit());
