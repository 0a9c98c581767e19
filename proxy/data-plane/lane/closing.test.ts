import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { closeOf, openSocket, readUntil, send, startBed, type Bed, type BedOptions } from '../testing/bed.ts';

let bed: Bed;
afterEach(() => bed.stop());

const start = async (options: BedOptions = {}): Promise<void> => {
  bed = await startBed(options);
};
const GET = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n';

describe('closing the proxy', () => {
  it('lets running requests end, tells their clients to leave, and takes no new ones', async () => {
    let running: ServerResponse | undefined;
    await start({ monolith: (_req, res) => void (running = res) });
    const answer = send(bed.proxy.url, 'GET', '/a', { headers: { connection: 'keep-alive' } });
    await bed.monolith.hasBegun(1);
    const closed = bed.proxy.close();
    running?.end('done');
    expect((await answer).headers.connection).toBe('close');
    await closed;
    await expect(send(bed.proxy.url, 'GET', '/a')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('ends idle connections at once', async () => {
    await start();
    const socket = await openSocket(bed.proxy.url);
    socket.write(GET);
    await readUntil(socket, /"side":"monolith"/);
    const ended = closeOf(socket.resume());
    await bed.proxy.close();
    await ended;
  });

  it('cuts off what is not over when its patience is, upstream too', async () => {
    await start({ monolith: (_req, res) => void res.write('half') });
    const socket = await openSocket(bed.proxy.url);
    socket.write(GET);
    await readUntil(socket, /half/);
    const ended = closeOf(socket.resume());
    await bed.proxy.close(50);
    await ended;
  });
});
