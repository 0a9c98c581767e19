import { afterEach, describe, expect, it } from '@jest/globals';
import type { Side } from '../lifecycle/stages.ts';
import type { Pairing, TwoDatabases } from '../testing/two-databases.ts';
import { PAIRINGS, twoDatabases } from '../testing/two-databases.ts';
import type { Twins } from '../testing/twins.ts';
import { twins } from '../testing/twins.ts';
import { describeDifference } from './compare.ts';
import { verify } from './verify.ts';

/** The same meaning in both dialects; a column of each kind that both can spell alike. */
const COLUMNS = {
  postgres: `id bigint PRIMARY KEY, n integer, amount numeric(12,4), txt text, code char(4), day date, tod time(6),
    at timestamp(6), exact timestamptz(6), raw bytea`,
  mysql: `id bigint PRIMARY KEY, n int, amount decimal(12,4), txt text, code char(4), day date, tod time(6),
    at datetime(6), exact timestamp(6) NULL, raw varbinary(255)`,
};
const ROWS: readonly string[][] = [
  [
    '1',
    '-5',
    '2.5',
    `'plain'`,
    `'ab'`,
    `'2020-02-29'`,
    `'23:59:59.5'`,
    `'2020-01-01 10:00:00.000001'`,
    `'2020-06-01 00:00:00'`,
  ],
  [
    '2',
    '0',
    '-0.0001',
    `'blank '`,
    `'ab'`,
    `'1999-12-31'`,
    `'00:00:00'`,
    `'2020-01-01 10:00:00.1'`,
    `'2020-06-01 00:00:00.12'`,
  ],
  ['3', 'NULL', '10', `''`, 'NULL', 'NULL', 'NULL', 'NULL', 'NULL'],
  [
    '4',
    '2147483647',
    '12345678.9',
    `'😀 ü | 0'`,
    `''`,
    `'2038-01-19'`,
    `'12:00:00.000010'`,
    `'1970-01-01 00:00:00'`,
    `'2000-01-01 12:00:00'`,
  ],
];

describe.each(PAIRINGS)('%s', (_, pairing: Pairing) => {
  let close: () => Promise<void> = async () => undefined;
  afterEach(() => close());

  it('gives equal rows the same hash, so that no row has to be read', async () => {
    const tables = (side: Side): string => `CREATE TABLE item (${COLUMNS[pairing[side]]})`;
    const schema = { monolith: tables('monolith'), service: tables('service'), tables: ['item'] };
    const bed: Twins = await twins({ ...schema, pairing, fits: true });
    close = () => bed.close();
    const raw = pairing.monolith === 'mysql' ? `x'00ff1f'` : `'\\x00ff1f'`;
    const values = ROWS.map((row) => `(${[...row, raw].join(', ')})`).join(', ');
    await bed.sql('monolith', `INSERT INTO item VALUES ${values}`);
    await bed.catchUp();
    const report = await verify(bed.stream);
    expect(report).toMatchObject({ differences: 0, unsettled: 0, parked: 0 });
    expect(report.entries).toMatchObject([
      { by: 'checksum', ownerRows: 4, followerRows: 4, rangesOpened: 0 },
    ]);
  });

  it('gives converted rows the same hash, and finds one that differs', async () => {
    const bed: TwoDatabases = await twoDatabases(pairing);
    close = () => bed.close();
    await bed.install();
    await bed.sql('monolith', `INSERT INTO maker (nm) VALUES ('a'), ('b ')`);
    await bed.sql(
      'monolith',
      `INSERT INTO item (code, maker_id, price, stat, qty, seen) VALUES
       ('c1', 1, 3.10, 'A', 1, '2020-02-29 12:00:00.123456'), ('c2', NULL, 0.00, 'X', 0, NULL), ('c3', 2, 100.05, 'A', 7, NULL)`,
    );
    await bed.catchUp();
    const equal = await verify(bed.stream);
    expect(equal.entries.map(({ by, rangesOpened }) => [by, rangesOpened])).toEqual([
      ['checksum', 0],
      ['checksum', 0],
      ['checksum', 0],
    ]);
    const session = await bed.open('service');
    await session.sql(
      pairing.service === 'mysql' ? `SET @strangler_origin = 'catalog'` : `SET strangler.origin = 'catalog'`,
    );
    await session.sql(`UPDATE product SET price_minor = 311 WHERE id = 1`);
    expect((await verify(bed.stream)).found.map(describeDifference)).toEqual([
      'item → product ["1"]: price_minor should be "310" and is "311"',
    ]);
  });
});
