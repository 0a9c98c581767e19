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
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, app);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: actual } = server.address() as AddressInfo;
  const endConnections = connectionsOf(server);
  const stop = () => {
    endConnections();
    server.close(() => void release());
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  console.log(`${name} ready at http://127.0.0.1:${actual}`);
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
