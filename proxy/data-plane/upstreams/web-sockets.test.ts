import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import {
  FakeFeed,
  openSocket,
  readUntil,
  sideAt,
  standing,
  startBed,
  until,
  type Bed,
  type Upstream,
} from '../testing/bed.ts';
import { reconfigureService, Replicas, serviceHealth } from '../testing/sides.ts';

const HANDSHAKE =
  'GET /api/products/live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

let bed: Bed;
const replicas = new Replicas();
afterEach(async () => {
  await bed.stop();
  await replicas.stop();
});

/** Takes every WebSocket, and says who took it. */
function acceptAt(upstream: Upstream): void {
  upstream.server.on('upgrade', (_req: IncomingMessage, socket: Socket) => {
    socket.on('error', () => undefined);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-By: ${upstream.name}\r\n\r\n`,
    );
  });
}

/** Opens a WebSocket, says who took it, and leaves. */
async function takenBy(): Promise<string | undefined> {
  const socket = await openSocket(bed.proxy.url);
  socket.write(HANDSHAKE);
  const head = await readUntil(socket, /\r\n\r\n/);
  socket.destroy();
  return /^HTTP\/1\.1 101 [^]*X-By: (\w+)/i.exec(head)?.[1];
}

it('finds the address that is there when another one is not', async () => {
  bed = await startBed({ feed: new FakeFeed(standing({ stage: 'extracted', owner: 'service' })) });
  acceptAt(bed.service);
  const dead = await replicas.start('dead');
  reconfigureService(bed, sideAt([dead.url, bed.service.url], { ejection: { enabled: false } }));
  await dead.stop();
  await until(async () => {
    expect(await takenBy()).toBe('service');
    return serviceHealth(bed).retried > 0;
  });
  await until(() => serviceHealth(bed).running === 0);
});

it('falls back to the monolith in stage canary', async () => {
  bed = await startBed({ feed: new FakeFeed(standing({ stage: 'canary', weight: 100 })) });
  acceptAt(bed.monolith);
  await bed.service.stop();
  expect(await takenBy()).toBe('monolith');
  await until(() => bed.proxy.stats().migrations['catalog']?.service.failed === 1);
});
