import { afterEach, describe, expect, it } from '@jest/globals';
import { relayOnce } from '../relay/relay.ts';
import type { Schema, Twins } from '../testing/twins.ts';
import { twins } from '../testing/twins.ts';
import { verify } from '../verify/verify.ts';

let bed: Twins;
afterEach(() => bed.close());

const open = async (monolith: string, service: string, ...tables: string[]): Promise<void> => {
  bed = await twins({ monolith, service, tables, unmapped: ['note'] } satisfies Schema);
};
const inOneTransaction = async (...statements: string[]): Promise<void> => {
  await bed.monolith.query(['BEGIN', ...statements, 'COMMIT'].join(';'));
};
const parked = () => bed.databases.service.parkedChanges('twins', 100);
const rows = async (sql: string) =>
  (await bed.service.query<Record<string, string | number | null>>(sql)).rows;
const arrives = async (): Promise<void> => {
  await bed.catchUp();
  expect(await parked()).toEqual([]);
  expect(await verify(bed.stream)).toMatchObject({ differences: 0, unsettled: 0 });
};

const TREE = (constraint: string): string => `
  CREATE TABLE parent (id int PRIMARY KEY, name text);
  CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent ${constraint});`;
const DEFERRED = 'DEFERRABLE INITIALLY DEFERRED';

describe.each([
  ['deferred on both sides', DEFERRED, DEFERRED],
  ['deferred at the owner alone', DEFERRED, ''],
])('a foreign key that is %s', (_, owner, follower) => {
  it('lets a child come before its parent in one transaction', async () => {
    await open(TREE(owner), TREE(follower), 'parent', 'child');
    await inOneTransaction(
      'INSERT INTO child VALUES (1, 1), (2, 1)',
      'INSERT INTO parent VALUES (1)',
      'INSERT INTO child VALUES (3, 2)',
      'INSERT INTO parent VALUES (2)',
    );
    await relayOnce(bed.stream);
    await arrives();
    expect(await rows('SELECT id FROM child ORDER BY id')).toHaveLength(3);
  });

  it('lets children come long before their parents, in another batch of the same transaction', async () => {
    await open(TREE(owner), TREE(follower), 'parent', 'child');
    await inOneTransaction(
      'INSERT INTO child SELECT i, i % 7 FROM generate_series(1, 50) i',
      'INSERT INTO parent SELECT 1000 + i FROM generate_series(1, 3000) i',
      'INSERT INTO parent SELECT i FROM generate_series(0, 6) i',
    );
    await relayOnce(bed.stream);
    expect(await parked()).toEqual([]);
    await arrives();
  });
});

describe('a deferred constraint of the follower', () => {
  it('parks the change that breaks it, and lets all others of its batch through', async () => {
    await open(
      'CREATE TABLE parent (id int PRIMARY KEY, name text); CREATE TABLE child (id int PRIMARY KEY, parent_id int)',
      TREE(DEFERRED),
      'parent',
      'child',
    );
    await inOneTransaction(
      'INSERT INTO parent VALUES (1)',
      'INSERT INTO child SELECT i, CASE i WHEN 13 THEN 99 ELSE 1 END FROM generate_series(1, 40) i',
    );
    await bed.catchUp();
    expect(await rows('SELECT FROM child')).toHaveLength(39);
    expect(await parked()).toMatchObject([
      {
        key: '["13"]',
        reason: expect.stringMatching(/foreign key.*Key \(parent_id\)=\(99\) is not present/),
      },
    ]);
  });

  it('that is a unique one parks the change that breaks it', async () => {
    const plain = 'CREATE TABLE seat (id int PRIMARY KEY, place int)';
    await open(plain, plain, 'seat');
    await bed.service.query(`ALTER TABLE seat ADD UNIQUE (place) ${DEFERRED}`);
    await bed.monolith.query('INSERT INTO seat VALUES (1, 1), (2, 1), (3, 3)');
    await bed.catchUp();
    expect(await rows('SELECT id FROM seat ORDER BY id')).toEqual([{ id: 1 }, { id: 3 }]);
    expect(await parked()).toMatchObject([
      { key: '["2"]', reason: expect.stringMatching(/seat_place_key.*Key \(place\)=\(1\) already exists/) },
    ]);
  });
});

const SEAT = (constraint: string): string => `CREATE TABLE seat (
  id int PRIMARY KEY, place int NOT NULL UNIQUE ${constraint}, holder text NOT NULL UNIQUE ${constraint},
  note text DEFAULT 'new')`;
const seats = () => rows('SELECT id, place, holder, note FROM seat ORDER BY id');
const threeSeats = async (owner: string): Promise<void> => {
  await open(SEAT(owner), SEAT(''), 'seat');
  await bed.monolith.query(`INSERT INTO seat VALUES (1, 1, 'ann'), (2, 2, 'bob'), (3, 3, 'cid')`);
  await bed.catchUp();
  await bed.service.query(
    `BEGIN; SET LOCAL strangler.origin = 'twins'; UPDATE seat SET note = 'kept'; COMMIT`,
  );
};

describe('unique values that change places', () => {
  it('in one transaction by way of a value for the moment arrive, and columns that are not mapped stay', async () => {
    await threeSeats('');
    await inOneTransaction(
      `UPDATE seat SET place = -1, holder = '' WHERE id = 1`,
      `UPDATE seat SET place = 1, holder = 'ann' WHERE id = 2`,
      `UPDATE seat SET place = 2, holder = 'bob' WHERE id = 1`,
    );
    await arrives();
    expect(await seats()).toEqual([
      { id: 1, place: 2, holder: 'bob', note: 'kept' },
      { id: 2, place: 1, holder: 'ann', note: 'kept' },
      { id: 3, place: 3, holder: 'cid', note: 'kept' },
    ]);
  });

  it.each([
    ['two in one statement', `UPDATE seat SET place = 3 - place WHERE id < 3`],
    [
      'two of both constraints',
      `UPDATE seat a SET place = b.place, holder = b.holder FROM seat b WHERE a.id + b.id = 3`,
    ],
    ['a ring of three', `UPDATE seat SET place = place % 3 + 1`],
    ['a chain of three into a free one', `UPDATE seat SET place = place + 1`],
    ['a chain of three the other way', `UPDATE seat SET place = place - 1`],
  ])(
    '%s, at an owner that checks at the commit, arrive at a follower that does not',
    async (_, statement) => {
      await threeSeats('DEFERRABLE INITIALLY DEFERRED');
      await bed.monolith.query(statement);
      await arrives();
      expect((await seats()).map((seat) => seat.note)).toEqual(['kept', 'kept', 'kept']);
    },
  );

  it('arrive also when only the newest of each is left, behind a change that was refused', async () => {
    await threeSeats('');
    await bed.service.query(`ALTER TABLE seat ADD CONSTRAINT no_way CHECK (place > -100)`);
    await inOneTransaction(
      `UPDATE seat SET place = -100 WHERE id = 1`,
      `UPDATE seat SET place = -101 WHERE id = 2`,
    );
    await bed.catchUp();
    expect(await parked()).toHaveLength(2);
    await inOneTransaction(
      `UPDATE seat SET place = 2 WHERE id = 1`,
      `UPDATE seat SET place = 1 WHERE id = 2`,
    );
    await bed.catchUp();
    await bed.service.query('UPDATE strangler.parked SET next_try = now() WHERE next_try IS NOT NULL');
    const { retryParked } = await import('../parking/retry.ts');
    await retryParked(bed.databases.service, 'twins', bed.stream.epoch, bed.stream.mapping);
    await arrives();
  });

  it('stay refused where a third row of the follower is in the way, and harm no other', async () => {
    await threeSeats('DEFERRABLE INITIALLY DEFERRED');
    await bed.service.query(
      `BEGIN; SET LOCAL strangler.origin = 'twins'; INSERT INTO seat VALUES (9, 9, 'mine'); COMMIT`,
    );
    await inOneTransaction(
      `UPDATE seat SET place = 3 - place WHERE id < 3`,
      `UPDATE seat SET holder = 'mine' WHERE id = 3`,
    );
    await bed.catchUp();
    expect(await parked()).toMatchObject([{ key: '["3"]', reason: expect.stringContaining('unique') }]);
    expect((await seats()).map((seat) => `${seat.id}:${seat.place}:${seat.holder}`)).toEqual([
      '1:2:ann',
      '2:1:bob',
      '3:3:cid',
      '9:9:mine',
    ]);
  });
});

describe('a row that is deleted and inserted again', () => {
  const again = [
    `DELETE FROM seat WHERE id = 1`,
    `INSERT INTO seat VALUES (1, 1, 'ann again')`,
    `DELETE FROM seat WHERE id = 2`,
    `INSERT INTO seat VALUES (20, 2, 'bob')`,
    `DELETE FROM seat WHERE id = 20`,
    `INSERT INTO seat VALUES (2, 2, 'bob')`,
  ];
  it('in one transaction, under its key or another, is there once', async () => {
    await threeSeats('');
    await inOneTransaction(...again);
    await arrives();
    expect((await seats()).map((seat) => `${seat.id}:${seat.holder}`)).toEqual([
      '1:ann again',
      '2:bob',
      '3:cid',
    ]);
  });

  it('over several transactions and rounds is there once', async () => {
    await threeSeats('');
    for (const statement of again) {
      await bed.monolith.query(statement);
      await relayOnce(bed.stream);
    }
    await arrives();
    expect((await seats()).map((seat) => `${seat.id}:${seat.holder}`)).toEqual([
      '1:ann again',
      '2:bob',
      '3:cid',
    ]);
  });
});
