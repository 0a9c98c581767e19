import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { retryParked } from '../parking/retry.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { driftOf } from './compare.ts';
import type { KeptShape } from './shape.ts';
import { readShape, shapeToKeep } from './shape.ts';
import { lookForDrift } from './watch.ts';

let bed: TwoDatabases;
let kept: KeptShape;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.install();
  kept = await shapeToKeep(bed.synced);
});
afterEach(() => bed.close());

const parked = () => bed.databases.service.parkedChanges('catalog', 10);
const products = async () =>
  (await bed.service.query<{ id: number; sku: string }>('SELECT id, sku FROM product ORDER BY id')).rows;

/** What has changed, one line each. */
const drift = async (): Promise<string[]> =>
  driftOf(kept, await readShape(bed.synced)).map(
    ({ side, table, effect, message }) => `${side} ${table} ${effect}: ${message}`,
  );

describe('the application', () => {
  it('goes on writing when a mapped column is dropped, on a connection that wrote before; and nothing is overwritten', async () => {
    await bed.monolith.query(`INSERT INTO item (id, code, price) VALUES (1, 'A', 1), (2, 'B', 2)`);
    await bed.catchUp();
    await bed.monolith.query('ALTER TABLE item DROP COLUMN code');
    await bed.monolith.query('UPDATE item SET price = 5 WHERE id = 1');
    await bed.monolith.query('INSERT INTO item (id, price) VALUES (3, 3)');
    await bed.monolith.query('DELETE FROM item WHERE id = 2');
    await bed.catchUp();
    expect(await products()).toEqual([{ id: 1, sku: 'A' }]);
    expect(await parked()).toMatchObject([
      { key: '["1"]', reason: expect.stringContaining('column "code" of item is gone') },
      { key: '["3"]', reason: expect.stringContaining('column "code" of item is gone') },
    ]);
  });

  it('goes on writing when a mapped column is renamed, and catches up once it has its name back', async () => {
    await bed.monolith.query(`INSERT INTO item (id, code, price) VALUES (1, 'A', 1)`);
    await bed.catchUp();
    await bed.monolith.query('ALTER TABLE item RENAME code TO number');
    await bed.monolith.query(`UPDATE item SET number = 'B'`);
    await bed.catchUp();
    expect(await products()).toEqual([{ id: 1, sku: 'A' }]);
    await bed.monolith.query('ALTER TABLE item RENAME number TO code');
    await bed.monolith.query('UPDATE item SET price = 7');
    await bed.catchUp();
    await retryParked(bed.databases.service, 'catalog', 0n, bed.stream.mapping);
    expect(await products()).toEqual([{ id: 1, sku: 'B' }]);
    expect(await parked()).toEqual([]);
  });

  it('goes on writing when a column of the key is renamed, or changes its type', async () => {
    await bed.monolith.query(`INSERT INTO item (id, code, price) VALUES (1, 'A', 1)`);
    await bed.monolith.query('ALTER TABLE item RENAME id TO number');
    await bed.monolith.query('UPDATE item SET price = 2');
    await bed.monolith.query('ALTER TABLE item ALTER price TYPE text');
    await bed.monolith.query(`UPDATE item SET price = 'much'`);
    await bed.monolith.query('DELETE FROM item');
    const { rows } = await bed.monolith.query(
      `SELECT op, key FROM strangler.change WHERE source = 'item' ORDER BY id`,
    );
    expect(rows).toEqual([
      { op: 'u', key: '["1"]' },
      { op: 'u', key: '[null]' },
      { op: 'u', key: '[null]' },
      { op: 'd', key: '[null]' },
    ]);
    await bed.catchUp();
    expect(await parked()).toMatchObject([{}, {}, { reason: expect.stringContaining('waits') }]);
  });

  it('may have more columns than a function takes arguments', async () => {
    const names = Array.from({ length: 120 }, (_, i) => `c${i}`);
    await bed.monolith.query(
      `CREATE TABLE wide (id int PRIMARY KEY, ${names.map((n) => `${n} int`).join(', ')})`,
    );
    const { columns } = await bed.databases.monolith.describe('wide');
    const wide = { name: 'wide', key: ['id'], columns: [...columns.values()] };
    await bed.databases.monolith.install('cart', [wide], { role: 'owner', epoch: 0n, owner: 'monolith' });
    await bed.monolith.query('INSERT INTO wide (id, c119) VALUES (1, 42)');
    const [change] = await bed.databases.monolith.recentChanges('cart', 1);
    expect([change?.row['c119'], change?.row['c0']]).toEqual(['42', null]);
  });
});

describe('drift', () => {
  it('is none while nothing was changed, nor when a column that nobody carries goes', async () => {
    await bed.monolith.query('ALTER TABLE item DROP COLUMN leftover');
    expect(await drift()).toEqual([]);
  });

  it('is found for each thing that can happen to a table', async () => {
    await bed.monolith.query(`
      ALTER TABLE item RENAME code TO number;
      ALTER TABLE item ADD weight numeric;
      ALTER TABLE item ADD must text NOT NULL DEFAULT 'x';
      ALTER TABLE item ALTER must DROP DEFAULT;
      ALTER TABLE item ALTER price TYPE numeric(14,2);
      ALTER TABLE item ALTER leftover SET NOT NULL;
      ALTER TABLE maker ALTER nm DROP NOT NULL;
      ALTER TABLE maker ADD UNIQUE (nm);`);
    await bed.service.query(`
      ALTER TABLE stock ALTER on_hand TYPE smallint;
      ALTER TABLE product ALTER price_minor TYPE text;
      ALTER TABLE product DROP COLUMN seen_at;`);
    expect(await drift()).toEqual([
      'monolith maker risks: column "nm" takes nulls now: nulls that a side refuses are parked',
      'monolith maker risks: (nm) is unique now: rows that share a value are parked',
      'monolith item parks: column "code" is gone; was it renamed to "number"?',
      'monolith item parks: column "number" was added, is NOT NULL without a default, and has no counterpart',
      'monolith item not carried: column "weight" was added and is not carried: it has no counterpart',
      'monolith item parks: column "must" was added, is NOT NULL without a default, and has no counterpart',
      'monolith item risks: column "price" was widened (was numeric(12,2) and is numeric(14,2)): values that a side cannot hold are parked',
      'monolith item parks: column "leftover" is NOT NULL without a default now, and has no counterpart',
      'monolith item risks: (number) is unique now: rows that share a value are parked',
      'service product parks: column "seen_at" is gone',
      'service product stops: column "price_minor" was bigint and is text: its values may mean something else',
      'service stock risks: column "on_hand" was narrowed (was integer and is smallint): values that a side cannot hold are parked',
    ]);
  });

  it('stops the stream when values would mean something else, or the key is another', async () => {
    await bed.monolith.query('ALTER TABLE item ALTER seen TYPE timestamp');
    await expect(lookForDrift(bed.synced, kept)).rejects.toThrow(
      'monolith table item: column "seen" was timestamp with time zone and is timestamp without time zone',
    );
    await bed.monolith.query('ALTER TABLE item ALTER seen TYPE timestamptz');
    expect(await lookForDrift(bed.synced, kept)).toEqual([]);
    await bed.service.query('ALTER TABLE stock DROP CONSTRAINT stock_pkey');
    await expect(lookForDrift(bed.synced, kept)).rejects.toThrow(
      'the primary key was (product_id) and is none',
    );
    await bed.service.query('DROP TABLE stock');
    await expect(lookForDrift(bed.synced, kept)).rejects.toThrow('service table stock: the table is gone');
  });
});

describe('on MySQL and MariaDB', () => {
  it('the application goes on writing too when a mapped column is dropped or renamed', async () => {
    const other = await twoDatabases({ monolith: 'mysql', service: 'postgres' });
    try {
      await other.install();
      await other.sql('monolith', `INSERT INTO item (id, code, price) VALUES (1, 'A', 1)`);
      await other.catchUp();
      await other.sql('monolith', 'ALTER TABLE item CHANGE code number varchar(20) NOT NULL');
      await other.sql('monolith', `UPDATE item SET number = 'B' WHERE id = 1`);
      await other.sql('monolith', `INSERT INTO item (id, number, price) VALUES (2, 'C', 2)`);
      await other.catchUp();
      expect(await other.databases.service.parkedChanges('catalog', 10)).toMatchObject([
        { key: '["1"]', reason: expect.stringContaining('column "code" of item is gone') },
        { key: '["2"]', reason: expect.stringContaining('column "code" of item is gone') },
      ]);
      await other.sql('monolith', 'ALTER TABLE item CHANGE number code varchar(20) NOT NULL');
      await other.sql('monolith', 'UPDATE item SET price = 9');
      await other.catchUp();
      await retryParked(other.databases.service, 'catalog', 0n, other.stream.mapping);
      expect(await other.databases.service.parkedChanges('catalog', 10)).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('the application goes on writing even when a column of the key is renamed, and the stream says that it stops', async () => {
    const other = await twoDatabases({ monolith: 'mysql', service: 'postgres' });
    try {
      await other.install();
      const shape = await shapeToKeep(other.synced);
      await other.sql('monolith', `INSERT INTO item (id, code, price) VALUES (1, 'A', 1)`);
      await other.catchUp();
      await other.sql('monolith', 'ALTER TABLE item CHANGE id number int NOT NULL');
      await other.sql('monolith', `INSERT INTO item (number, code, price) VALUES (2, 'B', 2)`);
      await other.sql('monolith', `UPDATE item SET code = 'C' WHERE number = 1`);
      await other.sql('monolith', 'DELETE FROM item');
      await expect(lookForDrift(other.synced, shape)).rejects.toThrow('the primary key was (id)');
      await other.catchUp();
      const { rows } = await other.service.query('SELECT id, sku FROM product');
      expect(rows).toEqual([{ id: 1, sku: 'A' }]);
      const parked = await other.databases.service.parkedChanges('catalog', 10);
      expect(parked.map(({ key }) => key)).toEqual(Array.from({ length: 4 }, () => '["unknown"]'));
    } finally {
      await other.close();
    }
  });
});
