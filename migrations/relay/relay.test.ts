import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Change } from '../databases/database.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { lagOf, relayOnce } from './relay.ts';

let bed: TwoDatabases;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.install();
});
afterEach(() => bed.close());

const names = async (): Promise<string[]> =>
  (await bed.service.query<{ name: string }>('SELECT name FROM manufacturer ORDER BY id')).rows.map(
    (r) => r.name,
  );

async function readIds(): Promise<Change[]> {
  const seen: Change[] = [];
  await bed.databases.monolith.readChanges('catalog', '1:1:', async (changes) => void seen.push(...changes));
  return seen;
}

describe('the relay', () => {
  it('carries over a row whose lower id commits after a higher one was read (id > cursor loses it)', async () => {
    const late = await bed.connect('monolith');
    await late.query('BEGIN');
    await late.query(`INSERT INTO maker (nm) VALUES ('late')`);
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('early')`);
    await relayOnce(bed.stream);
    expect(await names()).toEqual(['early']);
    await late.query('COMMIT');
    await relayOnce(bed.stream);
    expect(await names()).toEqual(['late', 'early']);
  });

  it('does not wait for a transaction that stays open over everything', async () => {
    const endless = await bed.connect('monolith');
    await endless.query('BEGIN');
    await endless.query(`INSERT INTO maker (nm) VALUES ('endless')`);
    for (const name of ['a', 'b', 'c']) {
      await bed.monolith.query('INSERT INTO maker (nm) VALUES ($1)', [name]);
      await relayOnce(bed.stream);
    }
    expect(await names()).toEqual(['a', 'b', 'c']);
    await endless.query('ROLLBACK');
  });

  it('keeps the order of one key when the older transaction writes it last ((txid, id) turns it round)', async () => {
    await bed.monolith.query(`INSERT INTO maker (id, nm) VALUES (1, 'first'), (2, 'other')`);
    const older = await bed.connect('monolith');
    await older.query('BEGIN');
    await older.query(`UPDATE maker SET nm = 'touched' WHERE id = 2`);
    await bed.monolith.query(`UPDATE maker SET nm = 'by the younger' WHERE id = 1`);
    await older.query(`UPDATE maker SET nm = 'by the older, last' WHERE id = 1`);
    await older.query('COMMIT');
    const ofKey = (await readIds()).filter((change) => change.key === '["1"]').map((change) => change.row.nm);
    expect(ofKey).toEqual(['first', 'by the younger', 'by the older, last']);
  });

  it('applies a redelivered batch without effect', async () => {
    await bed.monolith.query(`INSERT INTO maker (id, nm) VALUES (1, 'a')`);
    await bed.catchUp();
    await bed.monolith.query(`UPDATE maker SET nm = 'b' WHERE id = 1`);
    await bed.catchUp();
    await bed.service.query(`UPDATE strangler.side SET position = '1:1:'`);
    await relayOnce(bed.stream);
    expect(await names()).toEqual(['b']);
  });

  it('saves its position only together with the changes', async () => {
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('a')`);
    await expect(
      bed.databases.service.applying('catalog', 0n, async (applier) => {
        const position = await bed.databases.monolith.readChanges(
          'catalog',
          applier.position,
          async () => undefined,
        );
        await applier.savePosition(position);
        throw new Error('killed here');
      }),
    ).rejects.toThrow('killed here');
    expect((await lagOf(bed.stream)).changes).toBe(1);
    await relayOnce(bed.stream);
    expect(await names()).toEqual(['a']);
  });

  it('follows inserts, updates, deletes, and a key that changes', async () => {
    await bed.monolith.query(`INSERT INTO maker (id, nm) VALUES (1, 'a'), (2, 'b'), (3, 'c')`);
    await bed.catchUp();
    await bed.monolith.query(`DELETE FROM maker WHERE id = 1`);
    await bed.monolith.query(`UPDATE maker SET id = 20 WHERE id = 2`);
    await bed.monolith.query(`UPDATE maker SET nm = 'C' WHERE id = 3`);
    await bed.catchUp();
    const { rows } = await bed.service.query('SELECT id, name FROM manufacturer ORDER BY id');
    expect(rows).toEqual([
      { id: 3, name: 'C' },
      { id: 20, name: 'b' },
    ]);
  });

  it('writes one table of the monolith into two of the service, converted', async () => {
    await bed.monolith.query(
      `INSERT INTO item (id, code, price, stat, qty, seen) VALUES (7, 'X-1', 2.55, 'X', 9, '2020-02-29 12:00:00.123456+02')`,
    );
    await bed.catchUp();
    const product = await bed.service.query('SELECT sku, price_minor, state, seen_at::text FROM product');
    expect(product.rows).toEqual([
      { sku: 'X-1', price_minor: '255', state: 'gone', seen_at: expect.stringContaining('10:00:00.123456') },
    ]);
    expect((await bed.service.query('SELECT * FROM stock')).rows).toEqual([{ product_id: 7, on_hand: 9 }]);
  });

  it('reads values as they are, whatever the settings of the session that wrote them', async () => {
    await bed.monolith.query(`SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo'`);
    await bed.monolith.query(
      `INSERT INTO item (code, price, seen) VALUES ('d', 1, '31.12.2020 23:00:00.000001+00')`,
    );
    await bed.catchUp();
    const { rows } = await bed.service.query(
      `SELECT seen_at = '2020-12-31 23:00:00.000001+00' AS same FROM product`,
    );
    expect(rows).toEqual([{ same: true }]);
  });

  it('removes changes that are applied, and never one that is not', async () => {
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('applied')`);
    await bed.purgeAll();
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('not yet')`);
    const side = await bed.databases.service.sideState('catalog');
    await bed.databases.monolith.purge('catalog', side?.position ?? '');
    expect((await readIds()).map((change) => change.row.nm)).toEqual(['not yet']);
  });
});

describe('a trigger of the application', () => {
  it('that writes the row again after it was written is followed in the right order', async () => {
    await bed.monolith.query(`
      CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN UPDATE item SET qty = 42 WHERE id = NEW.id; RETURN NULL; END $$;
      CREATE TRIGGER after_all AFTER INSERT ON item FOR EACH ROW EXECUTE FUNCTION touch();`);
    await bed.monolith.query(`INSERT INTO item (code, price) VALUES ('A', 1)`);
    await bed.catchUp();
    expect((await bed.service.query('SELECT on_hand FROM stock')).rows).toEqual([{ on_hand: 42 }]);
  });

  it('that deletes the row after it was written does not leave it behind', async () => {
    await bed.monolith.query(`INSERT INTO item (code, price, qty) VALUES ('A', 1, 1)`);
    await bed.monolith.query(`
      CREATE FUNCTION clean() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN DELETE FROM item WHERE id = NEW.id; RETURN NULL; END $$;
      CREATE TRIGGER after_all AFTER UPDATE ON item FOR EACH ROW EXECUTE FUNCTION clean();`);
    await bed.monolith.query('UPDATE item SET qty = 0');
    await bed.catchUp();
    expect((await bed.service.query('SELECT FROM product')).rowCount).toBe(0);
  });
});

describe('the loop guard', () => {
  it('of one migration does not keep another from capturing what a cascade does to its table', async () => {
    await bed.monolith.query(
      'CREATE TABLE line (id int PRIMARY KEY, item_id int REFERENCES item ON DELETE CASCADE)',
    );
    const { columns } = await bed.databases.monolith.describe('line');
    const line = { name: 'line', key: ['id'], columns: [...columns.values()] };
    await bed.databases.monolith.install('cart', [line], {
      role: 'owner',
      epoch: 0n,
      owner: 'monolith',
    });
    await bed.monolith.query(
      `INSERT INTO item (id, code, price) VALUES (1, 'A', 1); INSERT INTO line VALUES (5, 1)`,
    );
    await bed.monolith.query(
      `BEGIN; SELECT set_config('strangler.origin', 'catalog', true); DELETE FROM item; COMMIT`,
    );
    const ops = (await bed.databases.monolith.recentChanges('cart', 10)).map((change) => change.op);
    expect(ops).toEqual(['delete', 'upsert']);
  });

  it('captures nothing of what the applier writes', async () => {
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('a')`);
    await bed.catchUp();
    expect((await bed.service.query('SELECT FROM strangler.change')).rowCount).toBe(0);
  });

  it('captures an ordinary write on a connection that had the applier’s mark before (it reads as empty, not null)', async () => {
    await bed.monolith.query('BEGIN');
    await bed.monolith.query(`SELECT set_config('strangler.origin', 'catalog', true)`);
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('from the applier')`);
    await bed.monolith.query('COMMIT');
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('from a person')`);
    expect((await readIds()).map((change) => change.row.nm)).toEqual(['from a person']);
  });
});
