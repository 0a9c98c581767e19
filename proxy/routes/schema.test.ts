import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import {
  canarySchema,
  monolithSchema,
  proxySchema,
  routesSchema,
  serviceSchema,
  shadowSchema,
} from './schema.ts';

describe('the schema of the routing part', () => {
  it('fills in every default', () => {
    expect(proxySchema.parse({})).toEqual({
      listen: '127.0.0.1:8080',
      trustedProxies: [],
      hold: { capMs: 2000, maxRequests: 1000, maxBytes: 67_108_864 },
      timeouts: { connectMs: 3000, firstByteMs: 60_000, idleMs: 120_000 },
    });
    expect(shadowSchema.parse({})).toEqual({
      sample: 10,
      maxPending: 100,
      maxBodyBytes: 262_144,
      ignore: [],
    });
    expect(canarySchema.parse({}).cookie).toBe('strangler_arm');
  });

  it('takes routes as text and as objects', () => {
    const routes = ['GET /a/{id}', '* /b/*', 'GET,POST /c', { method: ['GET'], path: '/d', as: 'writes' }];
    expect(routesSchema.parse(routes)).toEqual(routes);
  });

  it.each([[['get /a']], [['GET a']], [['GET']], [[]], [[{ method: 'GET', path: '/a', kind: 'reads' }]]])(
    'refuses the routes %j',
    (routes) => {
      expect(routesSchema.safeParse(routes).success).toBe(false);
    },
  );

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

  it('has a JSON Schema with a description of every field', () => {
    const whole = z.strictObject({ proxySchema, shadowSchema, canarySchema, routesSchema });
    const json = JSON.stringify(z.toJSONSchema(whole, { io: 'input' }));
    expect(json).toContain('segment by segment');
    expect(json).toContain('trustedProxies');
  });
});
