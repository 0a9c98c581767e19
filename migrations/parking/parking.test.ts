import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { relayForever, relayOnce } from '../relay/relay.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { verify } from '../verify/verify.ts';
import { Retries, retryKeys } from './retry.ts';
import type { SkipEvidence } from './skip.ts';
import { skipKey } from './skip.ts';

let bed: TwoDatabases;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.install();
});
afterEach(() => bed.close());

const POISON = { table: 'item', key: '["1"]' };
const keys = (limit = 10) => bed.databases.service.parkedKeys('catalog', null, limit);
const skus = async () =>
  (await bed.service.query<{ sku: string }>('SELECT sku FROM product ORDER BY id')).rows.map(
    (row) => row.sku,
  );

/** The service takes only short numbers, until it is mended. */
const poison = async () => {
  await bed.service.query(`ALTER TABLE product ADD CONSTRAINT short CHECK (length(sku) < 5)`);
  await bed.monolith.query(`INSERT INTO item (id, code, price) VALUES (1, 'too long', 1)`);
  await bed.catchUp();
};
const mend = () => bed.service.query('ALTER TABLE product DROP CONSTRAINT short');

const skip = (journal: (evidence: SkipEvidence) => Promise<void> = async () => undefined) =>
  skipKey(bed.stream, POISON, journal);

describe('what is parked', () => {
  it('is told by key: since when, how many wait, and why', async () => {
    await poison();
    await bed.monolith.query(`UPDATE item SET price = 2`);
    await bed.monolith.query(`UPDATE item SET price = 3`);
    await bed.catchUp();
    expect(await keys()).toMatchObject([
      { ...POISON, op: 'upsert', waiting: 2, reason: expect.stringContaining('"short"') },
    ]);
    const progress = await bed.databases.service.progress('catalog');
    expect(progress).toMatchObject({ parked: 3, parkedKeys: 1 });
    const [first] = await bed.databases.service.parkedOf('catalog', POISON, 1);
    expect(first?.row).toMatchObject({ id: '1', code: 'too long', price: '1.00' });
  });

  it('is told in pages, each key once', async () => {
    await poison();
    await bed.monolith.query(
      `INSERT INTO item (id, code, price) SELECT i, 'also long' || i, 1 FROM generate_series(2, 5) i`,
    );
    await bed.catchUp();
    const first = await keys(3);
    const last = first.at(-1);
    const second = await bed.databases.service.parkedKeys('catalog', last ?? null, 3);
    expect([...first, ...second].map(({ key }) => key)).toEqual([
      '["1"]',
      '["2"]',
      '["3"]',
      '["4"]',
      '["5"]',
    ]);
  });

  it('is tried again when somebody says so, due or not, and says what became of it', async () => {
    await poison();
    const [before] = await keys();
    expect(await retryKeys(bed.stream, [POISON])).toMatchObject([
      { ...POISON, reason: expect.stringContaining('short') },
    ]);
    const [after] = await keys();
    expect(after?.tries).toBe((before?.tries ?? 0) + 1);
    await mend();
    expect(await retryKeys(bed.stream, [POISON])).toEqual([{ ...POISON, reason: null }]);
    expect(await skus()).toEqual(['too long']);
    expect(await retryKeys(bed.stream, [POISON])).toEqual([]);
  });
});

describe('a key that is skipped', () => {
  it('is given up with all that waits, is journaled with its rows, and stays a difference for verify', async () => {
    await poison();
    await bed.monolith.query(`UPDATE item SET price = 2`);
    await bed.catchUp();
    const journaled: SkipEvidence[] = [];
    expect(await skip(async (evidence) => void journaled.push(evidence))).toEqual({
      outcome: 'skipped',
      changes: 2,
    });
    expect(journaled).toMatchObject([
      { changes: 2, kept: [{ row: { price: '1.00' } }, { row: { price: '2.00' } }] },
    ]);
    expect(await keys()).toEqual([]);
    expect(await verify(bed.stream)).toMatchObject({
      unsettled: 0,
      found: [
        { kind: 'missing', key: '["1"]' },
        { kind: 'missing', key: '["1"]' },
      ],
    });
  });

  it('takes later changes again, and none that was given up, however often it is delivered', async () => {
    await poison();
    await skip();
    await bed.service.query(`UPDATE strangler.side SET position = '1:1:'`);
    await mend();
    await relayOnce(bed.stream);
    expect(await skus()).toEqual([]);
    await bed.monolith.query(`UPDATE item SET code = 'ok'`);
    await bed.catchUp();
    expect(await skus()).toEqual(['ok']);
  });

  it('is applied instead when it fits by now', async () => {
    await poison();
    await mend();
    expect(await skip(() => Promise.reject(new Error('nothing to journal')))).toEqual({
      outcome: 'applied',
      changes: 0,
    });
    expect(await skus()).toEqual(['too long']);
    expect(await skip()).toEqual({ outcome: 'nothing parked', changes: 0 });
  });

  it('stays parked when it cannot be journaled', async () => {
    await poison();
    await expect(skip(() => Promise.reject(new Error('the store is away')))).rejects.toThrow(
      'the store is away',
    );
    expect(await keys()).toMatchObject([POISON]);
    expect(await bed.databases.service.progress('catalog')).toMatchObject({ parked: 1 });
  });

  it('is not skipped by who slept through a change of owner', async () => {
    await poison();
    await bed.databases.service.becomeFollower('catalog', 4n, 'monolith');
    const journaled: SkipEvidence[] = [];
    await expect(skip(async (evidence) => void journaled.push(evidence))).rejects.toThrow(
      'wanted follower at epoch 0, found follower at epoch 4',
    );
    expect(journaled).toEqual([]);
    expect(await keys()).toMatchObject([POISON]);
  });
});

describe('a hundred thousand parked changes', () => {
  const MANY = 100_000;
  beforeEach(async () => {
    await bed.service.query(`ALTER TABLE product ADD CONSTRAINT short CHECK (length(sku) < 5)`);
    await bed.service.query(
      `INSERT INTO strangler.parked (migration, source, key, id, op, row, reason, next_try)
       SELECT 'catalog', 'item', format('["%s"]', i), i, 'u',
         json_build_object('id', i::text, 'code', 'long ' || i, 'maker_id', NULL, 'price', '1', 'stat', 'A', 'qty', '1', 'seen', NULL),
         'too long', clock_timestamp() FROM generate_series(1000, ${1000 + MANY - 1}) i`,
    );
    await bed.monolith.query(`SELECT setval('strangler.change_id_seq', ${2 * MANY})`);
  });

  it('do not hold up a live change: few of them are tried before it arrives, round after round', async () => {
    const tried = async (): Promise<number> => {
      const { rows } = await bed.service.query<{ tried: string }>(
        'SELECT count(*) AS tried FROM strangler.parked WHERE tries > 0',
      );
      return Number(rows[0]?.tried);
    };
    const stop = new AbortController();
    const running = relayForever(bed.stream, () => undefined, stop.signal);
    const triedMeanwhile: number[] = [];
    for (let i = 1; i <= 20; i++) {
      const before = await tried();
      await bed.monolith.query(`INSERT INTO maker (id, nm) VALUES ($1, 'm')`, [i]);
      for (let there = 0; there === 0;) {
        const { rowCount } = await bed.service.query('SELECT FROM manufacturer WHERE id = $1', [i]);
        there = rowCount ?? 0;
      }
      triedMeanwhile.push((await tried()) - before);
    }
    stop.abort();
    await running;
    expect(Math.max(...triedMeanwhile)).toBeLessThan(200);
    // Tried they are, a few at a time.
    expect(await tried()).toBeGreaterThan(0);
  });

  it('go through without a pause between batches once the cause is mended', async () => {
    await mend();
    const retries = new Retries(bed.stream);
    for (let left = MANY; left > MANY - 5000;) {
      await retries.whenDue();
      left = (await bed.databases.service.progress('catalog')).parked;
    }
    expect(await bed.service.query('SELECT count(*)::int AS n FROM product')).toMatchObject({
      rows: [{ n: expect.any(Number) }],
    });
  });
});
