import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';

/** Longer than any proxy keeps an idle connection, so that it is never us who closes one in use. */
const KEEP_ALIVE_MS = 75_000;

/** Listens, says where, and on SIGTERM or SIGINT lets running requests finish before it releases the rest. */
export async function serve(
  name: string,
  app: Express,
  port: number,
  release: () => Promise<void>,
): Promise<void> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, app);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: actual } = server.address() as AddressInfo;
  const stop = () => {
    server.close(() => void release());
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  console.log(`${name} ready at http://127.0.0.1:${actual}`);
}
