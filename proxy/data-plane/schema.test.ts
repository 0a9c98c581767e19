import { describe, expect, it } from '@jest/globals';
import { canarySchema } from './canary/schema.ts';
import { proxySchema } from './schema.ts';
import { shadowSchema } from './shadow/schema.ts';
import { monolithSchema, serviceSchema } from './upstreams/schema.ts';

describe('the schema of the data plane', () => {
  it('needs nothing to be written, and then asks nothing of clients and watches nothing', () => {
    const { hold, rateLimits, jwt, tls, metrics, traces, accessLog } = proxySchema.parse({});
    expect(hold.capMs).toBe(2000);
    expect(rateLimits).toEqual([]);
    expect([jwt, tls, metrics, traces, accessLog]).toEqual(Array(5).fill(undefined));
    expect(shadowSchema.parse({})).toMatchObject({ sample: 10, ignore: [] });
    expect(canarySchema.parse({}).cookie).toBe('strangler_arm');
  });

  it.each([
    { listen: '8080' },
    { port: 1 },
    { trustedProxies: ['10.0.0.1'] },
    { hold: { capMs: 0 } },
    { processes: 0 },
    { processes: 2, listen: '127.0.0.1:0' },
    { processes: 2, metrics: { listen: '127.0.0.1:65535' } },
  ])('refuses the proxy %j', (proxy) => {
    expect(proxySchema.safeParse(proxy).success).toBe(false);
  });

  it('refuses an upstream that is not http', () => {
    expect(monolithSchema.safeParse({ url: 'ftp://a' }).success).toBe(false);
    expect(serviceSchema.safeParse({ url: 'http://a:1' }).success).toBe(true);
  });
});
