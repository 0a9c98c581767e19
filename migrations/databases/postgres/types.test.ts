import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { relayOnce } from '../../relay/relay.ts';
import type { Stream } from '../../relay/stream.ts';
import type { Twins } from '../../testing/twins.ts';
import { twins } from '../../testing/twins.ts';
import { verify } from '../../verify/verify.ts';

const MOODS = `CREATE TYPE mood AS ENUM ('sad', 'so, so', 'happy "day"', 'ä');
CREATE DOMAIN short AS varchar(3);
CREATE DOMAIN code AS text CHECK (VALUE ~ '^[A-Z]+ *$');
CREATE DOMAIN good_mood AS mood CHECK (VALUE <> 'sad');
CREATE DOMAIN digits AS integer[] CHECK (cardinality(VALUE) < 5);
CREATE DOMAIN deep AS short CHECK (VALUE <> 'no');
CREATE TYPE place AS (street text, at timestamptz, size double precision, moods mood[]);
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);`;

/** Values as SQL; each row is one value. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '2147483647'],
  bigint: ['-9223372036854775808', '9223372036854775807', '9007199254740993'],
  numeric: [
    `'NaN'`,
    '0',
    '-0.00',
    '1.10',
    `repeat('9', 1000)::numeric`,
    `('0.' || repeat('7', 1000))::numeric`,
  ],
  'numeric(12,2)': ['0.10', '-9999999999.99', `'NaN'`],
  'double precision': [
    ...[`'-0'`, '0', '0.1', `'NaN'`, `'Infinity'`, `'-Infinity'`, '1.7976931348623157e308', '5e-324'],
    ...['0.30000000000000004', '123456789012345678'],
  ],
  real: [`'-0'`, '0.1', '3.4028235e38', '1e-45', '16777217', `'NaN'`, `'-Infinity'`],
  boolean: ['true', 'false'],
  text: [
    `''`,
    `' trailing  '`,
    `E'tab\\t new\\n back\\\\ quote\\' \\u0001'`,
    `'\\N'`,
    `'\\.'`,
    `'ÄÖ 😀 𝒳'`,
    `'null'`,
  ],
  'varchar(10)': [`''`, `'blanks  '`, `'ÄÖÜäöü€😀12'`],
  'char(5)': [`''`, `'a'`, `' ab'`, `'abcde'`],
  '"char"': [`'a'`, `' '`],
  name: [`'A name'`, `''`],
  bytea: [`''`, `'\\x00ff5c0a'`, `decode(repeat('00ff', 5000), 'hex')`],
  date: [`'infinity'`, `'-infinity'`, `'0044-03-15 BC'`, `'2020-02-29'`, `'5874897-12-31'`],
  time: [`'24:00:00'`, `'23:59:59.999999'`, `'00:00:00.1'`],
  'time(0)': [`'12:34:56'`],
  timetz: [`'23:59:59.123456+05:30'`, `'00:00:00-15:59:59'`],
  timestamp: [
    `'infinity'`,
    `'-infinity'`,
    `'0044-03-15 12:00:00.000001 BC'`,
    `'2020-02-29 23:59:59.999999'`,
    `'294276-12-31'`,
  ],
  timestamptz: [
    `'infinity'`,
    `'-infinity'`,
    `'0044-03-15 12:00:00.5+02 BC'`,
    `'2020-10-25 02:30:00.1+01'`,
    `'1883-11-18 12:00:00+00'`,
  ],
  interval: [`'1 year -2 mons 3 days -04:05:06.789'`, `'-178000000 years'`, `'0'`, `'00:00:00.000001'`],
  uuid: [`'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'`],
  json: [
    `'{"b":1,  "a":12345678901234567890.123456789,"a":null}'`,
    `'"\\u00e4\\ud83d\\ude00"'`,
    `'1e400'`,
    `'null'`,
  ],
  jsonb: [`'{"b":1,  "a":12345678901234567890.1234567890,"c":[1.0, 1.00]}'`, `'null'`, `'"x"'`],
  mood: [`'so, so'`, `'happy "day"'`, `'ä'`],
  short: [`'abc'`, `''`],
  deep: [`'abc'`],
  code: [`'ABC '`],
  good_mood: [`'happy "day"'`],
  digits: [`'{1,NULL,3}'`, `'{}'`],
  bit: [`'1'`],
  'bit(10)': [`'0000000001'`],
  'bit varying': [`''`, `'0101'`],
  'bit varying(10)': [`'0001'`],
  inet: [`'192.168.0.1/24'`, `'::1'`],
  cidr: [`'10.0.0.0/8'`],
  macaddr: [`'08:00:2b:01:02:03'`],
  macaddr8: [`'08:00:2b:01:02:03:04:05'`],
  int4range: [`'[1,5)'`, `'empty'`, `'(,)'`],
  numrange: [`'(1.10,2.00]'`],
  tstzrange: [`'[2020-01-01 00:00:00.000001+00, infinity)'`, `'(,"0044-03-15 BC"]'`],
  daterange: [`'[2020-01-01,)'`],
  nummultirange: [`'{[1.0,2.0],(5,)}'`, `'{}'`],
  money: [`'12345.67'`, `'-92233720368547758.08'`],
  xml: [`'<a b="c">t&amp;</a>'`, `'text <b/>'`],
  tsvector: [`'a:1A fat:2B,4C'`, `'''with quote'''`],
  tsquery: [`'fat & (rat | !cat:*)'`],
  oid: ['4294967295'],
  point: [`'(0.1,-1e300)'`],
  polygon: [`'((0,0),(1,0.3333333333333333),(1,1))'`],
  jsonpath: [`'$."a"[*] ? (@ > 1.0)'`],
  pg_lsn: [`'16/B374D848'`],
  place: [
    `ROW('a "b", (c)', '2020-01-01 00:00:00.000001+00', 0.1, '{sad,"so, so"}')`,
    `ROW(NULL, NULL, '-0', NULL)`,
  ],
  'integer[]': [`'{}'`, `'{1,NULL,-3}'`, `'{{1,2},{3,4}}'`, `'[0:1]={7,8}'`],
  'text[]': [`ARRAY['', 'a,b', 'q"q', '{x}', 'NULL', NULL, E'b\\\\s', ' s ']`],
  'mood[]': [`ARRAY['so, so', NULL, 'happy "day"']::mood[]`],
  'numeric(6,2)[]': [`'{1.10,NaN}'`],
  'char(3)[]': [`'{a,abc}'`],
  'varchar(3)[]': [`'{"a  ",abc}'`],
  'bit(2)[]': [`'{01,10}'`],
  'short[]': [`'{abc,NULL}'`],
  'place[]': [`ARRAY[ROW('x,y', NULL, 1e300, '{ä}')::place]`],
  'timestamptz[]': [`'{infinity,"2020-01-01 00:00:00.000001+00"}'`],
  'bytea[]': [`ARRAY['\\x00ff'::bytea, NULL]`],
  'text COLLATE loose': [`'a'`, `'A'`],
};

/** So many rows in one chunk are copied in another way than few. */
const COPIED = 60;

const types = Object.keys(TYPES);
const tables = types.map((_, i) => `t${i}`);
const DDL = MOODS + types.map((type, i) => `CREATE TABLE t${i} (id int PRIMARY KEY, v ${type});`).join('\n');
const IN_TEXT = `SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC'; SET lc_monetary = 'C'`;

let bed: Twins;
let back: Stream;
/** By table: what each side has after backfill, insert, update, and the way back. */
const seen = new Map<
  string,
  Record<'backfilled' | 'inserted' | 'updated' | 'back', [unknown[], unknown[]]>
>();

const read = async (client: pg.Client, table: string): Promise<unknown[]> =>
  (
    await client.query<Record<string, unknown>>(
      `SELECT id, v::text AS v, md5(v::text) AS sum FROM ${table} ORDER BY id`,
    )
  ).rows;
const look = async (when: 'backfilled' | 'inserted' | 'updated' | 'back'): Promise<void> => {
  for (const table of tables) {
    const both: [unknown[], unknown[]] = [await read(bed.monolith, table), await read(bed.service, table)];
    seen.set(table, { ...(seen.get(table) ?? {}), [when]: both } as never);
  }
};
/** Writes each value as a row of its own, from `first` on, and again until there are `least` rows. */
const write = async (client: pg.Client, first: number, least = 1): Promise<void> => {
  for (const [i, type] of types.entries()) {
    const values = TYPES[type] ?? [];
    const rows = Array.from({ length: Math.max(least, values.length) }, (_, n) => n);
    const tuples = rows.map((n) => `(${first + n}, ${values[n % values.length]})`);
    await client.query(`INSERT INTO t${i} (id, v) VALUES ${tuples.join(', ')}`);
  }
};
const overwrite = async (client: pg.Client): Promise<void> => {
  for (const [i, type] of types.entries()) {
    for (const [n, value] of (TYPES[type] ?? []).entries()) {
      await client.query(
        `UPDATE t${i} SET v = ${value} WHERE id = ${200 + ((n + 1) % (TYPES[type]?.length ?? 1))}`,
      );
    }
  }
};

describe('a value of each built-in type', () => {
  beforeAll(async () => {
    bed = await twins({ monolith: DDL, service: DDL, tables });
    for (const client of [bed.monolith, bed.service]) await client.query(IN_TEXT);
    await write(bed.monolith, 1000, COPIED);
    await bed.monolith.query('DELETE FROM strangler.change');
    await bed.backfill();
    await look('backfilled');
    await write(bed.monolith, 200);
    await bed.catchUp();
    await look('inserted');
    await overwrite(bed.monolith);
    await bed.catchUp();
    await look('updated');
    back = await bed.turnRound();
    await write(bed.service, 300);
    await overwrite(bed.service);
    while ((await relayOnce(back)) > 0);
    await look('back');
  }, 120_000);
  afterAll(() => bed.close());

  it.each(types.map((type, i) => [type, `t${i}`]))('%s arrives as it was', (type, table) => {
    const found = seen.get(table);
    const count = TYPES[type]?.length ?? 0;
    const copied = Math.max(COPIED, count);
    expect(found?.backfilled[0]).toHaveLength(copied);
    expect(found?.inserted[0]).toHaveLength(copied + count);
    expect(found?.back[0]).toHaveLength(copied + 2 * count);
    for (const [monolith, service] of Object.values(found ?? {})) expect(service).toEqual(monolith);
  });

  it('leaves nothing parked on either side, and nothing that verify calls different', async () => {
    expect(await bed.databases.service.parkedChanges('twins', 10)).toEqual([]);
    expect(await bed.databases.monolith.parkedChanges('twins', 10)).toEqual([]);
    expect(await verify(back)).toMatchObject({ differences: 0, unsettled: 0 });
  });
});
