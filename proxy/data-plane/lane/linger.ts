import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Prepares for an answer that the client gets before it has sent all of its body. Node would close the connection
 * right behind the answer; the kernel then meets the rest of the upload with a reset, and a reset destroys an answer
 * that is still on its way. The answer itself has to say `Connection: close`.
 */
export function lingerAfter({ req }: ServerResponse, lingerMs: number): void {
  const { socket } = req;
  // Node calls this, and only this, once an answer that ends its connection was written.
  socket.destroySoon = () => {
    req.unpipe();
    req.resume();
    linger(socket, lingerMs);
  };
}

/**
 * Closes a connection as RFC 9112 §9.6 asks for: ends our half, lets the rest that comes be thrown away, and closes
 * the whole when the other end does so or the time is over.
 */
export function linger(socket: Socket, lingerMs: number): void {
  if (socket.destroyed) return;
  socket.end();
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('end', () => socket.destroy());
  socket.once('close', () => clearTimeout(timer));
}

/** Some of the request's body is still to come. */
export function isUploading(req: IncomingMessage): boolean {
  return !req.complete && announcedBytes(req) !== 0;
}

/** What a request says about the length of its body: null for one of unknown length, 0 for none. */
export function announcedBytes({ headers }: IncomingMessage): number | null {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : null;
}
