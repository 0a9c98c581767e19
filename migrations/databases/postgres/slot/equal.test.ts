import { afterEach, describe, expect, it } from '@jest/globals';
import type { Twins } from '../../../testing/twins.ts';
import { twins } from '../../../testing/twins.ts';

const VALUES: [type: string, ...values: string[]][] = [
  ['int', '0', '-2147483648'],
  ['bigint', '9223372036854775807'],
  ['numeric', '1.500', `'NaN'`, `('1' || repeat('0', 900) || '.5')::numeric`],
  ['numeric(12,2)', '2.50'],
  ['real', `'-0'`, '0.1', `'Infinity'`],
  ['float8', `'-0'`, '0.1', '1e300', `'NaN'`],
  ['bool', 'true', 'false'],
  ['text', `''`, `' a '`, `E'tab\\t quote" back\\\\ ü 😀'`, `repeat('long', 5000)`],
  ['varchar(10)', `'a  '`],
  ['char(5)', `'ab'`, `''`],
  ['"char"', `'x'`],
  ['name', `'someone'`],
  ['bytea', `'\\x'`, `'\\x00ff10'`],
  ['date', `'2020-02-29'`, `'infinity'`, `'0044-03-15 BC'`],
  ['time', `'23:59:59.123456'`],
  ['timetz', `'23:59:59.5+02'`],
  ['timestamp', `'2020-02-29 23:59:59.123456'`, `'-infinity'`],
  ['timestamptz', `'2020-02-29 23:59:59.1+09'`, `'infinity'`],
  ['interval', `'1 year 2 days 03:04:05.6'`, `'-1 mons'`],
  ['uuid', `'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'`],
  ['json', `'{"a": 1,  "a": 12345678901234567890.10}'`],
  ['jsonb', `'{"b": 12345678901234567890.10, "a": [null]}'`],
  ['mood', `'so, "so"'`],
  ['positive', '5'],
  ['bit(3)', `B'101'`],
  ['varbit', `B'1'`],
  ['inet', `'192.168.0.1'`, `'192.168.0.1/24'`],
  ['cidr', `'10.0.0.0/8'`],
  ['macaddr', `'08:00:2b:01:02:03'`],
  ['int4range', `'[1,5)'`, `'empty'`],
  ['tstzrange', `'[2020-01-01 00:00+09,)'`],
  ['xml', `'<a>1</a>'`],
  ['tsvector', `'a:1 b:2'`],
  ['point', `'(1.5,2)'`],
  ['oid', '7'],
  ['bool[]', `'{t,f,NULL}'`],
  ['text[]', `ARRAY['a,b', 'q"', NULL, '']`],
  ['int[]', `'{{1,2},{3,4}}'`],
  ['mood[]', `ARRAY['so, "so"', 'ok']::mood[]`],
  ['char(3)[]', `ARRAY['a','b']::char(3)[]`],
  ['timestamptz[]', `ARRAY['2020-02-29 23:59:59.1+09']::timestamptz[]`],
  ['pair', `ROW(1, 'x, y')`],
];

const TABLE = `
CREATE TYPE mood AS ENUM ('so, "so"', 'ok');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE pair AS (a int, b text);
CREATE TABLE item (id text, at timestamptz, n numeric, made int GENERATED ALWAYS AS (1) STORED,
  ${VALUES.map(([type], i) => `v${i} ${type}`).join(', ')}, PRIMARY KEY (id, at, n))`;

let bed: Twins;
afterEach(() => bed.close());

/** Every value once, changed and deleted by a session of other settings, and the changes that come of it. */
async function changesOf(capture: 'trigger' | 'replication'): Promise<string[]> {
  bed = await twins({ monolith: TABLE, service: TABLE, tables: ['item'], capture });
  await bed.monolith
    .query(`SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo'; SET extra_float_digits = -5;
    SET IntervalStyle = 'iso_8601'; SET bytea_output = 'escape'`);
  for (const [i, [, ...values]] of VALUES.entries()) {
    for (const value of [...values, 'NULL']) {
      await bed.monolith
        .query(`INSERT INTO item (id, at, n, v${i}) VALUES ('k"' || ${i}, '2020-01-01 00:00+09', 1.0, ${value});
        UPDATE item SET n = 1.00; UPDATE item SET n = 2.50; DELETE FROM item`);
    }
  }
  await bed.databases.monolith.pending('twins', '1:1:');
  const { rows } = await bed.monolith.query<{ change: string }>(
    `SELECT concat_ws(' ', op, key, row::text) AS change FROM strangler.change ORDER BY id`,
  );
  return rows.map((row) => row.change);
}

describe('a change from the log', () => {
  it('is byte for byte the one that the trigger writes, for every type and whatever the settings of the writer', async () => {
    const byTrigger = await changesOf('trigger');
    await bed.close();
    const byLog = await changesOf('replication');
    expect(byLog).toEqual(byTrigger);
    expect(byLog.length).toBeGreaterThan(300);
  });
});

describe('a table that changes its shape', () => {
  const ITEMS = `CREATE TABLE item (id int, part int, n int, gone text, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
    CREATE TABLE item_1 PARTITION OF item FOR VALUES IN (1); CREATE TABLE item_2 PARTITION OF item FOR VALUES IN (2)`;
  const shape = async (): Promise<string[]> => {
    const seen: string[] = [];
    await bed.databases.monolith.readChanges('twins', '1:1:', async (changes) => {
      seen.push(...changes.map(({ op, key, row }) => `${op} ${key} ${Object.keys(row).join()}`));
    });
    return seen;
  };

  it('keeps its changes in order while columns come, go and are renamed, and never invents a null', async () => {
    bed = await twins({ monolith: ITEMS, service: ITEMS, tables: ['item'], capture: 'replication' });
    await bed.monolith.query(`INSERT INTO item VALUES (1, 1, 1, 'x')`);
    await bed.monolith.query('ALTER TABLE item ADD COLUMN more int DEFAULT 5');
    await bed.monolith.query(`INSERT INTO item VALUES (2, 1, 1, 'x', 6)`);
    await bed.monolith.query('ALTER TABLE item DROP COLUMN gone');
    await bed.monolith.query('INSERT INTO item VALUES (3, 1, 1)');
    await bed.monolith.query('ALTER TABLE item RENAME COLUMN n TO m');
    await bed.monolith.query('INSERT INTO item VALUES (4, 1, 1)');
    expect(await shape()).toEqual([
      'upsert ["1", "1"] id,part,n,gone',
      'upsert ["2", "1"] id,part,n,gone',
      'upsert ["3", "1"] id,part,n',
      'upsert ["4", "1"] id,part',
    ]);
  });

  it('is followed as one while rows move between partitions, and one partition is truncated alone', async () => {
    bed = await twins({ monolith: ITEMS, service: ITEMS, tables: ['item'], capture: 'replication' });
    await bed.monolith.query('INSERT INTO item VALUES (1, 1, 1), (2, 2, 2), (3, 2, 3)');
    await bed.monolith.query('UPDATE item SET part = 2 WHERE id = 1');
    await bed.catchUp();
    const rows = async (side: 'monolith' | 'service'): Promise<unknown[]> =>
      (await bed[side].query<object>('SELECT id, part, n FROM item ORDER BY id')).rows;
    expect(await rows('service')).toEqual(await rows('monolith'));
    await bed.monolith.query(
      'INSERT INTO item VALUES (4, 1, 4); TRUNCATE item_2; INSERT INTO item VALUES (2, 2, 9)',
    );
    await bed.catchUp();
    expect(await rows('service')).toEqual([
      { id: 2, part: 2, n: 9 },
      { id: 4, part: 1, n: 4 },
    ]);
    await bed.monolith.query('TRUNCATE item; INSERT INTO item VALUES (5, 1, 5)');
    await bed.catchUp();
    expect(await rows('service')).toEqual([{ id: 5, part: 1, n: 5 }]);
    expect((await bed.monolith.query('SELECT FROM strangler.emptied')).rowCount).toBe(0);
  });
});
