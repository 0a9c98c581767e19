import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeFeed, send, standing, startBed, type Bed, type BedOptions } from '../testing/bed.ts';
import { deprecatedSchema } from './duties-schema.ts';

let bed: Bed;
afterEach(() => bed.stop());

const DEPRECATED = {
  since: '2026-07-01',
  sunset: '2026-12-31T22:00:00Z',
  link: 'https://docs.example/products',
};
const start = async (options: BedOptions): Promise<void> => {
  bed = await startBed(options);
};
const get = (target: string) => send(bed.proxy.url, 'GET', target);

describe('a deprecated route', () => {
  it('says since when, until when, and where to read more', async () => {
    await start({
      routes: [{ method: '*', path: '/api/products/*', deprecated: DEPRECATED }, 'GET /api/new'],
    });
    const { headers } = await get('/api/products/1');
    expect(headers['deprecation']).toBe('@1782864000');
    expect(headers['sunset']).toBe('Thu, 31 Dec 2026 22:00:00 GMT');
    expect(headers['link']).toBe('<https://docs.example/products>; rel="deprecation"');
    for (const other of ['/api/new', '/elsewhere']) {
      expect(Object.keys((await get(other)).headers)).not.toContain('deprecation');
    }
  });

  it('says so whichever side answers, for it is the contract that goes away', async () => {
    await start({
      feed: new FakeFeed(standing({ stage: 'extracted', owner: 'service' })),
      routes: [{ method: '*', path: '/api/products/*', deprecated: { since: '2026-07-01' } }],
    });
    const reply = await get('/api/products/1');
    expect(reply.json()).toMatchObject({ side: 'service' });
    expect(reply.headers['deprecation']).toBe('@1782864000');
    expect(reply.headers['sunset']).toBeUndefined();
  });

  it('leaves alone what the side itself says, and keeps its other links', async () => {
    await start({
      monolith: (req, res) => {
        res.setHeader(
          'link',
          req.url === '/api/products/a' ? '</next>; rel="next"' : '</own>; rel=deprecation',
        );
        res.writeHead(200, { deprecation: '@1', sunset: 'Fri, 01 Jan 2027 00:00:00 GMT' }).end();
      },
      routes: [{ method: '*', path: '/api/products/*', deprecated: DEPRECATED }],
    });
    const { headers } = await get('/api/products/a');
    expect([headers['deprecation'], headers['sunset']]).toEqual(['@1', 'Fri, 01 Jan 2027 00:00:00 GMT']);
    expect(headers['link']).toBe('</next>; rel="next", <https://docs.example/products>; rel="deprecation"');
    expect((await get('/api/products/b')).headers['link']).toBe('</own>; rel=deprecation');
  });

  it('may be all routes of a migration, and a change takes effect at once', async () => {
    await start({});
    expect((await get('/api/products/1')).headers['deprecation']).toBeUndefined();
    const { config, proxy } = bed;
    const catalog = { ...config.migrations['catalog'], deprecated: { since: '2026-07-01' } };
    proxy.reconfigure({ ...config, migrations: { catalog } } as typeof config);
    expect((await get('/api/products/1')).headers['deprecation']).toBe('@1782864000');
  });
});

describe('an operation that its document calls deprecated', () => {
  const document = [
    { method: 'GET', path: '/api/products/{id}', deprecated: { since: '2026-07-01', sunset: '2026-12-31' } },
    { method: 'GET', path: '/api/products/new', deprecated: null },
    { method: 'PUT', path: '/api/products/{id}', deprecated: null },
  ];
  const startWith = async (routes: BedOptions['routes'], more: object = {}): Promise<void> => {
    await start({ routes: routes! });
    const catalog = { ...bed.config.migrations['catalog'], operations: document, ...more };
    bed.proxy.reconfigure({ ...bed.config, migrations: { catalog } } as typeof bed.config);
  };
  const saysOf = async (method: string, target: string) => {
    const { headers } = await send(bed.proxy.url, method, target);
    return [headers['deprecation'], headers['sunset']];
  };
  const ENDS = ['@1782864000', 'Thu, 31 Dec 2026 00:00:00 GMT'];
  const STAYS = [undefined, undefined];

  it('says so on every answer, also where one route leads to several operations', async () => {
    for (const route of ['* /api/products/*', 'GET,PUT /api/products/{id}']) {
      await startWith([route]);
      expect(await saysOf('GET', '/api/products/7')).toEqual(ENDS);
      expect(await saysOf('GET', '/api/products/%37;a=b?c=d')).toEqual(ENDS);
      expect(await saysOf('HEAD', '/api/products/7')).toEqual(ENDS);
      expect(await saysOf('PUT', '/api/products/7')).toEqual(STAYS);
      expect(await saysOf('GET', '/api/products/new')).toEqual(STAYS);
      expect(await saysOf('GET', '/api/products/7/stock')).toEqual(STAYS);
      await bed.stop();
    }
    await startWith(['* /api/products/*']);
  });

  it('says what route or migration say, where they do', async () => {
    await startWith([{ method: 'GET', path: '/api/products/*', deprecated: { since: '2026-01-01' } }]);
    expect(await saysOf('GET', '/api/products/7')).toEqual(['@1767225600', undefined]);
    await bed.stop();
    await startWith(['GET /api/products/*'], { deprecated: { since: '2026-01-01' } });
    expect(await saysOf('GET', '/api/products/7')).toEqual(['@1767225600', undefined]);
  });
});

describe('the schema of a deprecation', () => {
  it.each([
    [{ since: 'soon' }],
    [{ since: '2026-07-01', sunset: '2026-06-30' }],
    [{ since: '2026-07-01', link: 'javascript:alert(1)' }],
    [{ sunset: '2026-07-01' }],
  ])('refuses %j', (settings) => {
    expect(deprecatedSchema.safeParse(settings).success).toBe(false);
  });
});
