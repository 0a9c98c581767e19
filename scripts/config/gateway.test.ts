import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { problemsOfChange } from './change.ts';
import type { Config } from './read.ts';
import { readConfig } from './read.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'strangler-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const JWT = '{ jwks: keys.json, issuer: "https://id.example", audience: shop }';

function read({
  proxy = '{}',
  monolith = '',
  service = '',
  migration = '',
  routes = '["* /api/*"]',
}): Config {
  const file = join(folder, 'strangler.yaml');
  const text = `version: 1
monolith: { url: "http://127.0.0.1:1" ${monolith} }
services:
  shop: { url: "https://shop.internal" ${service} }
  other: { url: "https://shop.internal:443" }
proxy: ${proxy}
migrations:
  catalog: { service: shop, routes: ${routes} ${migration} }
`;
  writeFileSync(file, text);
  return readConfig(file, {});
}

describe('what is asked of a gateway', () => {
  it('may be asked once there is an issuer of tokens', () => {
    const asked = { routes: '[{ method: "*", path: /api/*, scopes: [a] }]', migration: ', auth: required' };
    expect(() => read({ ...asked, proxy: `{ jwt: ${JWT} }` })).not.toThrow();
  });

  it.each([
    [{ migration: ', auth: required' }, /:8:\d+ migrations\.catalog\.auth needs proxy\.jwt/],
    [{ migration: ', scopes: [a]' }, /migrations\.catalog\.scopes needs proxy\.jwt/],
    [
      { routes: '[{ method: "*", path: /a, auth: optional }]' },
      /migrations\.catalog\.routes\.0\.auth needs proxy\.jwt/,
    ],
    [
      { proxy: '{ rateLimits: [{ name: a, requests: 1, per: 1s, by: { jwt: sub } }] }' },
      /:6:\d+ proxy\.rateLimits\.0\.by\.jwt needs proxy\.jwt/,
    ],
    [{ monolith: ', tls: { verify: false }' }, /:2:\d+ tls has no effect on http:/],
    [
      { service: ', tls: { verify: false }' },
      /shop\.internal belongs to services\.shop too, with another tls/,
    ],
    [{ proxy: '{ rateLimits: [{ name: a, requests: 1, per: 1y }] }' }, /:6:\d+ .*per: is not a window/],
    [{ proxy: `{ jwt: { jwks: a, issuer: b, audience: c, algorithms: [HS256] } }` }, /:6:\d+ .*algorithms/],
    [
      { proxy: '{ tls: { cert: a, key: b, clientAuth: required } }' },
      /:6:\d+ .*is missing: say by which authorities/,
    ],
  ])('is refused with its place where it would have no effect: %j', (part, message) => {
    expect(() => read(part)).toThrow(message);
  });

  it('needs no token where it says `none`', () => {
    expect(() => read({ migration: ', auth: none' })).not.toThrow();
  });
});

it('asks for a new start when TLS is turned on or off, or clients have to show a certificate', () => {
  const off = read({});
  const on = read({ proxy: '{ tls: { cert: a, key: b } }' });
  const mutual = read({ proxy: '{ tls: { cert: a, key: b, clientAuth: required, ca: c } }' });
  const renewed = read({ proxy: '{ tls: { cert: c, key: d, minVersion: TLSv1.3 } }' });
  for (const [before, after] of [
    [off, on],
    [on, off],
    [on, mutual],
  ] as const) {
    expect(problemsOfChange(before, after, [])).toMatchObject([{ path: ['proxy', 'tls', 'clientAuth'] }]);
  }
  expect(problemsOfChange(on, renewed, [])).toEqual([]);
});
