import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { FakeFeed, openSocket, standing, startBed, until, type Handler } from '../testing/bed.ts';

const SHOPS = ['one', 'one', 'two'];

describe('what a mirrored read says', () => {
  it('is what its request said, not what the one before it on the connection did', async () => {
    const heard: unknown[] = [];
    const answer: Handler = (_req, res) => void res.end('the same');
    const service: Handler = (req, res) => {
      heard.push(req.headers['x-shop']);
      res.end('the same');
    };
    const feed = new FakeFeed(standing({ stage: 'shadow' }));
    const bed = await startBed({ feed, monolith: answer, service, shadow: { sample: 100 } });
    const socket = await openSocket(bed.proxy.url);
    for (const [before, shop] of SHOPS.entries()) {
      socket.write(`GET /api/products/1 HTTP/1.1\r\nHost: shop\r\nX-Shop: ${shop}\r\n\r\n`);
      await once(socket, 'data');
      await until(() => heard.length > before);
    }
    socket.destroy();
    await bed.stop();
    expect(heard).toEqual(SHOPS);
  });
});
