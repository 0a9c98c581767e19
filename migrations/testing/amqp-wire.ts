import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Frames of the protocol that begin a moment: direction, class and method. */
const MOMENTS = {
  publish: ['there', 60, 40],
  confirm: ['back', 60, 80],
  deliver: ['back', 60, 60],
  acknowledge: ['there', 60, 80],
} as const;
export type Moment = keyof typeof MOMENTS;

type Direction = 'there' | 'back';

const HEADER_BYTES = 7;
const METHOD_FRAME = 1;

interface Trap {
  moment: Moment;
  how: 'cut' | 'hold';
  sprung: () => void;
}

/** A way to a broker that reads the frames on it, and can break or stop at a moment of the protocol (AMQP 0-9-1). */
export class AmqpWire {
  readonly url: string;
  private readonly server: Server;
  private readonly pairs = new Set<Pair>();
  private trap: Trap | null = null;
  private isClosed = false;

  private constructor(url: string, server: Server) {
    this.url = url;
    this.server = server;
  }

  static async to(url: string): Promise<AmqpWire> {
    const { hostname, port } = new URL(url);
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const here = new URL(url);
    here.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const wire = new AmqpWire(here.href, server);
    server.on('connection', (near) => {
      if (wire.isClosed) near.destroy();
      else wire.pairs.add(new Pair(near, connect(Number(port || 5672), hostname), wire));
    });
    return wire;
  }

  /** Breaks the connection in place of the next frame of this moment; resolves when it did. */
  cutAt(moment: Moment): Promise<void> {
    return this.set(moment, 'cut');
  }

  /** Lets nothing pass on a connection from the next frame of this moment on, in its direction; resolves there. */
  holdAt(moment: Moment): Promise<void> {
    return this.set(moment, 'hold');
  }

  /** Lets pass what was held. */
  release(): void {
    this.trap = null;
    for (const pair of this.pairs) pair.release();
  }

  /** Breaks every connection, and takes no new ones until `open`. */
  shut(): void {
    this.isClosed = true;
    for (const pair of this.pairs) pair.cut();
    this.pairs.clear();
  }

  open(): void {
    this.isClosed = false;
  }

  /** Breaks every connection with what is held on it, which never arrives; new ones pass. */
  lose(): void {
    this.shut();
    this.trap = null;
    this.open();
  }

  async close(): Promise<void> {
    this.shut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** What becomes of a frame. */
  verdict(direction: Direction, classId: number, methodId: number): 'pass' | 'cut' | 'hold' {
    const { trap } = this;
    if (!trap) return 'pass';
    const [way, ...ids] = MOMENTS[trap.moment];
    if (way !== direction || ids[0] !== classId || ids[1] !== methodId) return 'pass';
    if (trap.how === 'cut') this.trap = null;
    trap.sprung();
    return trap.how;
  }

  private set(moment: Moment, how: Trap['how']): Promise<void> {
    return new Promise((sprung) => (this.trap = { moment, how, sprung }));
  }
}

/** The two sockets of one connection. */
class Pair {
  private readonly near: Socket;
  private readonly far: Socket;
  private readonly held: { to: Socket; bytes: Buffer[] }[] = [];

  constructor(near: Socket, far: Socket, wire: AmqpWire) {
    this.near = near;
    this.far = far;
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      socket.on('close', () => this.cut());
    }
    // The client begins with eight bytes that are no frame.
    this.pass(near, far, 'there', 8, wire);
    this.pass(far, near, 'back', 0, wire);
  }

  cut(): void {
    this.near.destroy();
    this.far.destroy();
  }

  release(): void {
    for (const { to, bytes } of this.held.splice(0)) to.write(Buffer.concat(bytes));
  }

  private pass(from: Socket, to: Socket, direction: Direction, preamble: number, wire: AmqpWire): void {
    let rest = Buffer.alloc(0);
    let skip = preamble;
    let holding: { to: Socket; bytes: Buffer[] } | null = null;
    from.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        const size = skip > 0 ? skip : frameSize(rest);
        if (rest.length < size) return;
        const frame = rest.subarray(0, size);
        rest = rest.subarray(size);
        skip = 0;
        if (holding && this.held.includes(holding)) {
          holding.bytes.push(frame);
          continue;
        }
        const verdict = verdictOn(wire, direction, frame);
        if (verdict === 'cut') return this.cut();
        if (verdict === 'pass') to.write(frame);
        else this.held.push((holding = { to, bytes: [frame] }));
      }
    });
  }
}

/** Type, channel, length, payload, end: the length is of the payload. */
function frameSize(bytes: Buffer): number {
  return bytes.length < HEADER_BYTES ? Infinity : HEADER_BYTES + bytes.readUInt32BE(3) + 1;
}

function verdictOn(wire: AmqpWire, direction: Direction, frame: Buffer): 'pass' | 'cut' | 'hold' {
  if (frame[0] !== METHOD_FRAME || frame.length < HEADER_BYTES + 4) return 'pass';
  return wire.verdict(direction, frame.readUInt16BE(HEADER_BYTES), frame.readUInt16BE(HEADER_BYTES + 2));
}
