import { describe, expect, it } from '@jest/globals';
import { oneAhead } from './one-ahead.ts';

/** A write that ends when the test says so. */
interface Open {
  end(): void;
  fail(): void;
}

function setUp() {
  const log: string[] = [];
  const open: Open[] = [];
  const prepare = async (batch: number): Promise<number> => (log.push(`prepare ${batch}`), batch);
  const write = (batch: number): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      log.push(`write ${batch}`);
      open.push({ end: resolve, fail: () => reject(new Error(`refused ${batch}`)) });
    }).finally(() => log.push(`end ${batch}`));
  return { log, open, prepare, write };
}

const read = async (take: (batch: number) => Promise<void>): Promise<string> => {
  for (const batch of [1, 2, 3]) await take(batch);
  return 'position';
};

/** Until all that can go on has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('reading one batch ahead', () => {
  it('prepares the next batch while one is written, and writes them one after the other', async () => {
    const { log, open, prepare, write } = setUp();
    const running = oneAhead(read, prepare, write);
    await settled();
    expect(log).toEqual(['prepare 1', 'write 1', 'prepare 2']);
    for (const i of [0, 1, 2]) {
      open[i]?.end();
      await settled();
    }
    expect(await running).toBe('position');
    expect(log).toEqual([
      'prepare 1',
      'write 1',
      'prepare 2',
      'end 1',
      'write 2',
      'prepare 3',
      'end 2',
      'write 3',
      'end 3',
    ]);
  });

  it('writes nothing more when a batch fails', async () => {
    const { log, open, prepare, write } = setUp();
    const running = oneAhead(read, prepare, write);
    await settled();
    open[0]?.fail();
    await expect(running).rejects.toThrow('refused 1');
    expect(log).toEqual(['prepare 1', 'write 1', 'prepare 2', 'end 1']);
  });

  it('is over only when the running write is, also when it is the reading that fails', async () => {
    const { log, open, prepare, write } = setUp();
    const running = oneAhead(
      async (take: (batch: number) => Promise<void>) => {
        await take(1);
        log.push('lost');
        throw new Error('lost');
      },
      prepare,
      write,
    );
    const over = expect(running.finally(() => log.push('over'))).rejects.toThrow('lost');
    await settled();
    expect(log).toEqual(['prepare 1', 'write 1', 'lost']);
    open[0]?.end();
    await over;
    expect(log).toEqual(['prepare 1', 'write 1', 'lost', 'end 1', 'over']);
  });
});
