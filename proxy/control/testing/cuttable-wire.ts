import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CuttableWire {
  url: string;
  /** Breaks every connection, as a network would; new ones are carried again. */
  cut(): void;
  /** Breaks every connection and carries no new one, until it is mended. */
  sever(): void;
  mend(): void;
  close(): Promise<void>;
}

/** A wire to `target` that can be cut. */
export async function startCuttableWire(target: string): Promise<CuttableWire> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isSevered = false;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    if (isSevered) return void near.destroy();
    const far = connect(Number(port), hostname);
    keep(near);
    keep(far);
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const sever = () => {
    isSevered = true;
    cut();
  };
  const mend = () => void (isSevered = false);
  const close = async () => {
    const closed = once(server.close(), 'close');
    cut();
    await closed;
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, cut, sever, mend, close };
}
