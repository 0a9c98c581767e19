import type { AddressInfo } from 'node:net';
import { Agent } from 'node:http';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';

// What a team would write by hand: the two libraries and a pool of connections, and nothing else.
const app = express();
app.disable('x-powered-by');
app.use(
  createProxyMiddleware({
    target: process.argv[2] ?? '',
    agent: new Agent({ keepAlive: true, maxFreeSockets: 256 }),
  }),
);
const server = app.listen(0, '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port }),
);
process.once('disconnect', () => process.exit());
