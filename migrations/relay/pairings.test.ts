import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { backfill } from '../backfill/backfill.ts';
import { proveReverse } from '../lifecycle/prove-reverse.ts';
import { becomeOwner, drain, fenceOldOwner, settleKeys } from '../lifecycle/hand-over.ts';
import { streamFrom } from '../lifecycle/capability.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { PAIRINGS, twoDatabases } from '../testing/two-databases.ts';
import { describeDifference } from '../verify/compare.ts';
import { repair } from '../verify/repair.ts';
import { verify } from '../verify/verify.ts';
import { relayForever, relayOnce } from './relay.ts';

/** What has to hold whichever database is on which side. PostgreSQL alone is tested in more depth beside this. */
describe.each(PAIRINGS)('%s', (_, pairing) => {
  let bed: TwoDatabases;
  beforeEach(async () => {
    bed = await twoDatabases(pairing);
  });
  afterEach(() => bed.close());

  const makers = (): Promise<unknown[]> =>
    bed.sql('service', 'SELECT id, name FROM manufacturer ORDER BY id');
  const parked = () => bed.databases.service.parkedChanges('catalog', 10);
  const insertMakers = (count: number): Promise<unknown> =>
    bed.sql(
      'monolith',
      `INSERT INTO maker (nm) VALUES ${Array.from({ length: count }, (__, i) => `('m${i + 1}')`).join(',')}`,
    );
  /** The numbers that the database gives are from 1 on too. */
  const insertItems = (count: number): Promise<unknown> =>
    bed.sql(
      'monolith',
      `INSERT INTO item (code, maker_id, price, qty, seen) VALUES ${Array.from(
        { length: count },
        (__, i) => `('c${i + 1}', ${i + 1}, ${i}.10, ${i}, '2020-02-29 12:00:00.123456')`,
      ).join(',')}`,
    );
  /** Writes on the following side as nobody may. */
  const corrupt = async (sql: string): Promise<void> => {
    const mark =
      pairing.service === 'mysql' ? `SET @strangler_origin = 'catalog'` : `SET strangler.origin = 'catalog'`;
    const session = await bed.open('service');
    await session.sql(mark);
    await session.sql(sql);
  };

  it('follows inserts, updates, deletes, and a key that changes', async () => {
    await bed.install();
    await insertMakers(3);
    await bed.catchUp();
    await bed.sql('monolith', 'DELETE FROM maker WHERE id = 1');
    await bed.sql('monolith', 'UPDATE maker SET id = 20 WHERE id = 2');
    await bed.sql('monolith', `UPDATE maker SET nm = 'C 😀' WHERE id = 3`);
    await bed.catchUp();
    expect(await makers()).toEqual([
      { id: '3', name: 'C 😀' },
      { id: '20', name: 'm2' },
    ]);
  });

  it('converts, splits a table in two, and writes parents before children, and takes them away again', async () => {
    await bed.install();
    await bed.sql(
      'monolith',
      `BEGIN; INSERT INTO maker (id, nm) VALUES (5, 'm');
       INSERT INTO item (id, code, price, stat, qty, maker_id) VALUES (7, 'X-1', 2.55, 'X', 9, 5); COMMIT`,
    );
    await relayOnce(bed.stream);
    expect(await bed.sql('service', 'SELECT sku, price_minor, state, manufacturer_id FROM product')).toEqual([
      { sku: 'X-1', price_minor: '255', state: 'gone', manufacturer_id: '5' },
    ]);
    expect(await bed.sql('service', 'SELECT * FROM stock')).toEqual([{ product_id: '7', on_hand: '9' }]);
    await bed.sql('monolith', `BEGIN; DELETE FROM item; DELETE FROM maker; COMMIT`);
    await bed.catchUp();
    expect([...(await makers()), ...(await bed.sql('service', 'SELECT * FROM stock'))]).toEqual([]);
    expect(await parked()).toEqual([]);
  });

  it('applies a redelivered batch without effect, and does not bring back what was deleted since', async () => {
    await bed.install();
    await insertMakers(2);
    const begin = (await bed.databases.service.sideState('catalog'))?.position ?? '';
    await bed.catchUp();
    await bed.sql('monolith', `UPDATE maker SET nm = 'b' WHERE id = 1; DELETE FROM maker WHERE id = 2`);
    await bed.catchUp();
    await bed.databases.service.applying('catalog', 0n, (applier) => applier.savePosition(begin));
    expect(await relayOnce(bed.stream)).toBe(4);
    expect(await makers()).toEqual([{ id: '1', name: 'b' }]);
  });

  it('parks what cannot be applied, its later changes behind it, while other keys go on', async () => {
    await bed.install();
    await bed.sql(
      'monolith',
      `INSERT INTO item (id, code, price, stat) VALUES (1, 'bad', 1, '?'), (2, 'good', 1, 'A')`,
    );
    await bed.sql('monolith', `UPDATE item SET price = 2 WHERE id = 1`);
    await bed.catchUp();
    expect(await bed.sql('service', 'SELECT sku FROM product')).toEqual([{ sku: 'good' }]);
    expect((await parked()).map(({ table, key }) => [table, key])).toEqual([
      ['item', '["1"]'],
      ['item', '["1"]'],
    ]);
    expect(await bed.databases.service.parkedKeys('catalog', null, 10)).toMatchObject([
      { table: 'item', key: '["1"]', waiting: 1, reason: expect.stringContaining('?') },
    ]);
  });

  it('keeps the reason of what is parked when its batch comes again', async () => {
    await bed.install();
    const begin = (await bed.databases.service.sideState('catalog'))?.position ?? '';
    await bed.sql('monolith', `INSERT INTO item (id, code, price, stat) VALUES (1, 'bad', 1, '?')`);
    await bed.sql('monolith', `UPDATE item SET price = 2 WHERE id = 1`);
    await bed.catchUp();
    const reasons = async (): Promise<string[]> => (await parked()).map(({ reason }) => reason);
    const before = await reasons();
    expect(before.join()).toContain('?');
    await bed.databases.service.applying('catalog', 0n, (applier) => applier.savePosition(begin));
    await relayOnce(bed.stream);
    expect(await reasons()).toEqual(before);
  });

  it('never overwrites another row that has the same unique value', async () => {
    await bed.install();
    await corrupt(`INSERT INTO product (id, sku, price_minor, state) VALUES (99, 'mine', 1, 'active')`);
    await bed.sql('monolith', `INSERT INTO item (id, code, price) VALUES (2, 'mine', 2)`);
    await bed.catchUp();
    expect(await bed.sql('service', 'SELECT id, sku FROM product')).toEqual([{ id: '99', sku: 'mine' }]);
    expect(await parked()).toMatchObject([
      { key: '["2"]', reason: expect.stringMatching(/unique|Duplicate/) },
    ]);
  });

  it('lets two rows change places that hold each other’s unique values', async () => {
    await bed.install();
    await bed.sql('monolith', `INSERT INTO item (id, code, price) VALUES (1, 'a', 1), (2, 'b', 2)`);
    await bed.catchUp();
    await bed.sql(
      'monolith',
      `BEGIN; UPDATE item SET code = 'x' WHERE id = 1; UPDATE item SET code = 'a' WHERE id = 2;
       UPDATE item SET code = 'b' WHERE id = 1; COMMIT`,
    );
    await bed.catchUp();
    expect(await bed.sql('service', 'SELECT id, sku FROM product ORDER BY id')).toEqual([
      { id: '1', sku: 'b' },
      { id: '2', sku: 'a' },
    ]);
    expect(await parked()).toEqual([]);
  });

  it('copies the rows that are there, and no chunk overwrites a change', async () => {
    await insertMakers(2100);
    await bed.install();
    await bed.sql('monolith', `UPDATE maker SET nm = 'newer' WHERE id = 7; DELETE FROM maker WHERE id = 8`);
    await bed.catchUp();
    const signal = new AbortController().signal;
    await backfill(bed.stream, { observe: () => undefined, signal });
    expect(await bed.sql('service', 'SELECT COUNT(*) AS n, MAX(name) AS name FROM manufacturer')).toEqual([
      { n: '2099', name: 'newer' },
    ]);
    expect(await verify(bed.stream)).toMatchObject({ differences: 0, unsettled: 0 });
  });

  it('finds every seeded corruption, and repairs it by the owner’s truth', async () => {
    await bed.install();
    await insertMakers(20);
    await insertItems(20);
    await bed.catchUp();
    await corrupt('UPDATE product SET price_minor = 999 WHERE id = 3');
    await corrupt('DELETE FROM stock WHERE product_id = 5');
    await corrupt(`INSERT INTO manufacturer (id, name) VALUES (1000, 'stranger')`);
    await corrupt(`UPDATE product SET seen_at = '2020-02-29 12:00:00.123457' WHERE id = 6`);
    const { found } = await verify(bed.stream);
    expect(found.map(describeDifference).toSorted()).toEqual([
      expect.stringContaining('item → product ["3"]: price_minor should be "210" and is "999"'),
      expect.stringContaining('item → product ["6"]: seen_at should be'),
      'item → stock ["5"]: missing on the following side',
      'maker → manufacturer ["1000"]: only on the following side',
    ]);
    await repair(bed.stream, found);
    expect(await verify(bed.stream)).toMatchObject({ differences: 0, unsettled: 0 });
  });

  it('raises no false alarm while rows change all the time', async () => {
    await bed.install();
    await insertMakers(50);
    await insertItems(50);
    const stop = new AbortController();
    const relaying = relayForever(bed.stream, () => undefined, stop.signal);
    const writer = await bed.open('monolith');
    let isWriting = true;
    const writing = (async () => {
      for (let i = 0; isWriting; i++) {
        await writer.sql(
          `UPDATE item SET price = ${(i % 500) / 100}, qty = qty + 1 WHERE id = ${(i % 50) + 1}`,
        );
        if (i % 10 === 0) await writer.sql(`INSERT INTO maker (nm) VALUES ('new')`);
        if (i % 25 === 0) await writer.sql(`DELETE FROM maker WHERE nm = 'new'`);
      }
    })();
    for (let round = 0; round < 3; round++) {
      const { found, unsettled } = await verify(bed.stream);
      expect(found.map(describeDifference)).toEqual([]);
      expect(unsettled).toBe(0);
    }
    isWriting = false;
    await writing;
    stop.abort();
    await relaying;
  });

  it('changes the owner, with the way back proven, identities raised, and changes the other way', async () => {
    await bed.install();
    await insertMakers(3);
    await insertItems(3);
    await bed.catchUp();
    expect(await proveReverse(bed.synced, 'monolith', 0)).toEqual({ missing: [], failed: [] });
    // A number that was given out and taken back is not given out again by the other side.
    await bed.sql('monolith', `INSERT INTO maker (id, nm) VALUES (40, 'gone')`);
    await bed.sql('monolith', 'DELETE FROM maker WHERE id = 40');
    if (pairing.monolith === 'postgres') await bed.sql('monolith', `SELECT setval('maker_id_seq', 40)`);
    const by = { oldOwner: 'monolith', epoch: 0, newEpoch: 1 } as const;
    await fenceOldOwner(bed.synced, by, 2000);
    await expect(bed.sql('monolith', 'DELETE FROM item')).rejects.toThrow(/fenced/);
    await drain(bed.synced, by, Date.now() + 20_000);
    await settleKeys(bed.synced, by, 20_000);
    await becomeOwner(bed.synced, by);
    await bed.sql('service', `INSERT INTO manufacturer (name) VALUES ('made by the service')`);
    await bed.sql('service', 'UPDATE stock SET on_hand = 77 WHERE product_id = 2');
    const back = streamFrom(bed.synced, 'service', 1);
    while ((await relayOnce(back)) > 0);
    expect(await bed.sql('monolith', 'SELECT id FROM maker WHERE id > 3')).toEqual([{ id: '41' }]);
    expect(await bed.sql('monolith', 'SELECT qty FROM item WHERE id = 2')).toEqual([{ qty: '77' }]);
    await expect(relayOnce(bed.stream)).rejects.toThrow(/epoch/);
    expect(await verify(back)).toMatchObject({ differences: 0, unsettled: 0 });
  });
});
