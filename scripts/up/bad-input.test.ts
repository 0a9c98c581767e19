import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningShop } from '../testing/running-shop.ts';

const NOBODY = '127.0.0.1:9'; // the discard port: nothing listens there
const ROOT = join(import.meta.dirname, '..', '..');
const CHANGED = 'legacy-monolith/strangler.changed.yaml';

let shop: RunningShop;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  shop = await RunningShop.start(300);
  env = { ...shop.env };
});
afterEach(async () => {
  await shop.killProduct();
  Object.assign(shop.env, env);
  shop.config = 'legacy-monolith/strangler.yaml';
  rmSync(join(ROOT, CHANGED), { force: true });
});
afterAll(() => shop.close());

/** Uses a copy of the shop's configuration with one thing changed. */
function change(from: string, to: string): void {
  const text = readFileSync(join(ROOT, shop.config), 'utf8');
  if (!text.includes(from)) throw new Error(`the configuration has no ${from}`);
  writeFileSync(join(ROOT, CHANGED), text.replace(from, to));
  shop.config = CHANGED;
}

async function refused(...args: string[]): Promise<{ code: number; err: string }> {
  const { code, err } = await shop.strangler(...args);
  expect(err).not.toMatch(/^\s+at .*:\d+:\d+/m); // no stack trace for a person
  return { code, err: err.trim() };
}

describe('one clear message for', () => {
  it('a wrong configuration, at its place', async () => {
    change('service: catalog', 'servce: catalog');
    const { code, err } = await refused('up');
    expect(code).toBe(2);
    expect(err).toMatch(/strangler\.changed\.yaml:\d+:5 unknown key "servce"; did you mean "service"\?/);
  });

  it('a control store that cannot be reached', async () => {
    shop.env.CONTROL_STORE = `postgres://me:s3cret@${NOBODY}/control`;
    const { code, err } = await refused('up');
    expect(code).toBe(1);
    expect(err).toMatch(
      /control store: the database at 127\.0\.0\.1:9\/control cannot be reached: .*ECONNREFUSED/,
    );
    expect(err).not.toContain('s3cret');
  });

  it.each([
    ['CONTROL_LISTEN', ['up'], 'control.listen'],
    ['PROXY_LISTEN', ['up', '--only', 'proxy'], 'proxy.listen'],
  ])('a port of %s that is taken, and no half of a product stays', async (name, args, key) => {
    const [host, port] = String(shop.env[name]).split(':');
    const taken = createServer().listen(Number(port), host);
    await once(taken, 'listening');
    try {
      const { code, err } = await refused(...args);
      expect(code).toBe(1);
      expect(err).toContain(`cannot listen on ${host}:${port}: the port is taken`);
      expect(err).toContain(`Choose another with \`${key}\``);
      expect(err.split('\n')).toHaveLength(1);
    } finally {
      taken.close();
    }
  });

  it('no control API', async () => {
    const { code, err } = await refused('status');
    expect(code).toBe(1);
    expect(err).toContain('strangler up');
    expect(err.split('\n')).toHaveLength(1);
  });

  it('an unknown migration, and a move that is not allowed', async () => {
    await shop.up();
    const unknown = await refused('sync', 'catalogue');
    expect(unknown).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no migration "catalogue"'),
    });
    const early = await refused('cutover', 'catalog');
    expect(early).toMatchObject({
      code: 2,
      err: expect.stringContaining(
        '"cutover" is not allowed while "catalog" is in stage legacy; allowed: sync',
      ),
    });
  });

  it('a service that is down', async () => {
    shop.env.CATALOG_URL = `http://${NOBODY}`;
    await shop.up();
    const { code, err } = await refused('sync', 'catalog');
    expect(code).toBe(3);
    expect(err).toMatch(/service catalog: http:\/\/127\.0\.0\.1:9\/ready does not answer/);
    expect(await shop.status()).toMatchObject({ stage: 'legacy' });
  });

  it('a database that cannot be reached', async () => {
    shop.env.CATALOG_DATABASE_URL = `postgres://me:s3cret@${NOBODY}/catalog`;
    await shop.up();
    const { code, err } = await refused('sync', 'catalog');
    expect(code).toBe(1);
    expect(err).toMatch(/service catalog: the database at 127\.0\.0\.1:9\/catalog cannot be reached/);
    expect(err).not.toContain('s3cret');
  });

  it('a mapping to a column that does not exist, at its place', async () => {
    change('stk_cd: sku', 'stk_cd: sku_code');
    await shop.up();
    const { code, err } = await refused('sync', 'catalog');
    expect(code).toBe(2);
    expect(err).toMatch(
      /strangler\.changed\.yaml:\d+:\d+ service table "product" has no column "sku_code"; did you mean "sku"\?/,
    );
    expect(await shop.status()).toMatchObject({ stage: 'legacy', sync: null });
  });
});
