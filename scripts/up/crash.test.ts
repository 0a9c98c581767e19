import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AcknowledgedWrites } from '../testing/acknowledged-writes.ts';
import { replayControl } from '../testing/replay-control.ts';
import { RunningShop } from '../testing/running-shop.ts';

/** More than the shadow's gate asks for, by far. */
const READS = 20_000;

let shop: RunningShop;
let writes: AcknowledgedWrites;
beforeEach(async () => {
  shop = await RunningShop.start(20_000);
  await shop.up();
  writes = new AcknowledgedWrites(shop);
  await writes.more(5);
}, 120_000);
afterEach(async () => {
  await writes.stop();
  await shop.close();
});

const isLive = () => shop.caughtUp();
const isCopying = () =>
  shop.until(({ sync }) => {
    const movements = sync?.backfill.find(({ table }) => table === 'stk_mvmt');
    return movements !== undefined && movements.rows > 0 && !movements.done;
  });

/** Traffic ends, the sync catches up, and both databases are looked at: by the ledger, then by verify. */
async function expectNothingLost(): Promise<void> {
  await writes.more(20);
  await writes.stop();
  await isLive();
  expect(await writes.faults()).toEqual([]);
  const verified = await shop.strangler('verify', 'catalog', '-o', 'json');
  expect(verified).toMatchObject({ code: 0 });
  const { parked } = (await shop.status()).sync ?? {};
  expect(parked).toBe(0);
  expect(await replayControl(shop.env.CONTROL_STORE ?? '')).toMatchObject({ wrong: [] });
}

async function toCanary(): Promise<void> {
  await shop.move('sync', 'catalog');
  await shop.move('shadow', 'catalog');
  await shop.move('verify', 'catalog');
  for (let i = 1; (await shop.status()).shadow?.verdict !== 'agrees'; i++) {
    if (i > READS) throw new Error(`the shadow never agreed\n${await shop.story()}`);
    await fetch(`${shop.proxyUrl}/api/products/${(i % 100) + 1}`).then((answer) => answer.arrayBuffer());
  }
  await shop.move('canary', 'catalog', '--weight', '20');
}

describe('kill -9 of the sync process', () => {
  it('in the middle of the backfill: the copy goes on where it was, nothing is lost', async () => {
    await shop.move('sync', 'catalog', '--no-wait');
    await isCopying();
    await shop.killPart('sync');
    await expectNothingLost();
  }, 120_000);

  it('in dual-write: what was written meanwhile arrives', async () => {
    await shop.move('sync', 'catalog');
    for (let i = 0; i < 3; i++) {
      await writes.more(10);
      await shop.killPart('sync');
    }
    await expectNothingLost();
  }, 120_000);

  it('in the middle of a cutover: the cutover does not need it, and the way back runs', async () => {
    await toCanary();
    await Promise.all([shop.move('cutover', 'catalog'), shop.killPart('sync')]);
    expect(await shop.status()).toMatchObject({ stage: 'extracted', owner: 'service' });
    await expectNothingLost();
  }, 120_000);
});

/**
 * Orders a cutover and does something while the fence waits for a writer that never ends. It waits for less than a second:
 * on a busy machine that may be over before anybody has seen it, and the same begins again.
 *
 * @returns the exit code of the order
 */
async function whileFenceWaits(work: () => Promise<void>): Promise<number> {
  for (let tries = 0; tries < 20; tries += 1) {
    let isOver = false;
    const moving = shop.strangler('cutover', 'catalog').finally(() => (isOver = true));
    const { moving: seen } = await shop.until(
      ({ moving: under }) => isOver || under?.phase === 'raise-fence',
    );
    if (seen?.phase !== 'raise-fence') continue;
    await work();
    return (await moving).code;
  }
  throw new Error('nobody saw the fence wait');
}

describe('kill -9 of everything', () => {
  it('in the middle of the backfill: a new start goes on by itself', async () => {
    await shop.move('sync', 'catalog', '--no-wait');
    await isCopying();
    await shop.killProduct();
    await shop.up();
    await expectNothingLost();
  }, 120_000);

  it('in dual-write: a new start goes on by itself', async () => {
    await shop.move('sync', 'catalog');
    await writes.more(10);
    await shop.killProduct();
    await shop.up();
    await expectNothingLost();
  }, 120_000);

  it('while the fence waits for a writer: a new start takes the cutover back', async () => {
    await toCanary();
    await shop.monolith.query('BEGIN');
    await shop.monolith.query('UPDATE tbl_products SET upd_dt = now() WHERE prod_id = 2000');
    const code = await whileFenceWaits(() => shop.killProduct());
    await shop.monolith.query('COMMIT');
    expect(code).not.toBe(0);
    await shop.up();
    expect(await shop.until(({ moving: under }) => under === null)).toMatchObject({
      stage: 'canary',
      owner: 'monolith',
    });
    await expectNothingLost();
  }, 120_000);

  it('at any moment of a cutover or rollback: a new start or `resume` ends it, on one side or the other', async () => {
    await toCanary();
    for (const delayMs of [0, 20, 50]) {
      const { stage } = await shop.status();
      const verb = stage === 'extracted' ? 'rollback' : 'cutover';
      const moving = shop.move(verb, 'catalog').catch((error: Error) => error.message);
      await shop
        .until((status) => status.moving !== null || status.stage !== stage)
        .catch(async (error: Error) => {
          throw new Error(`${await moving} ${error.message}`);
        });
      await pause(delayMs);
      await shop.killProduct();
      await moving;
      await shop.up();
      await shop.strangler('resume');
      const { owner } = await shop.until((status) => status.moving === null);
      await shop.until(({ sync }) => sync?.state === 'live' && sync.lagSeconds < 1);
      expect(['monolith', 'service']).toContain(owner);
      await writes.more(10);
      if ((await shop.status()).stage !== 'extracted') await shop.move('verify', 'catalog');
    }
    await expectNothingLost();
  }, 600_000);
});
