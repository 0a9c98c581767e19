import { Socket } from 'node:net';

/** What came lies in the first `length` bytes, and is gone when this returns. */
export type Received = (length: number, bytes: Buffer) => void;

interface Parts {
  buffer: symbol;
  callback: symbol;
}

/** One for all: it is read into and looked at in the same step. */
const SHARED = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * Where node keeps what `onread` of a new socket says. Nobody may say it of a socket that was accepted, so it is put
 * there; null where node has no such places, or reads ahead of being asked.
 */
const PARTS = process.platform === 'win32' ? null : partsOf(new Socket());

function partsOf(socket: Socket): Parts | null {
  const symbols = Object.getOwnPropertySymbols(socket);
  const [buffer, callback, generator] = ['kBuffer', 'kBufferCb', 'kBufferGen'].map((name) =>
    symbols.find(({ description }) => description === name),
  );
  return buffer && callback && generator ? { buffer, callback } : null;
}

/**
 * Reads a connection that was accepted into a buffer that all share: node would make a new one of 64 KiB for each
 * read, and take what came through its streams. False where that cannot be done; nothing has changed then.
 */
export function readShared(socket: Socket, received: Received): boolean {
  const handle = handleOf(socket);
  if (!PARTS || !handle) return false;
  take(socket, PARTS, received);
  handle.useUserBuffer(SHARED);
  socket.resume();
  return true;
}

/** From now on what comes goes through the stream of the socket, as it does by itself. */
export function readAsStream(socket: Socket): void {
  if (PARTS) take(socket, PARTS, (length, bytes) => socket.push(Buffer.from(bytes.subarray(0, length))));
}

function take(
  socket: Socket,
  { buffer, callback }: Parts,
  read: Received | ((length: number, bytes: Buffer) => boolean),
): void {
  Object.assign(socket, { [buffer]: SHARED, [callback]: read });
}

interface Handle {
  useUserBuffer(buffer: Buffer): void;
}

/** Null for a connection with TLS, which has a stream of its own below. */
function handleOf(socket: Socket): Handle | null {
  const { _handle: handle } = socket as Socket & { _handle?: Partial<Handle> | null };
  return 'encrypted' in socket || typeof handle?.useUserBuffer !== 'function' ? null : (handle as Handle);
}
