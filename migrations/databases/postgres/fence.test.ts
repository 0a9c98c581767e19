import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TwoDatabases } from '../../testing/two-databases.ts';
import { twoDatabases } from '../../testing/two-databases.ts';

let bed: TwoDatabases;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.install();
});
afterEach(() => bed.close());

const raise = (ms: number): Promise<void> =>
  bed.databases.monolith.raiseFence('catalog', ['item', 'maker'], 1000n, ms);

describe('raising the fence', () => {
  it('takes no longer than its limit where each of two tables is held by a writer', async () => {
    const holding = async (write: string) => {
      const writer = await bed.connect('monolith');
      await writer.query('BEGIN');
      await writer.query(write);
      return writer;
    };
    const first = await holding(`INSERT INTO item (code, price) VALUES ('a', 1)`);
    await holding(`INSERT INTO maker (nm) VALUES ('a')`);
    const started = performance.now();
    // The first lets go when most of the time is over: waiting anew for the second would double it.
    const letGo = first.query('SELECT pg_sleep(5.5)').then(() => first.query('COMMIT'));
    await expect(raise(6000)).rejects.toThrow(/item, maker did not end within 6000 ms/);
    expect(performance.now() - started).toBeLessThan(11_000);
    await letGo;
    const { fenced } = await bed.databases.monolith.inspect('catalog', ['item', 'maker']);
    expect(fenced).toEqual([]);
  });
});

describe('switching the fence', () => {
  const captureOf = async (side: 'monolith' | 'service', table: string): Promise<string | undefined> => {
    const { rows } = await bed[side].query<{ enabled: string }>(
      `SELECT tgenabled AS enabled FROM pg_trigger WHERE tgrelid = to_regclass($1) AND tgname = '!strangler_capture'`,
      [table],
    );
    return rows[0]?.enabled;
  };

  it('lets the capture rest behind it, and wakes it when the fence is lowered', async () => {
    const { monolith } = bed.databases;
    expect([await captureOf('monolith', 'item'), await captureOf('service', 'product')]).toEqual(['A', 'D']);
    await raise(1000);
    expect(await captureOf('monolith', 'item')).toBe('D');
    const { captured, fenced } = await monolith.inspect('catalog', ['item', 'maker']);
    expect({ captured, fenced }).toEqual({ captured: ['item', 'maker'], fenced: ['item', 'maker'] });
    expect(await monolith.examine({ tables: ['item'], replicated: [] })).toEqual([]);
    await monolith.becomeOwner('catalog', ['item', 'maker'], 1n, 1000n);
    expect(await captureOf('monolith', 'item')).toBe('A');
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('late')`);
    expect(await monolith.recentChanges('catalog', 1)).toMatchObject([{ row: { nm: 'late' } }]);
  });

  it('tells that a capture is off where no fence is up', async () => {
    await bed.monolith.query('ALTER TABLE item DISABLE TRIGGER "!strangler_capture"');
    const { captured } = await bed.databases.monolith.inspect('catalog', ['item', 'maker']);
    expect(captured).toEqual(['maker']);
  });
});
