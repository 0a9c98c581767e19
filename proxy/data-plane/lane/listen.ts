import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { receive, receiveUpgrade, type EdgeParts } from './edge.ts';

const KEEP_ALIVE_MS = 65_000;

/** The general lane's front: any request that node:http can read. */
export interface Front {
  /** With the port that it really listens on. */
  url: string;
  /** Takes no new connections, lets running requests end for at most `graceMs`, then closes everything. */
  close(graceMs: number): Promise<void>;
}

/** Listens on `host:port` and takes every request into the stages. */
export async function openFront(address: string, edge: EdgeParts): Promise<Front> {
  const upgraded = new Set<Socket>();
  const server = createHttpServer(edge, upgraded);
  const url = await listen(server, address);
  return { url, close: (graceMs) => close(server, upgraded, graceMs) };
}

function createHttpServer(edge: EdgeParts, upgraded: Set<Socket>): Server {
  const server = createServer(
    {
      insecureHTTPParser: false,
      requireHostHeader: true,
      maxHeaderSize: 16 * 1024,
      headersTimeout: 15_000,
      requestTimeout: 300_000,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
      // Some clients offer HTTP/2 with every plain request; that offer is declined, not refused.
      shouldUpgradeCallback: (req) =>
        req.method === 'GET' && req.headers.upgrade?.toLowerCase() === 'websocket',
    },
    (req, res) => receive(req, res, false, edge),
  );
  server.on('checkContinue', (req, res) => receive(req, res, true, edge));
  server.on('upgrade', (req, socket, head) => {
    upgraded.add(socket as Socket);
    socket.once('close', () => upgraded.delete(socket as Socket));
    receiveUpgrade(req, socket as Socket, head, edge);
  });
  return server;
}

function listen(server: Server, address: string): Promise<string> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(address.slice(colon + 1)), host.replace(/^\[|\]$/g, ''), () => {
      server.off('error', reject);
      resolve(`http://${host}:${(server.address() as AddressInfo).port}`);
    });
  });
}

async function close(server: Server, upgraded: Set<Socket>, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of upgraded) socket.end();
  const deadline = setTimeout(() => {
    server.closeAllConnections();
    for (const socket of upgraded) socket.destroy();
  }, graceMs);
  await closed;
  clearTimeout(deadline);
}
