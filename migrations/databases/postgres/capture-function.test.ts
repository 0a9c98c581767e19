import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import type { Twins } from '../../testing/twins.ts';
import { twins } from '../../testing/twins.ts';

/** Values of each type whose text depends on the session, as SQL. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  timestamptz: [
    ...[`'infinity'`, `'-infinity'`, `'0044-03-15 12:00:00.5+02 BC'`, `'0001-01-01 00:00:00+00'`],
    ...[
      `'0001-12-31 23:59:59.999999+00 BC'`,
      `'4713-11-24 00:00:00+00 BC'`,
      `'294276-12-31 23:59:59.999999+00'`,
    ],
    ...[`'2020-10-25 02:30:00.1+01'`, `'1883-11-18 12:00:00+00'`, `'0001-01-01 00:00:00+14'`, 'NULL'],
  ],
  'timestamptz(0)': [`'2020-03-29 01:59:59.6+00'`],
  timestamp: [`'infinity'`, `'0044-03-15 12:00:00.000001 BC'`, `'2020-02-29 23:59:59.999999'`],
  date: [`'-infinity'`, `'0044-03-15 BC'`, `'2020-02-01'`, `'5874897-12-31'`],
  timetz: [`'23:59:59.123456+05:30'`],
  interval: [`'1 year -2 mons 3 days -04:05:06.789'`, `'00:00:00.000001'`],
  'double precision': [`'-0'`, '0.1', '0.30000000000000004', '5e-324', `'NaN'`],
  real: ['0.1', '16777217', `'-Infinity'`],
  bytea: [`''`, `'\\x00ff5c0a'`],
  money: [`'12345.67'`],
  numeric: ['1.10', `'NaN'`],
  'timestamptz[]': [`'{infinity,"2020-01-01 00:00:00.000001+00"}'`],
  'interval[]': [`'{1 mon -2 days}'`],
  'bytea[]': [`ARRAY['\\x00ff'::bytea, NULL]`],
  'real[]': ['ARRAY[0.1, 16777217]'],
  'money[]': [`'{1.50}'`],
  'date[]': [`'{2020-02-01}'`],
  'text[]': [`ARRAY['a,b', NULL]`],
  inet: [`'192.168.0.1/24'`],
  numrange: [`'(1.10,2.00]'`],
  daterange: [`'[2020-01-01,)'`],
  tsmultirange: [`'{[2020-01-01 00:00:00.5,infinity)}'`],
  polygon: [`'((0,0),(1,0.3333333333333333),(1,1))'`],
  tstzrange: [`'[2020-01-01 00:00:00.000001+00, infinity)'`],
  thing: [`ROW('2020-01-02 00:00:00+00', '2020-01-02', 0.1, '1 day', '\\xff', '1.50')`],
};
const types = Object.keys(TYPES);
const tables = types.map((_, i) => `t${i}`);
const DDL = `CREATE TYPE thing AS (a timestamptz, b date, c double precision, d interval, e bytea, f money);
${types.map((type, i) => `CREATE TABLE t${i} (id int PRIMARY KEY, v ${type});`).join('\n')}
CREATE TABLE k (id timestamptz PRIMARY KEY, v float);`;
const CANONICAL = `SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC'; SET IntervalStyle = 'postgres';
SET extra_float_digits = 1; SET bytea_output = 'hex'; SET lc_monetary = 'C'`;

const session = fc.record({
  DateStyle: fc.constantFrom('ISO, MDY', 'ISO, YMD', 'SQL, DMY', 'German', 'Postgres, MDY'),
  TimeZone: fc.constantFrom(
    ...['UTC', 'Etc/UTC', 'GMT', 'Europe/Zurich', 'America/New_York', 'Asia/Kolkata', 'Pacific/Kiritimati'],
    ...['<-03>+3', 'Africa/Monrovia'],
  ),
  IntervalStyle: fc.constantFrom('postgres', 'iso_8601', 'sql_standard'),
  extra_float_digits: fc.constantFrom('-3', '0', '1', '3'),
  bytea_output: fc.constantFrom('hex', 'escape'),
  lc_monetary: fc.constantFrom('C', 'POSIX'),
});

let bed: Twins;
const changesOf = async (client: pg.Client, source: string) =>
  (
    await client.query<Record<'op' | 'key' | 'row', string>>(
      `SELECT op::text, key, row::text FROM strangler.change WHERE source = $1 ORDER BY id`,
      [source],
    )
  ).rows;
const speak = async (client: pg.Client, settings: Record<string, string>): Promise<void> => {
  for (const name of Object.keys(settings)) await client.query(`SET ${name} = '${settings[name]}'`);
};

describe('what is captured', () => {
  beforeAll(async () => {
    bed = await twins({ monolith: DDL, service: DDL, tables: [...tables, 'k'] });
    await bed.service.query(CANONICAL);
  }, 60_000);
  afterAll(() => bed.close());

  it('is the same in every session, for each type', async () => {
    await bed.monolith.query(CANONICAL);
    const expected = new Map<string, string[]>();
    for (const [i, type] of types.entries()) {
      const values = (TYPES[type] ?? []).map((value) => `(${value}::${type})::text`);
      const { rows } = await bed.monolith.query<{ v: string }>(
        `SELECT unnest(ARRAY[${values.join(', ')}]) AS v`,
      );
      expected.set(
        `t${i}`,
        rows.map(({ v }) => v),
      );
    }
    await fc.assert(
      fc.asyncProperty(session, async (settings) => {
        await bed.monolith.query(CANONICAL);
        await bed.monolith.query(
          `DELETE FROM strangler.change; DELETE FROM k; SET strangler.origin = 'twins'`,
        );
        for (const table of tables) await bed.monolith.query(`TRUNCATE ${table}`);
        for (const [i, type] of types.entries()) {
          const rows = (TYPES[type] ?? []).map((value, n) => `(${n}, ${value})`);
          await bed.monolith.query(`INSERT INTO t${i} VALUES ${rows.join(', ')}`);
        }
        await bed.monolith.query(`RESET strangler.origin`);
        await speak(bed.monolith, settings);
        for (const table of tables) {
          await bed.monolith.query(`UPDATE ${table} SET v = v`);
          const found = await changesOf(bed.monolith, table);
          const texts = found.map(({ row }) => (JSON.parse(row) as { v: string | null }).v);
          expect(texts).toEqual(expected.get(table));
        }
      }),
      { numRuns: 12 },
    );
  });

  it('has the same key in every session, also where it changes', async () => {
    // A leap day of our era need not be one before it.
    const instant = fc
      .date({ noInvalidDate: true, min: new Date('0001-01-02'), max: new Date('4700-12-30') })
      .filter((at) => at.getUTCMonth() !== 1 || at.getUTCDate() !== 29);
    await fc.assert(
      fc.asyncProperty(session, instant, fc.boolean(), async (settings, at, isBefore) => {
        await bed.monolith.query(CANONICAL);
        const text = `${at.toISOString().replace(/Z$/, '+00')}${isBefore ? ' BC' : ''}`;
        const {
          rows: [one],
        } = await bed.monolith.query<Record<'was' | 'is', string>>(
          `SELECT $1::timestamptz::text AS was, ($1::timestamptz + interval '1 us')::text AS "is"`,
          [text],
        );
        await bed.monolith.query(`DELETE FROM k; DELETE FROM strangler.change`);
        await speak(bed.monolith, settings);
        await bed.monolith.query(`INSERT INTO k VALUES ('${text}', 0.1)`);
        await bed.monolith.query(`UPDATE k SET id = id + interval '1 us'`);
        await bed.monolith.query(`DELETE FROM k`);
        const [was, is] = [one?.was, one?.is].map((key) => JSON.stringify([key]));
        expect((await changesOf(bed.monolith, 'k')).map(({ op, key }) => [op, key])).toEqual([
          ['u', was],
          ['d', was],
          ['u', is],
          ['d', is],
        ]);
      }),
      { numRuns: 60 },
    );
  });

  it('needs the careful function in no usual session, whatever its zone', async () => {
    for (const table of ['t0', 't2', 't3', 'k']) {
      await bed.monolith.query(
        `DROP FUNCTION strangler."capture ${table}"(text, oid, anyelement, anyelement)`,
      );
      await bed.monolith.query(`${CANONICAL}; SET TimeZone = 'Asia/Kolkata'; SET DateStyle = 'ISO, MDY'`);
      const value = table === 'k' ? '0.1' : `'2020-01-01'`;
      const key = table === 'k' ? `'2020-01-01'` : '77';
      await bed.monolith.query(`INSERT INTO ${table} VALUES (${key}, ${value}); DELETE FROM ${table}`);
      await bed.monolith.query(`SET DateStyle = 'SQL, DMY'`);
      await expect(bed.monolith.query(`INSERT INTO ${table} VALUES (${key}, ${value})`)).rejects.toThrow(
        /does not exist/,
      );
    }
  });
});

describe('a role', () => {
  const SHOP = `CREATE TABLE item (id int PRIMARY KEY, name text, seen timestamptz, note text)`;
  let role: string;
  let writer: pg.Client;
  beforeEach(async () => {
    bed = await twins({ monolith: SHOP, service: SHOP, tables: ['item'], unmapped: ['note'] });
    role = `writer_${Math.random().toString(36).slice(2)}`;
    await bed.monolith.query(`CREATE ROLE ${role} LOGIN PASSWORD 'w'; GRANT ALL ON item TO ${role}`);
    const url = new URL(bed.urls.monolith);
    [url.username, url.password] = [role, 'w'];
    writer = new pg.Client({ connectionString: url.href });
    await writer.connect();
  });
  afterEach(async () => {
    await writer.end();
    await bed.monolith.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    await bed.close();
  });
  const writes = async (): Promise<void> => {
    await writer.query(`INSERT INTO item VALUES (1, 'a', '2020-01-01 00:00:00+00'), (2, 'b', NULL)`);
    await writer.query(`UPDATE item SET name = 'c' WHERE id = 1`);
    await writer.query(`UPDATE item SET id = 3 WHERE id = 1`);
    await writer.query(`DELETE FROM item WHERE id = 2`);
  };
  const seen = async (): Promise<string[]> =>
    (await changesOf(bed.monolith, 'item')).map(({ op, key }) => `${op} ${key}`);
  const ALL = ['u ["1"]', 'u ["2"]', 'u ["1"]', 'd ["1"]', 'u ["3"]', 'd ["2"]'];

  it('without any right on the schema is captured, in an odd session too, and gains none', async () => {
    await writes();
    expect(await seen()).toEqual(ALL);
    await bed.monolith.query('DELETE FROM strangler.change');
    await writer.query(`DELETE FROM item; SET DateStyle = 'German'`);
    await writes();
    expect(await seen()).toEqual(['d ["3"]', ...ALL]);
    await expect(
      writer.query(`SELECT strangler."capture item"('UPDATE', 0, NULL::item, (1, 'x', NULL, NULL)::item)`),
    ).rejects.toThrow(/permission denied/);
    await bed.monolith.query(`GRANT USAGE ON SCHEMA strangler TO ${role}`);
    await expect(
      writer.query(`SELECT strangler."capture item"('UPDATE', 0, NULL::item, (1, 'x', NULL, NULL)::item)`),
    ).rejects.toThrow(/permission denied/);
    await bed.catchUp();
    expect((await bed.service.query('SELECT id, name FROM item')).rows).toEqual([{ id: 3, name: 'c' }]);
  });

  it('goes on writing when a column goes, on a connection that wrote before', async () => {
    await writes();
    await bed.monolith.query('ALTER TABLE item RENAME seen TO noticed');
    await writer.query('UPDATE item SET name = $1', ['d']);
    await bed.monolith.query('ALTER TABLE item ALTER noticed TYPE text');
    await bed.monolith.query('ALTER TABLE item RENAME noticed TO seen');
    await writer.query(`UPDATE item SET seen = 'long ago'`);
    await bed.monolith.query('ALTER TABLE item RENAME TO thing');
    await writer.query('UPDATE thing SET name = $1', ['e']);
    const rows = (await changesOf(bed.monolith, 'item'))
      .map(({ row }) => JSON.parse(row) as object)
      .slice(-3);
    expect(rows).toEqual([
      { id: '3', name: 'd' },
      { id: '3', name: 'd', seen: 'long ago' },
      { id: '3', name: 'e', seen: 'long ago' },
    ]);
    await bed.monolith.query('ALTER TABLE thing RENAME TO item');
  });

  it('goes on writing when a column went after its transaction took its view of the database', async () => {
    await writes();
    await writer.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
    await bed.monolith.query('ALTER TABLE item RENAME name TO title; ALTER TABLE item DROP seen');
    await writer.query(`INSERT INTO item VALUES (9, 'x')`);
    await writer.query(`UPDATE item SET title = 'y' WHERE id = 9; COMMIT`);
    expect(
      (await changesOf(bed.monolith, 'item')).slice(-2).map(({ row }) => JSON.parse(row) as object),
    ).toEqual([{ id: '9' }, { id: '9' }]);
  });

  it('can put nothing of its own in the way of what is captured', async () => {
    await bed.monolith.query(`CREATE SCHEMA trap AUTHORIZATION ${role}`);
    await writer.query(`
      CREATE FUNCTION trap.sprung() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'a trap as %', current_user; END $$;
      CREATE DOMAIN trap.text AS pg_catalog.text CHECK (trap.sprung());
      CREATE FUNCTION trap.current_setting(pg_catalog.text, boolean) RETURNS pg_catalog.text LANGUAGE sql AS $$ SELECT trap.sprung()::pg_catalog.text $$;
      CREATE FUNCTION trap.differ(int, int) RETURNS boolean LANGUAGE sql AS $$ SELECT trap.sprung() $$;
      CREATE OPERATOR trap.<> (LEFTARG = int, RIGHTARG = int, FUNCTION = trap.differ);
      SET search_path = trap, pg_catalog, public`);
    await writes();
    await writer.query(`DELETE FROM item; SET DateStyle = 'German'`);
    await writes();
    expect(await seen()).toEqual([...ALL, 'd ["3"]', ...ALL]);
  });
});

describe('the applier', () => {
  it('is not captured and not refused, and anybody else is, also when a table is truncated', async () => {
    const ddl = 'CREATE TABLE item (id int PRIMARY KEY)';
    bed = await twins({ monolith: ddl, service: ddl, tables: ['item'] });
    try {
      for (const write of ['INSERT INTO item VALUES (1)', 'UPDATE item SET id = 2', 'TRUNCATE item']) {
        await expect(bed.service.query(write)).rejects.toThrow(/is owned by monolith/);
        await bed.service.query(`BEGIN; SET LOCAL strangler.origin = 'twins'; ${write}; COMMIT`);
        await bed.monolith.query(`BEGIN; SET LOCAL strangler.origin = 'twins'; ${write}; COMMIT`);
      }
      expect(await changesOf(bed.service, 'item')).toEqual([]);
      expect(await changesOf(bed.monolith, 'item')).toEqual([]);
      await bed.monolith.query(`BEGIN; SET LOCAL strangler.origin = 'other'; TRUNCATE item; COMMIT`);
      expect(await changesOf(bed.monolith, 'item')).toMatchObject([{ op: 't' }]);
    } finally {
      await bed.close();
    }
  });
});
