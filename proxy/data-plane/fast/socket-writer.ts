import type { Socket } from 'node:net';

/** What is small goes out as one text in one write: to copy it costs less than a second buffer. */
const SMALL = 16 * 1024;

/** What lies below a socket of node's, as far as this needs it. */
interface Handle {
  readonly writeQueueSize: number;
  /** Sends what the kernel takes at once, and the rest by and by; not 0 says that nothing was sent. */
  writeLatin1String(request: WriteRequest, text: string): number;
}

/** Becomes the system's once the kernel did not take all at once, and is ours again when it is told. */
interface WriteRequest {
  oncomplete: (status: number) => void;
}

/**
 * Writes to a socket. A text that nothing waits before goes straight to the kernel: of what a small request costs, node's
 * streams take a tenth. Where node keeps it otherwise, where something waits, and with TLS, the stream does it.
 */
export class SocketWriter {
  readonly #socket: Socket & { _handle?: Partial<Handle> | null };
  readonly #isPlain: boolean;
  /** Texts that the kernel has not taken whole. */
  #waiting = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#isPlain = !('encrypted' in socket);
  }

  /** Some of what was written has not left the process. */
  get isBehind(): boolean {
    return this.#waiting > 0 || this.#socket.writableLength > 0;
  }

  /** Text, a character for each byte. False when the other end is behind. */
  text(text: string): boolean {
    if (text === '') return true;
    const socket = this.#socket;
    if (!this.#isPlain || this.isBehind || socket.connecting || text.length > SMALL)
      return socket.write(text, 'latin1');
    const handle = socket._handle;
    if (!handle || !canWrite(handle)) return this.#learn(text);
    spare ??= newRequest();
    if (!spare || handle.writeLatin1String(spare, text) !== 0) return socket.write(text, 'latin1');
    return handle.writeQueueSize === 0 || this.#await(spare);
  }

  /** Text, the first `used` of some bytes, and text as one. False when the other end is behind. */
  bytes(prefix: string, bytes: Buffer, used: number, suffix: string): boolean {
    if (used <= SMALL)
      return this.text(used === 0 ? prefix + suffix : prefix + bytes.toString('latin1', 0, used) + suffix);
    const socket = this.#socket;
    socket.cork();
    if (prefix !== '') socket.write(prefix, 'latin1');
    let flows = socket.write(used === bytes.length ? bytes : bytes.subarray(0, used));
    if (suffix !== '') flows = socket.write(suffix, 'latin1');
    socket.uncork();
    return flows;
  }

  /** Calls back once all that was written before has left the process. */
  whenSent(sent: () => void): void {
    // Behind everything else, whoever writes it.
    if (this.isBehind) this.#socket.write('', sent);
    else sent();
  }

  #await(request: WriteRequest): false {
    spare = null;
    this.#waiting += 1;
    request.oncomplete = () => {
      this.#waiting -= 1;
      if (!this.isBehind && !this.#socket.destroyed) this.#socket.emit('drain');
    };
    return false;
  }

  #learn(text: string): boolean {
    const handle = this.#socket._handle;
    if (Request || !handle || typeof handle.writeLatin1String !== 'function') return this.#socket.write(text, 'latin1');
    return learnRequest(this.#socket, handle as Handle, text);
  }
}

/** What node makes for each write; nobody may ask for it, so it is looked at once. */
let Request: (new () => WriteRequest) | null = null;
/** One for all writes that are over at once, as nearly all are. */
let spare: WriteRequest | null = null;

const canWrite = (handle: Partial<Handle>): handle is Handle =>
  Request !== null && typeof handle.writeLatin1String === 'function';

const newRequest = (): WriteRequest | null => (Request ? new Request() : null);

/** Writes once as node does, and sees what it makes for that. */
function learnRequest(socket: Socket, handle: Handle, text: string): boolean {
  const own = { value: undefined as WriteRequest | undefined };
  const writeAsNode = handle.writeLatin1String.bind(handle);
  handle.writeLatin1String = (request, data) => {
    own.value = request;
    return writeAsNode(request, data);
  };
  try {
    return socket.write(text, 'latin1');
  } finally {
    delete (handle as Partial<Handle>).writeLatin1String;
    if (own.value && typeof handle.writeQueueSize === 'number')
      Request = own.value.constructor as new () => WriteRequest;
  }
}
