import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
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
  const { url, close } = await listen(app, port);
  const stop = () => void close().then(release);
  process.once('SIGTERM', stop).once('SIGINT', stop);
  console.log(`${name} ready at ${url}`);
}

/** Listens on loopback; `close` resolves when the last running request has its answer. */
export async function listen(
  app: Express,
  port: number,
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, app);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: actual } = server.address() as AddressInfo;
  const endConnections = connectionsOf(server);
  const close = async () => {
    endConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${actual}`, close };
}

/** A closed server serves kept connections on for as long as they ask, so each is told that it ends here. */
function connectionsOf(server: Server): () => void {
  const running = new Set<ServerResponse>();
  let ending = false;
  const end = (response: ServerResponse) => {
    if (!response.headersSent) response.setHeader('Connection', 'close');
  };
  server.prependListener('request', (_request, response) => {
    if (ending) return end(response);
    running.add(response);
    response.once('close', () => running.delete(response));
  });
  return () => {
    ending = true;
    running.forEach(end);
  };
}
