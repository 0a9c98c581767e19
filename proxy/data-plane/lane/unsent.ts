import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Sees to it that every response of a connection ends with it. Node gives a response its connection when those before
 * it are done. It forgets those that still wait once a WebSocket or a tunnel is asked for behind them, and tells them
 * nothing when the connection ends: whoever waits for such a response would wait for ever, and with it the count of a
 * running write.
 */
export class UnsentResponses {
  readonly #open = new WeakMap<Socket, Set<ServerResponse>>();

  /** Called with each response, before anything is done with it. */
  add(res: ServerResponse): void {
    const { socket } = res.req;
    const open = this.#of(socket);
    open.add(res);
    res.once('close', () => open.delete(res));
    // It left between the request and now.
    if (socket.destroyed) closeSoon(open);
  }

  #of(socket: Socket): Set<ServerResponse> {
    let open = this.#open.get(socket);
    if (!open) {
      const responses = new Set<ServerResponse>();
      this.#open.set(socket, (open = responses));
      socket.once('close', () => closeSoon(responses));
    }
    return open;
  }
}

/** Node first: whatever it closes by itself is not left over. */
function closeSoon(open: ReadonlySet<ServerResponse>): void {
  setImmediate(() => {
    for (const res of open) {
      res.destroyed = true;
      res.emit('close');
    }
  });
}
