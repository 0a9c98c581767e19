import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { backfill } from '../backfill/backfill.ts';
import { relayForever } from '../relay/relay.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { describeDifference } from './compare.ts';
import { repair } from './repair.ts';
import type { VerifyCursor } from './verify.ts';
import { verify } from './verify.ts';
import type { VerifyReport } from './report.ts';

/** More than the first range that is hashed at once, and several parts of it. */
const ITEMS = 7000;

let bed: TwoDatabases;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.monolith.query(`INSERT INTO maker (nm) SELECT 'm' || i FROM generate_series(1, 100) i`);
  await bed.monolith.query(
    `INSERT INTO item (code, maker_id, price, qty, seen)
     SELECT 'c' || i, CASE WHEN i % 3 > 0 THEN 1 + i % 100 END, i + 0.10, i, now() FROM generate_series(1, $1::int) i`,
    [ITEMS],
  );
  await bed.install();
  await backfill(bed.stream, { observe: () => undefined, signal: new AbortController().signal });
  await bed.service.query(`SET strangler.origin = 'catalog'`);
});
afterEach(() => bed.close());

const said = (report: VerifyReport): string[] =>
  report.found.map(describeDifference).map((text) => text.replace(/"20\d\d-[^"]*"/g, 'TIME'));

describe('a verify by checksums', () => {
  it('reads no row where nothing differs, though units, codes and names do', async () => {
    const report = await verify(bed.stream);
    expect(report).toMatchObject({ differences: 0, unsettled: 0, parked: 0 });
    expect(
      report.entries.map(({ by, rangesOpened, ownerRows, followerRows }) => [
        by,
        rangesOpened,
        ownerRows,
        followerRows,
      ]),
    ).toEqual([
      ['checksum', 0, 100, 100],
      ['checksum', 0, ITEMS, ITEMS],
      ['checksum', 0, ITEMS, ITEMS],
    ]);
  });

  it.each([
    [
      'a missing row',
      `DELETE FROM stock WHERE product_id = 777`,
      'item → stock ["777"]: missing on the following side',
    ],
    [
      'a surplus row behind the last one',
      `INSERT INTO manufacturer (id, name) VALUES (1000, 'x')`,
      'maker → manufacturer ["1000"]: only on the following side',
    ],
    [
      'one column',
      `UPDATE product SET price_minor = 999 WHERE id = 3`,
      'item → product ["3"]: price_minor should be "310" and is "999"',
    ],
    [
      'a code',
      `UPDATE product SET state = 'gone' WHERE id = 3`,
      'item → product ["3"]: state should be "active" and is "gone"',
    ],
    [
      'a trailing blank',
      `UPDATE manufacturer SET name = name || ' ' WHERE id = 7`,
      'maker → manufacturer ["7"]: name should be "m7" and is "m7 "',
    ],
    [
      'a microsecond',
      `UPDATE product SET seen_at = seen_at + interval '1 microsecond' WHERE id = 6`,
      'item → product ["6"]: seen_at should be TIME and is TIME',
    ],
    [
      'null for a value',
      `UPDATE product SET manufacturer_id = NULL WHERE id = 4`,
      'item → product ["4"]: manufacturer_id should be "5" and is null',
    ],
    [
      'a value for null',
      `UPDATE product SET manufacturer_id = 1 WHERE id = 3`,
      'item → product ["3"]: manufacturer_id should be null and is "1"',
    ],
    [
      'an empty text for another',
      `UPDATE manufacturer SET name = '' WHERE id = 9`,
      'maker → manufacturer ["9"]: name should be "m9" and is ""',
    ],
    [
      'the first row',
      `UPDATE stock SET on_hand = -1 WHERE product_id = 1`,
      'item → stock ["1"]: on_hand should be "1" and is "-1"',
    ],
    [
      'the last row of the first range',
      `UPDATE stock SET on_hand = -1 WHERE product_id = 5000`,
      'item → stock ["5000"]: on_hand should be "5000" and is "-1"',
    ],
    [
      'the first row of the second range',
      `UPDATE stock SET on_hand = -1 WHERE product_id = 5001`,
      'item → stock ["5001"]: on_hand should be "5001" and is "-1"',
    ],
    [
      'the last row',
      `UPDATE stock SET on_hand = -1 WHERE product_id = 7000`,
      'item → stock ["7000"]: on_hand should be "7000" and is "-1"',
    ],
    [
      'a column separator in a text',
      `UPDATE manufacturer SET name = E'm\\x1f|5' WHERE id = 5`,
      `maker → manufacturer ["5"]: name should be "m5" and is "m\\u001f|5"`,
    ],
  ])('finds %s', async (_, sql, expected) => {
    await bed.service.query(sql);
    const report = await verify(bed.stream);
    expect(said(report)).toEqual([expected]);
    expect(report.entries.reduce((sum, { rangesOpened }) => sum + rangesOpened, 0)).toBe(1);
  });

  it('finds two rows whose values are swapped', async () => {
    await bed.service.query(`UPDATE stock SET on_hand = 6011 - on_hand WHERE product_id IN (11, 6000)`);
    expect(said(await verify(bed.stream))).toEqual([
      'item → stock ["11"]: on_hand should be "11" and is "6000"',
      'item → stock ["6000"]: on_hand should be "6000" and is "11"',
    ]);
  });

  it('counts by kind and column, and keeps the counts of all', async () => {
    await bed.service.query(`UPDATE stock SET on_hand = -1 WHERE product_id % 2 = 0`);
    await bed.service.query(`DELETE FROM stock WHERE product_id = 1`);
    const { entries, differences } = await verify(bed.stream);
    expect(differences).toBe(3501);
    expect(entries.find(({ entry }) => entry === 'item → stock')).toMatchObject({
      differences: { missing: 1, extra: 0, differs: 3500, inconvertible: 0 },
      columns: { on_hand: 3500 },
    });
  });

  it('counts a row whose change is parked as parked, not as different', async () => {
    await bed.monolith.query(`UPDATE item SET stat = '?' WHERE id = 5`);
    await bed.catchUp();
    expect(await verify(bed.stream)).toMatchObject({ differences: 0, parked: 1, unsettled: 0 });
  });

  it('goes on from where it was stopped, with what it had counted', async () => {
    await bed.service.query(`UPDATE stock SET on_hand = -1 WHERE product_id IN (1, 7000)`);
    let kept: { report: VerifyReport; cursor: VerifyCursor } | null = null;
    const stop = new AbortController();
    const stopped = verify(bed.stream, {
      signal: stop.signal,
      observe: (report, cursor) => {
        if (cursor.entry !== 'item → stock' || cursor.after === null) return;
        kept ??= structuredClone({ report, cursor });
        stop.abort();
      },
    });
    await expect(stopped).rejects.toThrow('aborted');
    if (!kept) throw new Error('it was stopped in its last entry');
    const report = await verify(bed.stream, { resume: kept });
    expect(report).toMatchObject({ differences: 2, rowsCompared: 2 * (100 + 2 * ITEMS) });
  });
});

describe('a repair', () => {
  it('takes surplus parents and children away and brings missing ones back, whatever the order they are found in', async () => {
    await bed.service.query(`
      DELETE FROM stock WHERE product_id IN (2, 5); DELETE FROM product WHERE id = 2;
      INSERT INTO manufacturer (id, name) VALUES (1000, 'x');
      INSERT INTO product (id, sku, manufacturer_id, price_minor, state) VALUES (9000, 'c2', 1000, 1, 'active');
      INSERT INTO stock (product_id) VALUES (9000);`);
    const { found } = await verify(bed.stream);
    expect(await repair(bed.stream, found)).toEqual({ mended: 6, refused: [] });
    expect(await verify(bed.stream)).toMatchObject({ differences: 0 });
  });

  it('mends what it can and says which rows the follower refuses', async () => {
    await bed.service.query(`
      UPDATE stock SET on_hand = -1 WHERE product_id < 100;
      ALTER TABLE stock ADD CHECK (on_hand <> 50) NOT VALID;`);
    const { found } = await verify(bed.stream);
    const { mended, refused } = await repair(bed.stream, found);
    expect(mended).toBe(98);
    expect(refused).toEqual([expect.stringMatching(/^item → stock \["50"\].*not mended: .*violates check/)]);
  });

  it('never writes an older row than a change that comes meanwhile', async () => {
    await bed.service.query(`UPDATE stock SET on_hand = -1 WHERE product_id <= 500`);
    const { found } = await verify(bed.stream);
    const stop = new AbortController();
    const relaying = relayForever(bed.stream, () => undefined, stop.signal);
    const writing = (async () => {
      for (let i = 1; i <= 500; i++)
        await bed.monolith.query('UPDATE item SET qty = qty + 1 WHERE id = $1', [i]);
    })();
    await repair(bed.stream, found);
    await writing;
    stop.abort();
    await relaying;
    await bed.catchUp();
    expect(await verify(bed.stream)).toMatchObject({ differences: 0, unsettled: 0 });
  });
});

describe('eight writers at once', () => {
  it('raise no false alarm', async () => {
    const stop = new AbortController();
    const relaying = relayForever(bed.stream, () => undefined, stop.signal);
    const until = Date.now() + 10_000;
    const write = async (writer: number): Promise<void> => {
      const client = await bed.connect('monolith');
      for (let i = 0; Date.now() < until; i++) {
        const id = 1 + (((i * 8 + writer) * 37) % ITEMS);
        await client.query('UPDATE item SET price = $1, qty = qty + 1 WHERE id = $2', [(i % 500) / 100, id]);
        if (i % 10 === 0) await client.query('DELETE FROM item WHERE id = $1', [id]);
        if (i % 10 === 0)
          await client.query(`INSERT INTO item (id, code, price) VALUES ($1, $2, 1)`, [id, `c${id}`]);
      }
    };
    const writing = Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
    let verifies = 0;
    while (Date.now() < until) {
      const report = await verify(bed.stream);
      expect([said(report), report.unsettled]).toEqual([[], 0]);
      verifies += 1;
    }
    await writing;
    stop.abort();
    await relaying;
    expect(verifies).toBeGreaterThan(0);
  });
});
