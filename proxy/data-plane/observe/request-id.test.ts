import { afterEach, describe, expect, it } from '@jest/globals';
import { send, startBed } from '../testing/bed.ts';
import type { Bed, BedOptions, Reply } from '../testing/bed.ts';

let bed: Bed;
afterEach(() => bed.stop());

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const start = async (options: BedOptions = {}): Promise<void> => {
  bed = await startBed(options);
};
const ask = (id?: string): Promise<Reply> =>
  send(bed.proxy.url, 'GET', '/api/products/1', id === undefined ? {} : { headers: { 'x-request-id': id } });
const received = (): unknown => bed.monolith.received.at(-1)?.headers['x-request-id'];

describe('X-Request-Id', () => {
  it('goes on as it came, and nobody makes one, unless that is configured', async () => {
    await start();
    expect((await ask('mine')).headers['x-request-id']).toBeUndefined();
    expect(received()).toBe('mine');
    await ask();
    expect(received()).toBeUndefined();
  });

  it('is made for a request of a stranger, whatever it says, and told to upstream and client', async () => {
    await start({ proxy: { requestId: 'generate' } });
    const first = await ask('mine');
    expect(received()).toMatch(UUID);
    expect(first.headers['x-request-id']).toBe(received());
    expect((await ask()).headers['x-request-id']).not.toBe(first.headers['x-request-id']);
  });

  it('is kept from a trusted proxy when it is well formed', async () => {
    await start({ proxy: { requestId: 'generate', trustedProxies: ['127.0.0.0/8'] } });
    expect((await ask('mine')).headers['x-request-id']).toBeUndefined();
    expect(received()).toBe('mine');
    await ask('x'.repeat(200));
    expect(received()).toMatch(UUID);
  });

  it('is told once when the upstream echoes it, and with an answer of the proxy itself too', async () => {
    await start({
      proxy: { requestId: 'generate' },
      monolith: (req, res) => void res.setHeader('X-Request-Id', String(req.headers['x-request-id'])).end(),
    });
    const names = (await ask()).rawHeaders.filter((name) => name.toLowerCase() === 'x-request-id');
    expect(names).toHaveLength(1);
    await bed.monolith.stop();
    const refused = await ask();
    expect([refused.status, refused.headers['x-request-id']]).toEqual([502, expect.stringMatching(UUID)]);
  });
});
