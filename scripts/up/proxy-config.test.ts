import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readConfig } from '../config/read.ts';
import { proxyConfigOf } from './proxy-config.ts';

const REST = `
version: 1
monolith: { url: http://127.0.0.1:3000 }
services: {}
migrations: {}
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'strangler-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What the data plane gets to work by. */
function configOf(proxy: string, environment: NodeJS.ProcessEnv = {}, rest = REST) {
  const file = join(folder, 'strangler.yaml');
  writeFileSync(file, `${rest}proxy: ${proxy}\n`);
  return proxyConfigOf(readConfig(file, environment));
}

describe('what the proxy works by', () => {
  it.each([
    ['stdout', 'stdout'],
    ['stderr', 'stderr'],
    ['/var/log/access.log', '/var/log/access.log'],
  ])('writes its access log to %s as it says', (to, expected) => {
    expect(configOf(`{ accessLog: { to: ${to} } }`).proxy.accessLog?.to).toBe(expected);
  });

  it('writes its access log beside strangler.yaml, wherever it runs', () => {
    const { proxy } = configOf('{ accessLog: { to: logs/access.log } }');
    expect(proxy.accessLog?.to).toBe(join(folder, 'logs', 'access.log'));
  });

  it('reads certificates and keys beside strangler.yaml, wherever it runs', () => {
    const { proxy, upstreams } = configOf(
      '{ tls: { cert: tls/a.crt, key: /etc/a.key, others: [{ cert: b.crt, key: b.key }] }, ' +
        'jwt: { jwks: keys.json, issuer: a, audience: b } }\n' +
        'monolith: { url: "https://127.0.0.1:3000", tls: { ca: ca.crt } }',
      {},
      REST.replace(/monolith: .*\n/, ''),
    );
    expect(proxy.tls).toMatchObject({
      cert: join(folder, 'tls', 'a.crt'),
      key: '/etc/a.key',
      others: [{ cert: join(folder, 'b.crt'), key: join(folder, 'b.key') }],
    });
    expect(proxy.jwt?.jwks).toBe(join(folder, 'keys.json'));
    expect(upstreams.monolith.tls).toEqual({ ca: join(folder, 'ca.crt'), verify: true });
  });

  it('announces what the documents of both sides call deprecated, and complains of what it cannot announce', () => {
    const operation = (more: string) => `{ deprecated: true, ${more} }`;
    const document = (paths: string[]) =>
      `openapi: 3.1.0\npaths:\n${paths.map((each) => `  ${each}\n`).join('')}`;
    writeFileSync(
      join(folder, 'old.yaml'),
      document([
        `/a: { get: ${operation("x-deprecated-at: 2026-07-01, x-sunset: '2026-12-31', x-deprecation-link: 'https://a.example/'")}, put: {} }`,
        `/b/{id}: { get: {} }`,
        `/c: { get: ${operation('x-sunset: 2026-12-31')} }`,
      ]),
    );
    writeFileSync(
      join(folder, 'new.yaml'),
      document([`/b/{other}: { get: ${operation('x-deprecated-at: 2026-08-01')} }`]),
    );
    const rest = REST.replace('3000 }', '3000, openapi: old.yaml }')
      .replace('services: {}', 'services: { s: { url: http://127.0.0.1:4000, openapi: new.yaml } }')
      .replace('migrations: {}', "migrations: { m: { service: s, routes: ['* /*'] } }");
    const file = join(folder, 'strangler.yaml');
    writeFileSync(file, rest);
    const complaints: string[] = [];
    const config = readConfig(file, {});
    const { operations } = proxyConfigOf(config, (message) => complaints.push(message)).migrations['m']!;
    const ended = { since: '2026-07-01', sunset: '2026-12-31', link: 'https://a.example/' };
    expect(operations).toEqual([
      { method: 'GET', path: '/a', deprecated: ended },
      { method: 'PUT', path: '/a', deprecated: null },
      { method: 'GET', path: '/b/{other}', deprecated: { since: '2026-08-01' } },
      { method: 'GET', path: '/c', deprecated: null },
    ]);
    expect(complaints).toEqual([
      expect.stringMatching(/old\.yaml: GET \/c is deprecated, but clients are not told: x-deprecated-at /),
    ]);
    rmSync(join(folder, 'old.yaml'));
    proxyConfigOf(config, (message) => complaints.push(message));
    expect(complaints[1]).toMatch(/old\.yaml cannot be used: there is no such file/);
  });

  it('takes the secrets of a collector from the environment', () => {
    const { traces } = configOf('{ traces: { headers: { x-api-key: "${KEY}" } } }', { KEY: 'hunter2' });
    expect(traces?.headers).toEqual({ 'x-api-key': 'hunter2' });
  });

  it('says where a mistake stands', () => {
    expect(() => configOf('{ accessLog: { headers: ["no name"] } }')).toThrow(
      /strangler\.yaml:6:\d+ proxy\.accessLog\.headers\.0: is not the name of a header/,
    );
    expect(() => configOf('{ traces: { sampleRatio: 10 } }')).toThrow(/strangler\.yaml:6:\d+ .*sampleRatio/);
  });
});
