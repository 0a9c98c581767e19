import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAsker, type Asked, type Asker, type Question } from './ask.ts';

/** What an upstream says to the request with this number, over the connection with that number, both from 1 on. */
type Says = (request: number, connection: number, socket: Socket) => string;

let asker: Asker;
let url: URL;
let heads: string[];
let connections: number;
let says: Says;
let close: () => Promise<void>;

beforeEach(async () => {
  [heads, connections] = [[], 0];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const number = (connections += 1);
    sockets.add(socket.on('error', () => undefined));
    socket.setEncoding('latin1').on('data', (head: string) => {
      heads.push(head);
      socket.write(says(heads.length, number, socket), 'latin1');
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/base`);
  asker = createAsker({ optionsFor: () => ({}) } as never);
  close = async () => {
    asker.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
});
afterEach(() => close());

const ask = async (more: Partial<Question> = {}) => {
  const question = {
    ...{ url, target: '/things/1?a=b', headers: { 'x-a': ['1', '2'], host: 'shop' } },
    ...{ wanted: ['content-type', 'vary'], maxBodyBytes: 1000, timeoutMs: 30_000, ...more },
  };
  const asked = await new Promise<Asked>((told) => asker.ask(question, told));
  if (asked.kind !== 'answer') return asked;
  const { status, headers, body } = asked.answer;
  return { kind: 'answer', answer: { status, headers, body } };
};

const PLAIN =
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nVary: a\r\nVary: b\r\nContent-Length: 5\r\n\r\nhello';
const CHUNKED =
  'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nvary: a\r\nvary: b\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
const HELLO = {
  kind: 'answer',
  answer: {
    status: 200,
    headers: { 'content-type': 'text/plain', vary: 'a, b' },
    body: Buffer.from('hello'),
  },
};

describe('asking a side', () => {
  it('uses a connection again, and sends what the client sent', async () => {
    says = () => PLAIN;
    expect(await ask()).toEqual(HELLO);
    expect(await ask()).toEqual(HELLO);
    expect(connections).toBe(1);
    expect(heads[1]).toBe(
      'GET /base/things/1?a=b HTTP/1.1\r\nhost: shop\r\nx-a: 1\r\nx-a: 2\r\nconnection: keep-alive\r\n\r\n',
    );
  });

  it('puts an answer together that comes byte for byte', async () => {
    says = (_, __, socket) => {
      void (async () => {
        for (const byte of PLAIN) await new Promise((done) => socket.write(byte, done));
      })();
      return '';
    };
    expect(await ask()).toEqual(HELLO);
  });

  it('reads an answer without length too, and asks that address twice for it only the first time', async () => {
    says = () => CHUNKED;
    expect(await ask()).toEqual(HELLO);
    expect(heads).toHaveLength(2);
    expect(await ask()).toEqual(HELLO);
    expect(heads).toHaveLength(3);
  });

  it.each(['constructor', 'toString', '__proto__', 'zstd'])(
    'takes a body in the encoding "%s", which it does not know, as it comes',
    async (encoding) => {
      for (const answer of [PLAIN, CHUNKED]) {
        says = () => answer.replace('\r\n', `\r\ncontent-encoding: ${encoding}\r\n`);
        expect(await ask()).toEqual(HELLO);
      }
    },
  );

  it('asks again where the side had closed the connection that was kept', async () => {
    says = (request, connection, socket) => {
      if (request === 2 && connection === 1) socket.destroy();
      return PLAIN;
    };
    await ask();
    expect(await ask()).toEqual(HELLO);
    expect([heads.length, connections]).toEqual([3, 2]);
  });

  it('takes a side that hangs up for one that gives no answer', async () => {
    says = (_, __, socket) => (socket.end(), '');
    expect(await ask()).toEqual({ kind: 'no answer', reason: 'the upstream hung up' });
    expect(heads).toHaveLength(1);
  });

  it('waits no longer than its time', async () => {
    says = () => PLAIN.slice(0, -1);
    expect(await ask({ timeoutMs: 50 })).toEqual({ kind: 'no answer', reason: 'no answer within 50 ms' });
  });

  it('does not read a body above the limit', async () => {
    says = () => PLAIN;
    expect(await ask({ maxBodyBytes: 4 })).toEqual({ kind: 'too big' });
    expect(await ask()).toEqual(HELLO);
    expect(connections).toBe(2);
  });

  it('opens nothing any more once it is closed', async () => {
    let isWaiting = (): void => undefined;
    const waits = new Promise<void>((resolve) => (isWaiting = resolve));
    says = (request) => (request === 1 ? PLAIN : (isWaiting(), ''));
    await ask();
    const asked = ask();
    await waits;
    asker.close();
    expect(await asked).toMatchObject({ kind: 'no answer' });
    expect(connections).toBe(1);
  });

  it('keeps no connection that says more than was asked for', async () => {
    says = (request) => (request === 1 ? `${PLAIN}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil` : PLAIN);
    await ask();
    expect(await ask()).toEqual(HELLO);
    expect(connections).toBeGreaterThan(1);
  });
});
