import { describe, expect, it } from '@jest/globals';
import { canarySchema } from './canary/schema.ts';
import { proxySchema } from './schema.ts';
import { shadowSchema } from './shadow/schema.ts';
import { monolithSchema, serviceSchema } from './upstreams/schema.ts';

describe('the schema of the data plane', () => {
  it('fills in every default', () => {
    expect(proxySchema.parse({})).toEqual({
      listen: '127.0.0.1:8080',
      trustedProxies: [],
      rateLimits: [],
      hold: { capMs: 2000, maxRequests: 1000, maxBytes: 67_108_864 },
      timeouts: { connectMs: 3000, firstByteMs: 60_000, idleMs: 120_000 },
      requestId: 'pass',
    });
    expect(shadowSchema.parse({})).toEqual({
      sample: 10,
      maxPending: 100,
      maxBodyBytes: 262_144,
      ignore: [],
    });
    expect(canarySchema.parse({}).cookie).toBe('strangler_arm');
  });

  it.each([{ listen: '8080' }, { port: 1 }, { trustedProxies: ['10.0.0.1'] }, { hold: { capMs: 0 } }])(
    'refuses the proxy %j',
    (proxy) => {
      expect(proxySchema.safeParse(proxy).success).toBe(false);
    },
  );

  it('refuses an upstream that is not http', () => {
    expect(monolithSchema.safeParse({ url: 'ftp://a' }).success).toBe(false);
    expect(serviceSchema.safeParse({ url: 'http://a:1' }).success).toBe(true);
  });
});
