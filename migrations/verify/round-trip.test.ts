import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { closeBeds, openBed } from '../mapping/testing/bed.ts';
import { describeAltered, roundTrip } from './round-trip.ts';

afterEach(closeBeds);

const TABLES = {
  monolith: `CREATE TABLE item (id integer PRIMARY KEY, nm text, price numeric(12,3) NOT NULL, at timestamp, kind text)`,
  service: `CREATE TABLE item (id integer PRIMARY KEY, name text, minor bigint NOT NULL, at timestamptz)`,
};

const folder = mkdtempSync(join(tmpdir(), 'strangler-round-trip-'));
writeFileSync(
  join(folder, 'shout.ts'),
  `export const toService = (row) => ({ name: row.nm.trim() });
   export const toMonolith = (row) => ({ nm: row.name });`,
);

const PAIR = {
  from: 'item',
  to: 'item',
  key: { id: 'id' },
  columns: {
    price: { to: 'minor', convert: 'money', scale: 2, fits: true },
    at: { to: 'at', convert: 'time', zone: 'Europe/Berlin' },
  },
  where: { kind: 'a' },
  using: { file: './shout.ts', monolith: ['nm'], service: ['name'] },
};

describe('a round trip', () => {
  it('finds the real rows that would not come back, with column and both values, and no others', async () => {
    const bed = await openBed(TABLES, [PAIR], undefined, folder);
    await bed.monolith.sql(`
      INSERT INTO item SELECT i, 'name ' || i, i + 0.5, timestamp '2020-06-01' + i * interval '1 minute', 'a' FROM generate_series(1, 4500) i;
      INSERT INTO item VALUES (5000, 'filtered ', 1, NULL, 'b'), (5001, 'blank ', 1, NULL, 'a'),
        (5002, 'mill', 1.005, NULL, 'a'), (5003, 'twice', 1, '2020-10-25 02:30:00', 'a'),
        (5004, 'never', 1, '2020-03-29 02:30:00', 'a')`);
    const stream = await bed.begin('monolith');
    const report = await roundTrip(stream, bed.synced.mapping.toMonolith);
    expect(report).toMatchObject({ rows: 4505, without: 1, altered: 4 });
    expect(report.examples.map(describeAltered)).toEqual([
      'item → item ["5001"]: nm "blank " would come back as "blank"',
      'item → item ["5002"]: "1.005" has more than 2 digits behind the point',
      'item → item ["5003"]: "2020-10-25 02:30:00" exists twice in Europe/Berlin',
      'item → item ["5004"]: "2020-03-29 02:30:00" does not exist in Europe/Berlin',
    ]);
  });
});
