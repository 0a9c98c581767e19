import { describe, expect, it } from '@jest/globals';
import { oneAhead } from './one-ahead.ts';

function setUp() {
  const log: string[] = [];
  const prepare = async (batch: number): Promise<number> => (log.push(`prepare ${batch}`), batch);
  return { log, prepare };
}

/** Until all that can go on has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const three = async (take: (batch: number) => Promise<void>): Promise<string> => {
  for (const batch of [1, 2, 3]) await take(batch);
  return 'position';
};

describe('reading one batch ahead', () => {
  it('prepares the next batch, and none after it, while whoever takes them is busy with one', async () => {
    const { log, prepare } = setUp();
    const batches = oneAhead(three, prepare);
    for (const batch of [1, 2, 3]) {
      expect(await batches.next()).toEqual({ done: false, value: batch });
      await settled();
      expect(log).toEqual([1, 2, 3].slice(0, batch + 1).map((n) => `prepare ${n}`));
    }
    expect(await batches.next()).toEqual({ done: true, value: 'position' });
  });

  it('ends the reading when whoever takes them stops, and is over only when that has ended', async () => {
    const { log, prepare } = setUp();
    const batches = oneAhead(async (take: (batch: number) => Promise<void>) => {
      try {
        return await three(take);
      } finally {
        await settled();
        log.push('rolled back');
      }
    }, prepare);
    await batches.next();
    await batches.return('');
    expect(log).toEqual(['prepare 1', 'prepare 2', 'rolled back']);
  });

  it('hands on what was read before the reading failed, and then what it failed with', async () => {
    const { prepare } = setUp();
    const batches = oneAhead(async (take: (batch: number) => Promise<void>) => {
      await take(1);
      throw new Error('lost');
    }, prepare);
    expect(await batches.next()).toEqual({ done: false, value: 1 });
    await settled();
    await expect(batches.next()).rejects.toThrow('lost');
  });

  it('fails with what a batch could not be prepared for', async () => {
    const batches = oneAhead(three, async (batch) => {
      if (batch === 2) throw new Error('no meaning');
      return batch;
    });
    await batches.next();
    await expect(batches.next()).rejects.toThrow('no meaning');
  });
});
