import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Row } from '../databases/database.ts';
import { relayOnce } from '../relay/relay.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { retryParked } from '../parking/retry.ts';
import { applyChanges } from './apply.ts';

let bed: TwoDatabases;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.install();
});
afterEach(() => bed.close());

const apply = (work: Parameters<typeof bed.databases.service.applying<void>>[2]): Promise<void> =>
  bed.databases.service.applying('catalog', 0n, work);

const entry = (name: string) => {
  const found = bed.synced.mapping.toService.entries.find((candidate) => candidate.target.name === name);
  if (!found) throw new Error(name);
  return found.target;
};

const maker = (id: string, name: string, version: string) => ({
  sourceKey: `["${id}"]`,
  version,
  values: { id, name },
});

const makers = async () =>
  (await bed.service.query<{ id: number; name: string }>('SELECT id, name FROM manufacturer ORDER BY id'))
    .rows;

describe('the high-water mark', () => {
  it('drops a change that is older than what is there', async () => {
    await apply((applier) => applier.upsert(entry('manufacturer'), [maker('1', 'newer', '20')]));
    await apply((applier) => applier.upsert(entry('manufacturer'), [maker('1', 'older', '10')]));
    expect(await makers()).toEqual([{ id: 1, name: 'newer' }]);
  });

  it('does not resurrect a deleted row by an older change', async () => {
    await apply((applier) => applier.upsert(entry('manufacturer'), [maker('1', 'a', '10')]));
    await apply((applier) => applier.delete(entry('manufacturer'), [maker('1', 'a', '20')]));
    await apply((applier) => applier.upsert(entry('manufacturer'), [maker('1', 'a', '15')]));
    expect(await makers()).toEqual([]);
  });

  it('refuses an applier whose epoch is over', async () => {
    await bed.databases.service.becomeFollower('catalog', 4n, 'monolith');
    await expect(apply(async () => undefined)).rejects.toThrow(
      /wanted follower at epoch 0, found follower at epoch 4/,
    );
  });

  it('lets no two appliers write at the same time', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const order: string[] = [];
    let entered: () => void = () => undefined;
    const isIn = new Promise<void>((resolve) => (entered = resolve));
    const first = apply(async () => {
      order.push('first in');
      entered();
      await held;
      order.push('first out');
    });
    await isIn;
    const second = apply(async () => void order.push('second in'));
    await bed.service.query('SELECT 1');
    release();
    await Promise.all([first, second]);
    expect(order).toEqual(['first in', 'first out', 'second in']);
  });
});

describe('a change that cannot be applied', () => {
  const insertItem = (code: string, stat: string) =>
    bed.monolith.query('INSERT INTO item (code, price, stat) VALUES ($1, 1, $2)', [code, stat]);
  const skus = async () =>
    (await bed.service.query<{ sku: string }>('SELECT sku FROM product ORDER BY id')).rows.map(
      (row) => row.sku,
    );

  it('is parked with its reason while other keys go on', async () => {
    await insertItem('good', 'A');
    await insertItem('bad', '?');
    await insertItem('also good', 'A');
    await bed.catchUp();
    expect(await skus()).toEqual(['good', 'also good']);
    const parked = await bed.databases.service.parkedChanges('catalog', 10);
    expect(parked).toMatchObject([
      { table: 'item', reason: expect.stringContaining('none of the mapped values') },
    ]);
  });

  it('keeps later changes of its key waiting behind it, and heals in order', async () => {
    await insertItem('bad', '?');
    await bed.catchUp();
    await bed.monolith.query(`UPDATE item SET stat = 'A', price = 5 WHERE code = 'bad'`);
    await bed.monolith.query(`UPDATE item SET price = 6 WHERE code = 'bad'`);
    await bed.catchUp();
    expect(await skus()).toEqual([]);
    expect(await bed.databases.service.parkedChanges('catalog', 10)).toHaveLength(3);
    await bed.service.query(`UPDATE strangler.parked SET row = replace(row::text, '"?"', '"A"')::json`);
    await retryParked(bed.databases.service, 'catalog', 0n, bed.stream.mapping);
    expect(await bed.databases.service.parkedChanges('catalog', 10)).toEqual([]);
    expect((await bed.service.query('SELECT price_minor FROM product')).rows).toEqual([
      { price_minor: '600' },
    ]);
  });

  it('is mended by the next good one of its key', async () => {
    await insertItem('momentary', 'A');
    await bed.catchUp();
    await bed.monolith.query(`UPDATE item SET stat = 'Z'`);
    await bed.monolith.query(`UPDATE item SET stat = 'X'`);
    await bed.catchUp();
    await retryParked(bed.databases.service, 'catalog', 0n, bed.stream.mapping);
    expect(await bed.databases.service.parkedChanges('catalog', 10)).toEqual([]);
    expect((await bed.service.query('SELECT state FROM product')).rows).toEqual([{ state: 'gone' }]);
  });

  it('is parked also when the refusal is of a kind that nobody listed', async () => {
    await bed.service.query('CREATE INDEX ON manufacturer (name)');
    await bed.monolith.query(
      `INSERT INTO maker (id, nm) SELECT 1, string_agg(md5(i::text), '') FROM generate_series(1, 400) i`,
    );
    await bed.monolith.query(`INSERT INTO maker (id, nm) VALUES (2, 'other')`);
    await bed.catchUp();
    expect(await makers()).toEqual([{ id: 2, name: 'other' }]);
  });

  it('never overwrites another row that has the same unique value', async () => {
    await bed.monolith.query(`INSERT INTO item (id, code, price) VALUES (1, 'taken', 1)`);
    await bed.catchUp();
    await bed.service.query(`SET strangler.origin = 'catalog'`);
    await bed.service.query(`UPDATE product SET sku = 'other' WHERE id = 1`);
    await bed.service.query(
      `INSERT INTO product (id, sku, price_minor, state) VALUES (99, 'mine', 1, 'active')`,
    );
    await bed.monolith.query(`INSERT INTO item (id, code, price) VALUES (2, 'mine', 2)`);
    await bed.catchUp();
    const { rows } = await bed.service.query('SELECT id, sku FROM product ORDER BY id');
    expect(rows).toEqual([
      { id: 1, sku: 'other' },
      { id: 99, sku: 'mine' },
    ]);
    expect(await bed.databases.service.parkedChanges('catalog', 10)).toMatchObject([
      { key: '["2"]', reason: expect.stringContaining('unique') },
    ]);
  });

  it('is refused, not cut, when a text is too long for the other side', async () => {
    await bed.service.query('ALTER TABLE product ALTER sku TYPE varchar(3)');
    await insertItem('longer', 'A');
    await bed.catchUp();
    expect(await skus()).toEqual([]);
    expect(await bed.databases.service.parkedChanges('catalog', 10)).toHaveLength(1);
  });
});

describe('a part of a row', () => {
  it('waits until the row that it belongs to is there, and is not lost', async () => {
    const { toMonolith } = bed.synced.mapping;
    await bed.monolith.query(`UPDATE strangler.side SET role = 'follower', epoch = 1`);
    const change = (table: string, id: string, row: Row) =>
      ({ id, table, op: 'upsert', key: '["1"]', row }) as const;
    const stock = change('stock', '2', { product_id: '1', on_hand: '42' });
    await bed.databases.monolith.applying('catalog', 1n, (applier) =>
      applyChanges(applier, toMonolith, [stock]),
    );
    expect(await bed.databases.monolith.parkedChanges('catalog', 10)).toHaveLength(1);
    const product = change('product', '1', {
      ...{ id: '1', sku: 'A', price_minor: '100', state: 'active' },
      ...{ manufacturer_id: null, seen_at: null },
    });
    await bed.databases.monolith.applying('catalog', 1n, (applier) =>
      applyChanges(applier, toMonolith, [product]),
    );
    await retryParked(bed.databases.monolith, 'catalog', 1n, toMonolith);
    expect((await bed.monolith.query('SELECT code, qty FROM item')).rows).toEqual([{ code: 'A', qty: 42 }]);
    expect(await bed.databases.monolith.parkedChanges('catalog', 10)).toEqual([]);
  });
});

describe('order', () => {
  it('writes parents before children and removes children before parents', async () => {
    await bed.monolith.query('BEGIN');
    await bed.monolith.query(`INSERT INTO maker (id, nm) VALUES (5, 'm')`);
    await bed.monolith.query(`INSERT INTO item (id, code, price, maker_id) VALUES (1, 'c', 1, 5)`);
    await bed.monolith.query('COMMIT');
    await relayOnce(bed.stream);
    await bed.monolith.query('BEGIN');
    await bed.monolith.query(`DELETE FROM item WHERE id = 1`);
    await bed.monolith.query(`DELETE FROM maker WHERE id = 5`);
    await bed.monolith.query('COMMIT');
    await relayOnce(bed.stream);
    expect(await makers()).toEqual([]);
    expect((await bed.service.query('SELECT FROM stock')).rowCount).toBe(0);
    expect(await bed.databases.service.parkedChanges('catalog', 10)).toEqual([]);
  });
});
