import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RunningShop } from '../testing/running-shop.ts';

let shop: RunningShop;
let file: string;
let original: string;
beforeEach(async () => {
  shop = await RunningShop.start(2000);
  file = await shop.ownConfig();
  original = await readFile(file, 'utf8');
  await shop.up();
}, 120_000);
afterEach(() => shop.close());

const change = (from: string, to: string): Promise<void> => writeFile(file, original.replace(from, to));
const routes = async (): Promise<string[]> =>
  (await shop.status()).routes.map(({ method, path }) => `${method} ${path}`);

/** Asks for products until it is told to stop; gives the statuses that came. */
function readAllTheTime(): () => Promise<Set<number>> {
  const statuses = new Set<number>();
  let isOver = false;
  const reader = async (): Promise<void> => {
    while (!isOver) {
      const answer = await fetch(`${shop.proxyUrl}/api/products/1`);
      await answer.arrayBuffer();
      statuses.add(answer.status);
    }
  };
  const readers = [reader(), reader(), reader()];
  return async () => {
    isOver = true;
    await Promise.all(readers);
    return statuses;
  };
}

describe('strangler.yaml, changed while the product runs', () => {
  it('is taken by proxy, sync and control without a failed request', async () => {
    const stop = readAllTheTime();
    await change('- GET /api/categories', '- GET /api/categories\n      - GET /api/suppliers');
    await shop.says(/the new configuration is in force/);
    await shop.until(({ routes: shown }) => shown.some(({ path }) => path === '/api/suppliers'));
    await change('- GET /api/categories', '- GET /api/brands');
    await shop.until(({ routes: shown }) => shown.some(({ path }) => path === '/api/brands'));
    expect(await stop()).toEqual(new Set([200]));
    await shop.move('sync', 'catalog');
  }, 120_000);

  it('is refused whole when it is wrong; even a part that starts again goes on by the old one', async () => {
    const before = await routes();
    await change('service: catalog', 'service: catalogue');
    expect(await shop.says(/refused, the old one stays/)).toMatch(
      /strangler\.yaml:\d+:\d+ there is no service "catalogue"; services: catalog/,
    );
    await shop.killPart('proxy');
    await shop.says(/proxy ended \(SIGKILL\)/);
    const answer = async (): Promise<number> =>
      fetch(`${shop.proxyUrl}/api/products/1`).then(
        (found) => found.status,
        () => 0,
      );
    const giveUpAt = Date.now() + 60_000;
    while ((await answer()) !== 200) expect(Date.now()).toBeLessThan(giveUpAt);
    expect(await routes()).toEqual(before);
    await writeFile(file, `${original}\n# mended\n`);
    await shop.says(/the new configuration is in force/);
  }, 120_000);

  it('is spoken of also where a launcher started the product and keeps a channel to it', async () => {
    await shop.killProduct();
    await shop.up({ withChannel: true });
    await change('service: catalog', 'service: catalogue');
    await shop.says(/refused, the old one stays/);
  }, 120_000);

  it('may not take away what a migration under way was started with', async () => {
    await shop.move('sync', 'catalog');
    await change('prod_nm: name', 'prod_nm: sku');
    expect(await shop.says(/refused/)).toMatch(
      /strangler\.yaml:\d+:\d+ migration "catalog" is dual-write: its tables cannot change under way/,
    );
    await writeFile(file, original.replace(/^migrations:[^]*/m, 'migrations: {}\n'));
    await shop.says(/migration "catalog" is dual-write and missing here/);
    expect(await shop.status()).toMatchObject({ stage: 'dual-write' });
    await shop.killProduct();
    await expect(shop.up()).rejects.toThrow(/migration "catalog" is dual-write and missing here/);
  }, 120_000);
});
