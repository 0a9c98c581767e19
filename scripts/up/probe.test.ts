import { createServer as createPlain } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { certify, Files, newAuthority } from '../../proxy/data-plane/testing/certificates.ts';
import { upstreamTlsSchema } from '../../proxy/data-plane/tls/schema.ts';
import { probe } from './probe.ts';

let files: Files;
let server: Server | null = null;
beforeEach(() => {
  files = new Files();
});
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  files.remove();
  server = null;
});

async function listen(made: Server): Promise<number> {
  server = made;
  made.listen(0, '127.0.0.1');
  await once(made, 'listening');
  return (made.address() as AddressInfo).port;
}

const answering: RequestListener = (req, res) => void res.writeHead(req.url === '/health' ? 204 : 500).end();

it('tells whether an address is well, in words', async () => {
  const port = await listen(createPlain(answering));
  const at = (health: string) =>
    probe({ label: 'service shop', url: `http://127.0.0.1:${port}`, health, tls: undefined });
  expect(await at('/health')).toBeNull();
  expect(await at('/')).toBe(`service shop: http://127.0.0.1:${port}/ answers 500`);
  server?.close();
  server?.closeAllConnections();
  expect(await at('/health')).toMatch(/^service shop: .* does not answer \(.*ECONNREFUSED/);
});

it('asks with the certificates that the proxy would use', async () => {
  const authority = await newAuthority();
  const shop = await certify(authority, ['shop.internal']);
  const closed = { ...shop, ca: authority.cert, requestCert: true, rejectUnauthorized: true };
  const port = await listen(createSecure(closed, answering));
  const known = { ca: files.write('ca.crt', authority.cert), ...files.writePair('client', shop) };
  const as = (tls: object | undefined) =>
    probe({
      label: 'service shop',
      url: `https://127.0.0.1:${port}`,
      health: '/health',
      tls: tls && upstreamTlsSchema.parse(tls),
    });
  expect(await as(known)).toBeNull();
  expect(await as(undefined)).toMatch(/does not answer \(.*self-signed certificate/);
  expect(await as({ ca: known.ca })).toMatch(/does not answer/);
  expect(await as({ ...known, key: '/nowhere/client.key' })).toMatch(
    /does not answer \(.*ENOENT.*client\.key/,
  );
});
