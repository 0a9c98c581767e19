import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from '@jest/globals';
import { readConfig } from '../config/read.ts';
import { openCapabilities } from './capabilities.ts';

const folder = mkdtempSync(join(tmpdir(), 'strangler-capabilities-'));
afterAll(() => rmSync(folder, { recursive: true }));

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** An application whose health is told by this status. */
async function application(status: number): Promise<string> {
  const server = createServer((_req, res) => res.writeHead(status, { connection: 'close' }).end()).listen(
    0,
    '127.0.0.1',
  );
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('is as well as the worst of its addresses', async () => {
  const [monolith, well, ill] = await Promise.all([application(200), application(404), application(503)]);
  const file = join(folder, 'strangler.yaml');
  writeFileSync(
    file,
    `version: 1
monolith: { url: ["${monolith}"] }
services: { cart: { url: ["${well}", "${ill}"], health: /ready } }
migrations: { cart: { service: cart, routes: [GET /cart] } }
`,
  );
  const capabilities = openCapabilities(readConfig(file));
  expect(await capabilities.byName.get('cart')?.probe()).toEqual([`service cart: ${ill}/ready answers 503`]);
  await capabilities.close();
});
