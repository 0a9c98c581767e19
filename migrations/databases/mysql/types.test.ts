import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { relayOnce } from '../../relay/relay.ts';
import type { Stream } from '../../relay/stream.ts';
import type { Twins } from '../../testing/twins.ts';
import { twins } from '../../testing/twins.ts';
import { verify } from '../../verify/verify.ts';

/** A column of a type, and values of it as SQL. */
interface Type {
  mysql: string;
  /** What the same values are in, over there; nothing where PostgreSQL has no equal. */
  postgres?: string;
  values: readonly string[];
  /** Not all that the type over there can hold fits into the one here. */
  fits?: boolean;
}

const utf8 = 'CHARACTER SET utf8mb4';
const TYPES: readonly Type[] = [
  { mysql: 'tinyint', postgres: 'smallint', values: ['-128', '127'], fits: true },
  { mysql: 'tinyint(1)', postgres: 'smallint', values: ['0', '1', '2'], fits: true },
  { mysql: 'tinyint unsigned', postgres: 'smallint', values: ['255'], fits: true },
  { mysql: 'smallint', postgres: 'smallint', values: ['-32768', '32767'] },
  { mysql: 'mediumint unsigned', postgres: 'integer', values: ['16777215'], fits: true },
  { mysql: 'int', postgres: 'integer', values: ['-2147483648', '2147483647', '0'] },
  { mysql: 'int(6) zerofill', postgres: 'bigint', values: ['42'], fits: true },
  { mysql: 'bigint', postgres: 'bigint', values: ['-9223372036854775808', '9007199254740993'] },
  { mysql: 'bigint unsigned', postgres: 'numeric(20,0)', values: ['18446744073709551615'], fits: true },
  {
    mysql: 'decimal(12,2)',
    postgres: 'numeric(12,2)',
    values: ['0.10', '-9999999999.99', '-0.00'],
    fits: true,
  },
  {
    mysql: 'decimal(65,30)',
    postgres: 'numeric(65,30)',
    values: [`${'9'.repeat(35)}.${'7'.repeat(30)}`],
    fits: true,
  },
  { mysql: 'decimal(8,2) zerofill', postgres: 'numeric(8,2)', values: ['2.5'], fits: true },
  {
    mysql: 'double',
    postgres: 'double precision',
    values: [
      ...['0', '0.1', '1e15', '1e14', '0.0001', '0.00001', '1.7976931348623157e308', '5e-324'],
      ...['0.30000000000000004', '123456789012345678', '-1.5e-7'],
    ],
    fits: true,
  },
  {
    mysql: 'float',
    postgres: 'real',
    values: [
      '0',
      '0.1',
      '3.4028234663852886e38',
      '1e-45',
      '16777217',
      '999999',
      '1000000',
      '-1.5e-7',
      '0.333333333',
    ],
    fits: true,
  },
  {
    mysql: `varchar(50) ${utf8}`,
    postgres: 'varchar(50)',
    values: [`''`, `' trailing  '`, `'ÄÖ 😀 𝒳'`, `'\\N'`],
    fits: true,
  },
  { mysql: `varchar(50) ${utf8}`, values: [`'a\\0b'`, `'tab\\t quote\\' \\\\ \\Z'`] },
  { mysql: `varchar(20) CHARACTER SET latin1`, postgres: 'varchar(20)', values: [`'ÄÖÜß €'`], fits: true },
  {
    mysql: `varchar(20) ${utf8} COLLATE utf8mb4_bin`,
    postgres: 'varchar(20)',
    values: [`'a '`, `'A'`],
    fits: true,
  },
  { mysql: `char(5) ${utf8}`, postgres: 'char(5)', values: [`''`, `'abc'`, `' ab'`], fits: true },
  { mysql: `tinytext ${utf8}`, postgres: 'text', values: [`'x'`, `''`], fits: true },
  { mysql: `mediumtext ${utf8}`, postgres: 'text', values: [`REPEAT('ä😀', 200000)`], fits: true },
  { mysql: 'binary(4)', postgres: 'bytea', values: [`x'00ff5c0a'`, `x'00'`], fits: true },
  { mysql: 'varbinary(10)', postgres: 'bytea', values: [`''`, `x'00ff5c0a'`], fits: true },
  { mysql: 'longblob', postgres: 'bytea', values: [`REPEAT(x'00ff', 500000)`], fits: true },
  { mysql: 'bit(1)', postgres: 'bit(1)', values: [`b'1'`, `b'0'`], fits: true },
  { mysql: 'bit(64)', postgres: 'bit(64)', values: [`b'1'`, `x'ffffffffffffffff'`], fits: true },
  { mysql: 'date', postgres: 'date', values: [`'2020-02-29'`, `'9999-12-31'`, `'0001-01-01'`], fits: true },
  { mysql: 'date', values: [`'0000-00-00'`, `'2020-00-00'`] },
  { mysql: 'time', postgres: 'time(0)', values: [`'23:59:59'`, `'00:00:00'`], fits: true },
  { mysql: 'time(6)', postgres: 'time', values: [`'23:59:59.999999'`, `'09:00:00.1'`], fits: true },
  { mysql: 'time(3)', values: [`'-838:59:59'`, `'838:59:59'`, `'-00:00:01.5'`] },
  { mysql: 'datetime', postgres: 'timestamp(0)', values: [`'2020-02-29 20:10:00'`], fits: true },
  {
    mysql: 'datetime(6)',
    postgres: 'timestamp',
    values: [`'2020-02-29 23:59:59.999999'`, `'2020-10-25 00:00:00'`, `'2020-10-25 01:00:00.5'`],
    fits: true,
  },
  { mysql: 'datetime', values: [`'0000-00-00 00:00:00'`] },
  {
    mysql: 'timestamp(6) NULL',
    postgres: 'timestamptz',
    values: [`'2020-10-25 00:30:00.100000'`, `'2038-01-19 03:14:07.999999'`, `'1970-01-01 00:00:01'`],
    fits: true,
  },
  { mysql: 'timestamp NULL', values: [`'0000-00-00 00:00:00'`] },
  { mysql: 'year', postgres: 'smallint', values: ['1901', '2155'], fits: true },
  { mysql: 'year', values: ['0'] },
  {
    mysql: `enum('so, so', 'it''s', 'ä') ${utf8}`,
    postgres: 'varchar(20)',
    values: [`'so, so'`, `'it''s'`, `'ä'`],
    fits: true,
  },
  { mysql: `set('a', 'b', 'c') ${utf8}`, values: [`'c,a'`, `''`] },
  {
    mysql: 'json',
    postgres: 'json',
    values: [`'{"b": 1, "a": "\\\\u00e4", "c": null}'`, `'null'`, `'"x"'`],
    fits: true,
  },
  { mysql: 'point', values: [`ST_GeomFromText('POINT(0.1 -1e300)')`] },
];

const across = TYPES.filter((type) => type.postgres);

const columns = (types: readonly Type[], of: (type: Type) => string): string =>
  types.map((type, i) => `c${i} ${of(type)}`).join(', ');

const mysqlTable = (types: readonly Type[]): string =>
  `CREATE TABLE kinds (id integer AUTO_INCREMENT PRIMARY KEY, ${columns(types, (type) => type.mysql)})`;
const postgresTable = (types: readonly Type[]): string =>
  `CREATE TABLE kinds (id integer PRIMARY KEY, ${columns(types, (type) => type.postgres ?? '')})`;

/** Zero dates have to be allowed by who writes them. */
const RELAXED = `SET sql_mode = 'STRICT_ALL_TABLES'; SET time_zone = '+00:00';`;

const inserts = (types: readonly Type[]): string =>
  types
    .flatMap(({ values }, i) => values.map((value) => `INSERT INTO kinds (c${i}) VALUES (${value});`))
    .join('\n');

const PAIRINGS = [
  ['MySQL', TYPES, mysqlTable(TYPES), 'mysql'],
  ['PostgreSQL', across, postgresTable(across), 'postgres'],
] as const;

describe.each(PAIRINGS)('every value of MySQL, with %s following', (_, types, schema, service) => {
  let bed: Twins;
  let back: Stream;
  const all = async (side: 'monolith' | 'service') => {
    const { key, columns: infos } =
      bed.synced.mapping[side === 'monolith' ? 'toService' : 'toMonolith'].captured[0]!;
    const table = { name: 'kinds', key, columns: infos };
    return (await bed.databases[side].readChunk('twins', table, null, 1000)).map(({ row }) => row);
  };
  beforeAll(async () => {
    bed = await twins({
      monolith: mysqlTable(types),
      service: schema,
      tables: ['kinds'],
      fits: true,
      pairing: { monolith: 'mysql', service },
    });
    await bed.sql('monolith', RELAXED);
    await bed.sql('monolith', inserts(types));
  });
  afterAll(() => bed.close());

  it('arrives as a change, the same in every text', async () => {
    await bed.catchUp();
    expect(await bed.databases.service.parkedChanges('twins', 10)).toEqual([]);
    expect(await all('service')).toEqual(await all('monolith'));
    expect((await all('service')).length).toBe(types.flatMap(({ values }) => values).length);
  });

  it('is copied over what was lost, and verified equal', async () => {
    await bed.databases.service.applying('twins', 5n, async (applier) => {
      const { target } = bed.synced.mapping.toService.entries[0]!;
      const rows = (await all('monolith')).map((row) => ({
        sourceKey: `["${row.id}"]`,
        version: '0',
        values: row,
      }));
      await applier.discard(target, rows.slice(0, 20));
      await applier.mend(target, rows);
    });
    expect(await all('service')).toEqual(await all('monolith'));
    expect(await verify(bed.stream)).toMatchObject({ differences: 0, unsettled: 0 });
  });

  it('comes back the same when the other side owns it and writes it anew', async () => {
    const before = await all('service');
    back = await bed.turnRound();
    await bed.sql(
      'service',
      service === 'mysql' ? `${RELAXED} UPDATE kinds SET id = id + 1000` : 'UPDATE kinds SET id = id + 1000',
    );
    while ((await relayOnce(back)) > 0);
    expect(await bed.databases.monolith.parkedChanges('twins', 10)).toEqual([]);
    const moved = before.map((row) => ({ ...row, id: String(Number(row.id) + 1000) }));
    expect(await all('monolith')).toEqual(moved);
  });
});
