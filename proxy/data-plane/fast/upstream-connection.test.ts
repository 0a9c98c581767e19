import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UpstreamConnection } from './upstream-connection.ts';

const KIB = 1024;
const ANSWER_BYTES = 4 * KIB * KIB;

let server: Server;
let connection: UpstreamConnection;
let upstream: Socket;
beforeEach(async () => {
  server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const { port } = server.address() as AddressInfo;
  connection = new UpstreamConnection(new URL(`http://127.0.0.1:${port}`), null, () => undefined);
  [upstream] = await accepted;
});
afterEach(async () => {
  connection.destroy();
  upstream.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** Has the upstream say so many bytes; gives the sizes of the buffers that they were read into, in KiB. */
async function sizesFor(bytes: number, isBehind: boolean): Promise<number[]> {
  const sizes: number[] = [];
  let came = 0;
  const over = new Promise<void>((resolve) => {
    const nothing = (): void => undefined;
    connection.user = {
      ...{ connected: nothing, drained: nothing, stalled: nothing, ended: nothing, closed: nothing },
      received: (buffer, length) => {
        sizes.push(buffer.length / KIB);
        came += length;
        if (isBehind) connection.giveBufferAway();
        if (came === bytes) {
          connection.rest(1000);
          resolve();
        }
        return true;
      },
    };
  });
  upstream.write(Buffer.alloc(bytes));
  await over;
  return sizes;
}

describe('what comes from an upstream', () => {
  it('is read in larger pieces the more comes at once, and begins with 64 KiB after that', async () => {
    expect([...new Set(await sizesFor(ANSWER_BYTES, false))]).toEqual([16, 64, 256]);
    expect([...new Set(await sizesFor(ANSWER_BYTES, false))]).toEqual([64, 256]);
  });

  it('is read in pieces of 64 KiB at most while the client is behind, which holds them', async () => {
    expect([...new Set(await sizesFor(ANSWER_BYTES, true))]).toEqual([16, 64]);
  });
});
