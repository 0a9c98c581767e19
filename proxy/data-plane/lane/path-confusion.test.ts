import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { normalisePath } from '../../routes/path.ts';
import { FakeFeed, exchangeRaw, standing, startBed, type Bed } from '../testing/bed.ts';

let bed: Bed;
afterEach(() => bed.stop());

/** A bed in which `/api/products` and what lies below is the service's. */
const start = async (): Promise<void> => {
  bed = await startBed({ feed: new FakeFeed(standing({ stage: 'extracted', owner: 'service' })) });
};
const get = (target: string) =>
  exchangeRaw(bed.proxy.url, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
const arrived = () => ({
  monolith: bed.monolith.received.map(({ url }) => url),
  service: bed.service.received.map(({ url }) => url),
});

describe('another spelling of a path', () => {
  it.each([
    '/api/products/1',
    '/api/products',
    '/api/products/',
    '/api//products/1',
    '/api/products//1',
    '/api/%70roducts/1',
    '/%61pi/products/1',
    '/api/products;v=1/1',
    '/api;a/products/1',
    '/api/products/%2e%2e%2e/1',
    '/api/products/..%20/1',
    '/api/products?a=/../x',
  ])('goes to the same side, as the bytes that came: %s', async (target) => {
    await start();
    await get(target);
    expect(arrived()).toEqual({ monolith: [], service: [target] });
  });

  it.each([
    '/apiary',
    '/api',
    '/api/productsx',
    '/api/product',
    '/API/products',
    '/api/products%20',
    '/x/api/products',
  ])('is another path when a server takes it for one: %s', async (target) => {
    await start();
    await get(target);
    expect(arrived()).toEqual({ monolith: [target], service: [] });
  });

  it.each([
    '/api/../api/products/1',
    '/other/../api/products/1',
    '/api/./products/1',
    '/api/products/..',
    '/%2e%2e/api/products',
    '/other/.%2e/api/products/1',
    '/other/..;/api/products/1',
    '/other/..;x=1/api/products/1',
    '/other/%2e%2e;/api/products/1',
    '/api%2fproducts/1',
    '/api%2Fproducts/1',
    '/api%5cproducts/1',
    '/api\\products\\1',
    '/api/products%00/1',
    '/api/products/1%',
    '/api/products/%zz',
    '/other/%c0%ae%c0%ae/api/products',
    '/api/%ff',
    '/api/products#x',
    '/api/products?a#x',
    '//api/products/1',
    '///api/products/1',
    '/\\evil.example/',
    'http://a/api/products/1',
  ])('is refused where servers disagree what it means: %s', async (target) => {
    await start();
    expect(await get(target)).toMatch(/^HTTP\/1\.1 400 /);
    expect(arrived()).toEqual({ monolith: [], service: [] });
  });

  it('reaches an upstream with the very bytes of its target, or not at all, whatever it is', async () => {
    await start();
    const odd = ['//', '%70', '%7E', '%C3%A9', '%252e', '/../', '/%2e%2e/', '%2f', ';v=1', '|', '?', '%'];
    const piece = fc.oneof(fc.stringMatching(/^[\x21-\x22\x24-\x7e]{1,6}$/), fc.constantFrom(...odd));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
        const target = `/${pieces.join('')}`;
        const answer = await get(target);
        const both = [...bed.monolith.received.splice(0), ...bed.service.received.splice(0)];
        expect(both.map(({ url }) => url)).toEqual(normalisePath(target).kind === 'path' ? [target] : []);
        expect(answer).toMatch(both.length === 1 ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 400 /);
      }),
      { examples: [[['a/%70?q=%zz&x=/../']], [['/a//b/']], [['?']], [['a?b?c']]] },
    );
  });
});
