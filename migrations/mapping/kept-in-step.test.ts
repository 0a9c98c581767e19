import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { backfill } from '../backfill/backfill.ts';
import type { Stream } from '../relay/stream.ts';
import type { Dialect, SqlSession } from '../testing/databases.ts';
import { dropMysqlDatabases } from '../testing/databases.ts';
import { retryParked } from '../parking/retry.ts';
import { PAIRINGS } from '../testing/two-databases.ts';
import type { Difference } from '../verify/compare.ts';
import { repair } from '../verify/repair.ts';
import { verify } from '../verify/verify.ts';
import { closeBeds, openBed, rows } from './testing/bed.ts';

afterEach(closeBeds);
afterAll(dropMysqlDatabases);

const differences = async (stream: Stream): Promise<unknown[]> => (await verify(stream)).found;

/** As somebody writes whom no trigger sees. */
const withoutTriggers = (session: SqlSession, dialect: Dialect, sql: string): Promise<unknown> =>
  session.sql(
    dialect === 'postgres'
      ? `SET strangler.origin = 'm'; ${sql}; RESET strangler.origin`
      : `SET @strangler_origin = 'm'; ${sql}; SET @strangler_origin = NULL`,
  );

describe.each<Dialect>(['postgres', 'mysql'])('with a monolith on %s', (dialect) => {
  const on = { monolith: dialect, service: 'postgres' } as const;

  describe('a table that is split in two', () => {
    const tables = {
      monolith:
        'CREATE TABLE item (id integer PRIMARY KEY, nm varchar(20) NOT NULL, qty integer NOT NULL DEFAULT 7, shelf varchar(9))',
      service:
        'CREATE TABLE product (id integer PRIMARY KEY, name varchar(20) NOT NULL);' +
        'CREATE TABLE stock (product_id integer PRIMARY KEY REFERENCES product, on_hand integer NOT NULL DEFAULT 0, shelf varchar(9))',
    };
    const pairs = [
      { from: 'item', to: 'product', key: { id: 'id' }, columns: { nm: 'name' } },
      { from: 'item', to: 'stock', key: { id: 'product_id' }, columns: { qty: 'on_hand', shelf: 'shelf' } },
    ];

    it('is one row again on the way back, and a part that is deleted leaves defaults behind', async () => {
      const bed = await openBed(tables, pairs, on);
      await bed.begin('service');
      await bed.service.sql(
        `INSERT INTO product VALUES (1, 'a'), (2, 'b'); INSERT INTO stock VALUES (1, 5, 'x'), (2, 6, 'y')`,
      );
      await bed.catchUp();
      await bed.service.sql(
        'DELETE FROM stock WHERE product_id = 1; DELETE FROM stock WHERE product_id = 2; DELETE FROM product WHERE id = 2',
      );
      await bed.catchUp();
      expect(await rows(bed.monolith, 'item')).toEqual([{ id: '1', nm: 'a', qty: '7', shelf: null }]);
      expect(await bed.parked()).toEqual([]);
    });
  });

  it('splits rows that a filter chooses, and leaves the others as they are', async () => {
    const where = { kind: 'a', state: ['x', 'y'] };
    const bed = await openBed(
      {
        monolith: `CREATE TABLE item (id integer PRIMARY KEY, kind varchar(1), state varchar(1), qty integer)`,
        service: `CREATE TABLE product (id integer PRIMARY KEY, state varchar(1)); CREATE TABLE stock (id integer PRIMARY KEY, qty integer)`,
      },
      [
        { from: 'item', to: 'product', key: { id: 'id' }, columns: { state: 'state' }, where },
        { from: 'item', to: 'stock', key: { id: 'id' }, columns: { qty: 'qty' }, where },
      ],
      on,
    );
    await bed.monolith.sql(`INSERT INTO item VALUES (9, 'b', 'z', 3)`);
    await bed.begin('service');
    await bed.service.sql(`INSERT INTO product VALUES (1, 'x'), (2, 'y'), (3, 'z')`);
    await bed.service.sql(`INSERT INTO stock VALUES (1, 10), (2, 20)`);
    await bed.catchUp();
    await bed.service.sql(`DELETE FROM stock WHERE id = 1`);
    await bed.catchUp();
    expect(await rows(bed.monolith, 'item')).toEqual([
      { id: '1', kind: 'a', state: 'x', qty: null },
      { id: '2', kind: 'a', state: 'y', qty: '20' },
      { id: '9', kind: 'b', state: 'z', qty: '3' },
    ]);
    expect(await bed.parked()).toEqual([expect.stringContaining('would not belong there')]);
  });

  describe('two tables that are joined into one, the second of them optional', () => {
    const tables = {
      monolith:
        'CREATE TABLE person (id integer PRIMARY KEY, nm varchar(20) NOT NULL);' +
        'CREATE TABLE address (pid integer PRIMARY KEY, town varchar(20) NOT NULL, zip varchar(9))',
      service:
        'CREATE TABLE customer (id integer PRIMARY KEY, name varchar(20) NOT NULL, town varchar(20), zip varchar(9))',
    };
    const pairs = [
      { from: 'person', to: 'customer', key: { id: 'id' }, columns: { nm: 'name' } },
      {
        from: 'address',
        to: 'customer',
        key: { pid: 'id' },
        columns: { town: 'town', zip: 'zip' },
        part: true,
        optional: true,
      },
    ];

    it('are copied and followed, and a part that goes takes its columns along', async () => {
      const bed = await openBed(tables, pairs, on);
      await bed.monolith.sql(`INSERT INTO person VALUES (1, 'a'), (2, 'b')`);
      await bed.monolith.sql(`INSERT INTO address VALUES (1, 'Kiel', '24')`);
      const stream = await bed.begin('monolith');
      await backfill(stream, {
        observe: () => undefined,
        mustWait: () => false,
        signal: AbortSignal.timeout(20_000),
      } as never);
      await bed.monolith.sql(`INSERT INTO address VALUES (2, 'Bonn', NULL)`);
      await bed.monolith.sql(`DELETE FROM address WHERE pid = 1`);
      await bed.catchUp();
      expect(await rows(bed.service, 'customer')).toEqual([
        { id: '1', name: 'a', town: null, zip: null },
        { id: '2', name: 'b', town: 'Bonn', zip: null },
      ]);
      expect(await bed.parked()).toEqual([]);
    });

    it('are compared part by part: one that only the follower has is found, and repaired away', async () => {
      const bed = await openBed(tables, pairs, on);
      const stream = await bed.begin('monolith');
      await bed.monolith.sql(`INSERT INTO person VALUES (1, 'a'), (2, 'b')`);
      await bed.monolith.sql(`INSERT INTO address VALUES (1, 'Kiel', '24'), (2, 'Bonn', NULL)`);
      await bed.catchUp();
      await withoutTriggers(bed.monolith, dialect, `DELETE FROM address WHERE pid = 2`);
      const { found } = await verify(stream);
      expect(found).toMatchObject([{ entry: 'address → customer', key: '["2"]', kind: 'extra' }]);
      expect(await repair(stream, found)).toEqual({ mended: 1, refused: [] });
      expect(await rows(bed.service, 'customer')).toEqual([
        { id: '1', name: 'a', town: 'Kiel', zip: '24' },
        { id: '2', name: 'b', town: null, zip: null },
      ]);
      expect(await differences(stream)).toEqual([]);
    });

    it('become two again on the way back: the second row comes and goes with its columns', async () => {
      const bed = await openBed(tables, pairs, on);
      const stream = await bed.begin('service');
      await bed.service.sql(`INSERT INTO customer VALUES (1, 'a', 'Kiel', NULL), (2, 'b', NULL, NULL)`);
      await bed.catchUp();
      expect(await rows(bed.monolith, 'address', 'pid')).toEqual([{ pid: '1', town: 'Kiel', zip: null }]);
      await bed.service.sql(
        `UPDATE customer SET town = NULL WHERE id = 1; UPDATE customer SET town = 'Ulm' WHERE id = 2`,
      );
      await bed.catchUp();
      expect(await rows(bed.monolith, 'address', 'pid')).toEqual([{ pid: '2', town: 'Ulm', zip: null }]);
      await bed.service.sql(`UPDATE customer SET town = NULL, zip = '1' WHERE id = 2`);
      await bed.catchUp();
      expect(await bed.parked()).toEqual([expect.stringContaining('is refused by "town"')]);
      await bed.service.sql(`UPDATE customer SET zip = NULL WHERE id = 2`);
      await bed.service.sql(`DELETE FROM customer WHERE id = 1`);
      await bed.catchUp();
      expect(await rows(bed.monolith, 'person')).toEqual([{ id: '2', nm: 'b' }]);
      void stream;
    });
  });

  describe('rows that are filtered, with constants', () => {
    const tables = {
      monolith:
        'CREATE TABLE item (id integer PRIMARY KEY, kind varchar(9) NOT NULL, nm varchar(20), src varchar(3))',
      service:
        'CREATE TABLE book (id integer, tenant varchar(9), name varchar(20), PRIMARY KEY (tenant, id))',
    };
    const pairs = [
      {
        from: 'item',
        to: 'book',
        key: { id: 'id' },
        columns: { nm: 'name' },
        where: { kind: 'book' },
        constants: { service: { tenant: 'main' }, monolith: { src: 'S' } },
      },
    ];

    it('appear and disappear as they begin and cease to belong', async () => {
      const bed = await openBed(tables, pairs, on);
      const stream = await bed.begin('monolith');
      await bed.monolith.sql(
        `INSERT INTO item VALUES (1, 'book', 'a', 'S'), (2, 'disc', 'b', 'S'), (3, 'book', 'c', 'X')`,
      );
      await bed.catchUp();
      expect(await rows(bed.service, 'book')).toEqual([{ id: '1', tenant: 'main', name: 'a' }]);
      await bed.monolith.sql(`UPDATE item SET kind = 'disc' WHERE id = 1`);
      await bed.monolith.sql(`UPDATE item SET kind = 'book' WHERE id = 2`);
      await bed.catchUp();
      expect(await rows(bed.service, 'book')).toEqual([{ id: '2', tenant: 'main', name: 'b' }]);
      expect(await differences(stream)).toEqual([]);
    });

    it('come back with what the filter and the constants say, beside rows that are left alone', async () => {
      const bed = await openBed(tables, pairs, on);
      await bed.monolith.sql(`INSERT INTO item VALUES (7, 'disc', 'theirs', 'S')`);
      const stream = await bed.begin('service');
      await bed.service.sql(
        `INSERT INTO book VALUES (1, 'main', 'a'), (1, 'other', 'z'), (2, 'main', 'b'), (7, 'other', 'q')`,
      );
      await bed.service.sql(`DELETE FROM book WHERE tenant = 'other'; DELETE FROM book WHERE id = 2`);
      await bed.catchUp();
      expect(await rows(bed.monolith, 'item')).toEqual([
        { id: '1', kind: 'book', nm: 'a', src: 'S' },
        { id: '7', kind: 'disc', nm: 'theirs', src: 'S' },
      ]);
      expect(await differences(stream)).toEqual([]);
      await bed.service.sql('TRUNCATE book');
      await bed.catchUp();
      expect(await rows(bed.monolith, 'item')).toEqual([{ id: '7', kind: 'disc', nm: 'theirs', src: 'S' }]);
    });
  });
});

describe.each(PAIRINGS)('a row that is not part of the migration, %s', (_, on) => {
  const tables = {
    monolith:
      'CREATE TABLE item (id integer PRIMARY KEY, kind varchar(9) NOT NULL, nm varchar(20), qty integer)',
    service:
      'CREATE TABLE book (id integer PRIMARY KEY, tenant varchar(9) NOT NULL, name varchar(20));' +
      'CREATE TABLE stock (id integer PRIMARY KEY, n integer)',
  };
  const where = { kind: 'book' };
  const pairs = [
    {
      ...{ from: 'item', to: 'book', key: { id: 'id' }, columns: { nm: 'name' }, where },
      constants: { service: { tenant: 'main' } },
    },
    { from: 'item', to: 'stock', key: { id: 'id' }, columns: { qty: 'n' }, where },
  ];

  it('is never written over by one with its key: that is parked, and goes once it has a key of its own', async () => {
    const bed = await openBed(tables, pairs, on);
    await bed.monolith.sql(`INSERT INTO item VALUES (7, 'disc', 'theirs', 70)`);
    const stream = await bed.begin('service');
    await bed.service.sql(`INSERT INTO book VALUES (6, 'main', 'a'), (7, 'main', 'b'), (8, 'main', 'c')`);
    await bed.service.sql(`INSERT INTO stock VALUES (6, 1), (7, 2), (8, 3)`);
    await bed.catchUp();
    const there = { id: '7', kind: 'disc', nm: 'theirs', qty: '70' };
    expect(await rows(bed.monolith, 'item')).toEqual([
      { id: '6', kind: 'book', nm: 'a', qty: '1' },
      there,
      { id: '8', kind: 'book', nm: 'c', qty: '3' },
    ]);
    expect(await bed.parked()).toEqual([
      expect.stringContaining(
        'item has a row with this key that is not part of the migration, as its "kind"',
      ),
      expect.stringContaining('is not there'),
    ]);
    expect(
      (await repair(stream, [{ entry: 'item → book', key: '["7"]', kind: 'missing', columns: [] }])).refused,
    ).toEqual([expect.stringContaining('not part of the migration')]);
    await bed.service.sql('DELETE FROM stock WHERE id = 7; DELETE FROM book WHERE id = 7');
    await bed.catchUp();
    await retryParked(stream.target, 'm', stream.epoch, stream.mapping);
    expect(await bed.parked()).toEqual([]);
    expect(await rows(bed.monolith, 'item')).toContainEqual(there);
    expect(await differences(stream)).toEqual([]);
  });

  it('is no difference, and no repair takes it away', async () => {
    const bed = await openBed(tables, pairs.slice(0, 1), on);
    await bed.service.sql(`INSERT INTO book VALUES (2, 'other', 'theirs'), (3, 'other', 'theirs too')`);
    const stream = await bed.begin('monolith');
    await bed.monolith.sql(`INSERT INTO item VALUES (1, 'book', 'a', 1), (2, 'disc', 'b', 1)`);
    await bed.catchUp();
    expect(await differences(stream)).toEqual([]);
    const extra = { entry: 'item → book', key: '["2"]', kind: 'extra', columns: [] } satisfies Difference;
    await repair(stream, [extra]);
    expect(await rows(bed.service, 'book')).toMatchObject([{ id: '1' }, { id: '2' }, { id: '3' }]);
  });
});

describe('a function of the configuration', () => {
  const tables = {
    monolith:
      'CREATE TABLE person (id integer PRIMARY KEY, first_nm varchar(20) NOT NULL, last_nm varchar(20) NOT NULL)',
    service: 'CREATE TABLE person (id integer PRIMARY KEY, name varchar(50) NOT NULL)',
  };
  const folder = mkdtempSync(join(tmpdir(), 'strangler-using-'));
  writeFileSync(
    join(folder, 'person.ts'),
    `type Row = Record<string, string | null>;
     export async function toService(row: Row): Promise<Row> {
       if (row.last_nm === '?') throw new Error('nobody is called so');
       return { name: row.first_nm + ' ' + row.last_nm };
     }
     export function toMonolith(row: Row): Row {
       const [first_nm, last_nm] = (row.name ?? '').split(' ');
       return { first_nm: first_nm ?? null, last_nm };
     }`,
  );
  const pairs = [
    {
      from: 'person',
      to: 'person',
      key: { id: 'id' },
      using: { file: './person.ts', monolith: ['first_nm', 'last_nm'], service: ['name'] },
    },
  ];

  it('maps whole rows both ways, and what it throws parks the row', async () => {
    const bed = await openBed(tables, pairs, undefined, folder);
    await bed.begin('monolith');
    await bed.monolith.sql(`INSERT INTO person VALUES (1, 'Ada', 'Lovelace'), (2, 'X', '?')`);
    await bed.catchUp();
    expect(await rows(bed.service, 'person')).toEqual([{ id: '1', name: 'Ada Lovelace' }]);
    expect(await bed.parked()).toEqual([expect.stringContaining('nobody is called so')]);
    await bed.begin('service');
    await bed.service.sql(
      `UPDATE person SET name = 'Ada King' WHERE id = 1; INSERT INTO person VALUES (3, 'Plato')`,
    );
    await bed.catchUp();
    expect(await rows(bed.monolith, 'person')).toMatchObject([{ last_nm: 'King' }, { last_nm: '?' }]);
    expect(await bed.parked()).toEqual([expect.stringContaining('has no "last_nm"')]);
  });

  it('is refused when it lies outside, is not there, or goes one way only', async () => {
    const using = (file: string) => [{ ...pairs[0], using: { ...pairs[0]?.using, file } }];
    const at = (file: string) => openBed(tables, using(file), undefined, folder);
    await expect(at('../../etc/person.ts')).rejects.toThrow('"../../etc/person.ts"');
    await expect(at('./none.ts')).rejects.toThrow('"./none.ts"');
    writeFileSync(join(folder, 'half.ts'), 'export const toService = () => ({});');
    await expect(at('./half.ts')).rejects.toThrow('has to export two functions');
    const elsewhere = mkdtempSync(join(tmpdir(), 'strangler-elsewhere-'));
    writeFileSync(join(elsewhere, 'person.ts'), 'export const toService = 1;');
    await expect(at(join(elsewhere, 'person.ts'))).rejects.toThrow('lies outside the folder');
  });
});
