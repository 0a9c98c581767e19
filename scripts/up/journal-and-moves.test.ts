import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { RunningShop } from '../testing/running-shop.ts';

let shop: RunningShop;
let control: pg.Client;
beforeAll(async () => {
  shop = await RunningShop.start(2000);
  control = new pg.Client({ connectionString: shop.env.CONTROL_STORE });
  await control.connect();
}, 180_000);
afterAll(async () => {
  await control.end();
  await shop.close();
});

const cli = (...args: string[]) => shop.strangler(...args);
const tamper = async (...statements: string[]): Promise<void> => {
  await control.query('ALTER TABLE strangler_control.journal DISABLE TRIGGER append_only');
  for (const statement of statements) await control.query(statement);
  await control.query('ALTER TABLE strangler_control.journal ENABLE TRIGGER append_only');
};

describe('the product, by its commands', () => {
  beforeAll(async () => {
    await shop.up();
    await shop.move('sync', 'catalog');
    await shop.move('shadow', 'catalog');
  }, 180_000);

  it('lets a gate be overridden with a reason, and shows it in plan and log', async () => {
    const refused = await cli('canary', 'catalog', '--weight', '5');
    expect([refused.code, refused.err]).toEqual([3, expect.stringMatching(/refuses verify: never run/)]);
    const gates = ['--override', 'verify', '--override', 'shadow'];
    expect(await cli('canary', 'catalog', '--weight', '5', ...gates)).toMatchObject({
      code: 2,
      err: expect.stringContaining('overriding a gate needs a reason'),
    });
    expect(
      await cli('canary', 'catalog', '--weight', '5', '--override', 'wind', '--reason', 'x'),
    ).toMatchObject({
      code: 2,
      err: expect.stringMatching(/"wind" is no gate of this "canary"; its gates: health, backfill/),
    });
    expect(await cli('plan', 'catalog', ...gates)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/! overridden verify: never run[^]*could be taken now/),
    });
    await shop.move('canary', 'catalog', '--weight', '5', ...gates, '--reason', 'INC-4711');
    const { out } = await cli('log', 'catalog');
    expect(out).toMatch(/overridden: verify \(never run, needs 0 differences.*INC-4711/);
  }, 60_000);

  it('gives up a cutover that waits for a stuck proxy, and says by whom', async () => {
    await control.query(
      `INSERT INTO strangler_control.proxy VALUES ('stuck', clock_timestamp() + interval '1 hour', 0)`,
    );
    const gates = ['--override', 'verify', '--override', 'shadow', '--override', 'contract'];
    const moving = cli('cutover', 'catalog', ...gates, '--reason', 'a test');
    await shop.until(({ moving }) => moving?.phase === 'await-held');
    // It gives itself up within a second and a half: whoever is slower than that finds nothing to abort.
    const asked = await fetch(`http://${shop.env.CONTROL_LISTEN}/v1/migrations/catalog/abort`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-strangler-actor': 'bob@desk' },
      body: JSON.stringify({ reason: 'wrong hour' }),
    });
    expect(await asked.json()).toMatchObject({ done: false, verb: 'cutover', to: 'canary' });
    expect(await moving).toMatchObject({
      code: 1,
      err: expect.stringContaining('given up by bob@desk: wrong hour'),
    });
    expect(await cli('abort', 'catalog', '--reason', 'again')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no move of "catalog" is under way.*stage canary/),
    });
    expect(await cli('resume', '--dry-run')).toMatchObject({
      code: 0,
      out: expect.stringContaining('No move'),
    });
    await control.query(`DELETE FROM strangler_control.proxy WHERE id = 'stuck'`);
  }, 60_000);

  it('finds an entry that was tampered with', async () => {
    expect(await cli('log', '--verify')).toMatchObject({
      code: 0,
      out: expect.stringContaining('as it was written'),
    });
    const { rows } = await control.query<{ actor: string }>(
      'SELECT actor FROM strangler_control.journal WHERE seq = 2',
    );
    await tamper(`UPDATE strangler_control.journal SET actor = 'eve' WHERE seq = 2`);
    expect(await cli('log', '--verify')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/broken at entry 2: it does not say what it said[^]*by eve/),
    });
    expect(JSON.parse((await cli('log', '--verify', '-o', 'json')).out)).toMatchObject({
      broken: { seq: 2, entry: { actor: 'eve' } },
    });
    await control.query('ALTER TABLE strangler_control.journal DISABLE TRIGGER append_only');
    await control.query('UPDATE strangler_control.journal SET actor = $1 WHERE seq = 2', [rows[0]?.actor]);
    await control.query('ALTER TABLE strangler_control.journal ENABLE TRIGGER append_only');
    expect((await cli('log', '--verify')).code).toBe(0);
  }, 60_000);

  it('moves nothing on a store that forgot the newest entry, goes on answering, and moves again after a restart', async () => {
    await tamper(
      'DELETE FROM strangler_control.journal WHERE seq = (SELECT max(seq) FROM strangler_control.journal)',
    );
    await shop.says(/not the one that this process has read/);
    expect(await cli('rollback', 'catalog')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/another journal than before: .*lacks entry/),
    });
    expect(await cli('log', '--verify')).toMatchObject({
      code: 1,
      out: expect.stringContaining('lacks entry'),
    });
    expect((await shop.status()).waitsFor.join()).toContain('restart Strangler');
    expect((await fetch(`${shop.proxyUrl}/api/products`)).status).toBe(200);
    await shop.killProduct();
    await shop.up();
    expect((await cli('log', '--verify')).code).toBe(0);
    await shop.until(({ moving, stage }) => moving === null && stage === 'canary');
    await shop.move('rollback', 'catalog');
  }, 120_000);
});
