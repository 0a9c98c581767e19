import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeFeed, exchangeRaw, send, standing, startBed, until } from '../testing/bed.ts';
import type { Bed, BedOptions } from '../testing/bed.ts';
import { useAsMonolith } from '../testing/raw-http.ts';

let bed: Bed;
afterEach(() => bed.stop());

const start = async (options: BedOptions = {}): Promise<void> => {
  bed = await startBed(options);
};
const CLIENT = { headers: { host: 'shop.example:8443' } };
const hostAt = (side: 'monolith' | 'service') => bed[side].received.at(-1)?.headers.host;
const addressOf = (side: 'monolith' | 'service') => new URL(bed[side].url).host;

describe('a Host header that could lead elsewhere than it says', () => {
  const get = (line: string) => `GET /a HTTP/1.1\r\n${line}Connection: close\r\n\r\n`;

  it.each([
    ['is missing', ''],
    ['stands there twice', 'Host: a\r\nHost: b\r\n'],
    ['stands there twice, the same', 'Host: a\r\nhost: a\r\n'],
    ['is empty', 'Host:\r\n'],
    ['names a user', 'Host: user@shop.example\r\n'],
    ['names a user and a password', 'Host: user:secret@shop.example\r\n'],
    ['has a path', 'Host: shop.example/admin\r\n'],
    ['has a query', 'Host: shop.example?a\r\n'],
    ['has a fragment', 'Host: shop.example#a\r\n'],
    ['has a backslash', 'Host: shop.example\\admin\r\n'],
    ['has a scheme', 'Host: http://shop.example\r\n'],
    ['has a blank', 'Host: shop example\r\n'],
    ['has a tab', 'Host: shop\texample\r\n'],
    ['is a list', 'Host: a, b\r\n'],
    ['has no number for its port', 'Host: a:b\r\n'],
    ['has two ports', 'Host: a:1:2\r\n'],
    ['has a port that is too long', 'Host: a:123456\r\n'],
    ['is an address that is not closed', 'Host: [::1\r\n'],
    ['is percent-encoded', 'Host: a%2fb\r\n'],
    ['is not ASCII', 'Host: \xe9\r\n'],
  ])('is refused when it %s', async (_name, line) => {
    await start();
    const answer = await exchangeRaw(bed.proxy.url, get(line));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(bed.monolith.begun).toBe(0);
  });

  it('is refused with one answer when it is missing, whatever comes behind', async () => {
    await start();
    const answer = await exchangeRaw(bed.proxy.url, 'GET /a HTTP/1.1\r\n\r\n!\r\n\r\n');
    expect(answer.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(answer).toContain('carries no Host header');
  });

  it.each([
    'a',
    'shop.example',
    'SHOP.example:8443',
    '127.0.0.1:80',
    '[::1]',
    '[2001:db8::1]:443',
    'my_shop',
  ])('goes to the upstream as it came when it is %s', async (host) => {
    await start();
    await exchangeRaw(bed.proxy.url, get(`Host: ${host}\r\n`));
    expect(hostAt('monolith')).toBe(host);
  });

  it('may be missing in HTTP/1.0, and the upstream then gets its own', async () => {
    await start();
    expect(await exchangeRaw(bed.proxy.url, 'GET /a HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
    expect(hostAt('monolith')).toBe(addressOf('monolith'));
  });
});

describe('the Host that an upstream gets', () => {
  it('is that of the client unless the configuration says otherwise', async () => {
    await start();
    await send(bed.proxy.url, 'GET', '/api/products/1', CLIENT);
    expect(hostAt('monolith')).toBe('shop.example:8443');
  });

  it('is its own where its side wants it so, and X-Forwarded-Host says what the client sent', async () => {
    await start({
      feed: new FakeFeed(standing({ stage: 'extracted', owner: 'service' })),
      upstreamHosts: { services: { shop: 'rewrite' } },
    });
    await send(bed.proxy.url, 'GET', '/api/products/1', CLIENT);
    expect(hostAt('service')).toBe(addressOf('service'));
    expect(bed.service.received.at(-1)?.headers['x-forwarded-host']).toBe('shop.example:8443');
    await send(bed.proxy.url, 'GET', '/other', CLIENT);
    expect(hostAt('monolith')).toBe('shop.example:8443');
  });

  it('is what its route says, before what its side says', async () => {
    await start({
      routes: [
        { method: '*', path: '/api/products/*', upstreamHost: 'rewrite' },
        { method: '*', path: '/api/prices/*', upstreamHost: 'keep' },
        '* /api/stock/*',
      ],
      upstreamHosts: { monolith: 'keep' },
    });
    const hosts = [];
    for (const path of ['/api/products/1', '/api/prices/1', '/api/stock/1']) {
      await send(bed.proxy.url, 'GET', path, CLIENT);
      hosts.push(hostAt('monolith'));
    }
    expect(hosts).toEqual([addressOf('monolith'), 'shop.example:8443', 'shop.example:8443']);
  });

  it('is that of the side that is really asked, when a read falls back from a service to the monolith', async () => {
    await start({
      feed: new FakeFeed(standing({ stage: 'canary', weight: 100 })),
      upstreamHosts: { services: { shop: 'rewrite' } },
      service: (_req, res) => void res.writeHead(503).end(),
    });
    await send(bed.proxy.url, 'GET', '/api/products/1', CLIENT);
    expect(bed.service.begun).toBe(1);
    expect(hostAt('monolith')).toBe('shop.example:8443');
  });

  it('is the same when a read is only compared', async () => {
    await start({
      feed: new FakeFeed(standing({ stage: 'shadow' })),
      upstreamHosts: { services: { shop: 'rewrite' } },
      shadow: { sample: 100 },
    });
    await send(bed.proxy.url, 'GET', '/api/products/1', CLIENT);
    await until(() => bed.service.received.length > 0);
    expect(hostAt('service')).toBe(addressOf('service'));
    await until(() => bed.monolith.received.length > 1);
    expect(hostAt('monolith')).toBe('shop.example:8443');
  });

  it('is taken anew from the configuration while the proxy runs', async () => {
    await start();
    bed.proxy.reconfigure({ ...bed.config, upstreamHosts: { monolith: 'rewrite', services: {} } });
    await send(bed.proxy.url, 'GET', '/a', CLIENT);
    expect(hostAt('monolith')).toBe(addressOf('monolith'));
  });
});

describe('an answer that names the upstream', () => {
  const naming = (host: () => string) => (req: IncomingMessage, res: ServerResponse) => {
    res.setHeader(
      'location',
      `http://${host()}${req.url?.startsWith('/shop') ? '/shop' : ''}/login?next=%2F`,
    );
    res.setHeader('content-location', '/shop/there');
    res.setHeader('set-cookie', [
      'a=1; Path=/shop; HttpOnly',
      'b=2; Path=/shop/cart; Domain=127.0.0.1; Secure',
      'c=3; Path=/; Domain=elsewhere.example',
    ]);
    res.writeHead(302).end();
  };

  it('names the client’s own origin instead', async () => {
    await start({ monolith: naming(() => addressOf('monolith')), upstreamHosts: { monolith: 'rewrite' } });
    const { headers } = await send(bed.proxy.url, 'GET', '/a', CLIENT);
    expect(headers.location).toBe('http://shop.example:8443/login?next=%2F');
  });

  it('does so with the scheme that the client used at a trusted proxy', async () => {
    await start({
      monolith: naming(() => addressOf('monolith')),
      proxy: { trustedProxies: ['127.0.0.1/32'] },
    });
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'www.shop.example' };
    const { headers } = await send(bed.proxy.url, 'GET', '/a', {
      headers: { ...CLIENT.headers, ...forwarded },
    });
    expect(headers.location).toBe('https://www.shop.example/login?next=%2F');
  });

  it('loses the base path of the upstream’s url, in paths of cookies too', async () => {
    await start({ monolith: naming(() => addressOf('monolith')) });
    useAsMonolith(bed, `${bed.monolith.url}/shop/`);
    const { headers } = await send(bed.proxy.url, 'GET', '/a?b', CLIENT);
    expect(headers.location).toBe('http://shop.example:8443/login?next=%2F');
    expect(headers['content-location']).toBe('/there');
    expect(headers['set-cookie']).toEqual([
      'a=1; Path=/; HttpOnly',
      'b=2; Path=/cart; Domain=shop.example; Secure',
      'c=3; Path=/; Domain=elsewhere.example',
    ]);
  });

  it('says nothing that its own lines do not say when nothing has to be put right', async () => {
    await start({ monolith: naming(() => 'elsewhere.example') });
    const { headers } = await send(bed.proxy.url, 'GET', '/a', CLIENT);
    expect(headers.location).toBe('http://elsewhere.example/login?next=%2F');
    expect(headers['content-location']).toBe('/shop/there');
  });
});

describe('an upstream whose url has a base path', () => {
  it('gets it in front of the very bytes that came', async () => {
    await start();
    useAsMonolith(bed, `${bed.monolith.url}/shop`);
    for (const target of ['/', '/?q', '/a//b/?x=%2F', '/%7Ea']) await send(bed.proxy.url, 'GET', target);
    expect(bed.monolith.received.map(({ url }) => url)).toEqual([
      '/shop/',
      '/shop/?q',
      '/shop/a//b/?x=%2F',
      '/shop/%7Ea',
    ]);
  });
});
