import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { backfill } from '../backfill/backfill.ts';
import { relayForever } from '../relay/relay.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { describeDifference } from './compare.ts';
import { repair } from './repair.ts';
import { verify } from './verify.ts';

let bed: TwoDatabases;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.monolith.query(`INSERT INTO maker (nm) SELECT 'm' || i FROM generate_series(1, 50) i`);
  await bed.monolith.query(
    `INSERT INTO item (code, maker_id, price, qty, seen) SELECT 'c' || i, i, i + 0.10, i, now() FROM generate_series(1, 50) i`,
  );
  await bed.install();
  const signal = new AbortController().signal;
  await backfill(bed.stream, { observe: () => undefined, signal });
});
afterEach(() => bed.close());

/** Writes on the following side as nobody may. */
async function corrupt(sql: string): Promise<void> {
  await bed.service.query(`SET strangler.origin = 'catalog'`);
  await bed.service.query(sql);
}

describe('verify', () => {
  it('finds nothing where nothing differs, though names, units and tables do', async () => {
    // 150 rows of the owner, and as many of the follower.
    expect(await verify(bed.stream)).toMatchObject({ differences: 0, unsettled: 0, rowsCompared: 300 });
  });

  it('finds every seeded corruption and says what should be there', async () => {
    await corrupt(`UPDATE product SET price_minor = 999 WHERE id = 3`);
    await corrupt(`UPDATE stock SET on_hand = -1 WHERE product_id = 4`);
    await corrupt(`DELETE FROM stock WHERE product_id = 5`);
    await corrupt(`INSERT INTO manufacturer (id, name) VALUES (1000, 'stranger')`);
    await corrupt(`UPDATE product SET seen_at = seen_at + interval '1 microsecond' WHERE id = 6`);
    const { found } = await verify(bed.stream);
    expect(found.map(describeDifference).map((text) => text.replace(/"20\d\d-[^"]*"/g, 'TIME'))).toEqual([
      'maker → manufacturer ["1000"]: only on the following side',
      'item → product ["3"]: price_minor should be "310" and is "999"',
      'item → product ["6"]: seen_at should be TIME and is TIME',
      'item → stock ["4"]: on_hand should be "4" and is "-1"',
      'item → stock ["5"]: missing on the following side',
    ]);
  });

  it('repairs by the owner’s truth', async () => {
    await corrupt(`UPDATE product SET price_minor = 999 WHERE id = 3`);
    await corrupt(`DELETE FROM stock WHERE product_id = 5`);
    await corrupt(`INSERT INTO manufacturer (id, name) VALUES (1000, 'stranger')`);
    const { found } = await verify(bed.stream);
    expect(await repair(bed.stream, found)).toEqual({ mended: 3, refused: [] });
    expect(await verify(bed.stream)).toMatchObject({ differences: 0, unsettled: 0 });
  });

  it('raises no false alarm while rows change all the time', async () => {
    const stop = new AbortController();
    const relaying = relayForever(bed.stream, () => undefined, stop.signal);
    const writer = await bed.connect('monolith');
    let isWriting = true;
    const writing = (async () => {
      for (let i = 0; isWriting; i++) {
        await writer.query('UPDATE item SET price = $1, qty = qty + 1 WHERE id = $2', [
          (i % 500) / 100,
          (i % 50) + 1,
        ]);
        if (i % 10 === 0) await writer.query(`INSERT INTO maker (nm) VALUES ('new')`);
        if (i % 25 === 0) await writer.query(`DELETE FROM maker WHERE id = (SELECT max(id) FROM maker)`);
      }
    })();
    for (let round = 0; round < 5; round++) {
      const { found, unsettled } = await verify(bed.stream);
      expect(found.map(describeDifference)).toEqual([]);
      expect(unsettled).toBe(0);
    }
    isWriting = false;
    await writing;
    stop.abort();
    await relaying;
  });
});
