import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { scrape } from '../../proxy/data-plane/testing/prometheus.ts';
import { AcknowledgedWrites } from '../testing/acknowledged-writes.ts';
import { freePorts } from '../testing/free-ports.ts';
import { RunningShop } from '../testing/running-shop.ts';

let shop: RunningShop;
/** Where the first process shows its metrics; the second does so one port above. */
let metricsPort: number;
beforeEach(async () => {
  shop = await RunningShop.start(2000);
  [metricsPort] = await freePorts(1);
  const file = await shop.ownConfig();
  const text = await readFile(file, 'utf8');
  const more = `proxy:\n  processes: 2\n  metrics: { listen: '127.0.0.1:${metricsPort}' }\n`;
  await writeFile(file, text.replace('proxy:\n', more));
}, 120_000);
afterEach(() => shop.close(), 120_000);

/** Over a connection of its own, so that the system decides anew who gets it. Gives the status, or what went wrong. */
function read(): Promise<number | string> {
  return new Promise((resolve) => {
    const asked = request(`${shop.proxyUrl}/api/products/7`, { agent: false }, (answer: IncomingMessage) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
    });
    asked.once('error', ({ message }) => resolve(message)).end();
  });
}

const readMany = (count: number): Promise<(number | string)[]> =>
  Promise.all(Array.from({ length: count }, () => read()));

async function requestsOf(process: 1 | 2): Promise<number> {
  const found = await scrape(`http://127.0.0.1:${metricsPort + process - 1}`);
  return [...(found.get('strangler_requests_total')?.samples.values() ?? [])].reduce((sum, n) => sum + n, 0);
}

async function leases(): Promise<number> {
  const store = new pg.Client({ connectionString: shop.env.CONTROL_STORE });
  await store.connect();
  const { rowCount } = await store.query(
    'SELECT FROM strangler_control.proxy WHERE lease_until > clock_timestamp()',
  );
  await store.end();
  return rowCount ?? 0;
}

describe('a proxy of two processes', () => {
  it('shares its port between them: both carry requests, and each shows its own', async () => {
    await shop.up();
    expect(new Set(await readMany(100))).toEqual(new Set([200]));
    const [first, second] = [await requestsOf(1), await requestsOf(2)];
    expect(first).toBeGreaterThan(0);
    expect(second).toBeGreaterThan(0);
    expect(first + second).toBe(100);
  }, 120_000);

  it('goes on with one while the other, which was killed, is started again', async () => {
    await shop.up();
    const [one, other] = await shop.pidsOf('proxy');
    process.kill(one ?? 0, 'SIGKILL');
    await shop.says(/proxy [12] ended \(SIGKILL\); starting it again/);
    expect(new Set(await readMany(100))).toEqual(new Set([200]));
    const giveUpAt = Date.now() + 60_000;
    let again: number[];
    do {
      expect(Date.now()).toBeLessThan(giveUpAt);
      again = await shop.pidsOf('proxy');
    } while (again.length < 2);
    expect(again).toContain(other);
    expect(again).not.toContain(one);
  }, 120_000);

  it('changes the owner in both at once: no write over either is lost', async () => {
    await shop.up();
    await shop.move('sync', 'catalog');
    await shop.move('shadow', 'catalog');
    await shop.move('verify', 'catalog');
    for (let i = 0; (await shop.status()).shadow?.verdict !== 'agrees'; i += 1) {
      await fetch(`${shop.proxyUrl}/api/products/${(i % 50) + 1}`).then((answer) => answer.arrayBuffer());
    }
    const writes = new AcknowledgedWrites(shop);
    await writes.more(20);
    await shop.move('cutover', 'catalog');
    await writes.more(20);
    await writes.stop();
    await shop.caughtUp();
    expect(writes.unknown).toEqual([]);
    expect(await writes.faults()).toEqual([]);
  }, 120_000);

  it('runs alone on the store of others too', async () => {
    await shop.up();
    // Where its own metrics are is taken already.
    const text = await readFile(shop.config, 'utf8');
    await writeFile(shop.config, text.replace(/^ {2}metrics: .*\n/m, ''));
    const further = await shop.oneMoreProxy(shop.env.CONTROL_STORE ?? '');
    expect((await fetch(`${further}/api/products/7`)).status).toBe(200);
    expect(await leases()).toBe(4);
  }, 120_000);

  it('does not come up beside somebody who listens there already, and says so', async () => {
    const taken = createServer();
    const { hostname, port } = new URL(shop.proxyUrl);
    await once(taken.listen(Number(port), hostname), 'listening');
    await expect(shop.up()).rejects.toThrow('the port is taken; is a proxy running already?');
    await new Promise((resolve) => taken.close(resolve));
  }, 120_000);
});
