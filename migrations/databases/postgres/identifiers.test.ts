import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { twins } from '../../testing/twins.ts';
import { fitting } from './identifiers.ts';

const bytes = (name: string): number => Buffer.byteLength(name);

it('a name of ours is never cut by the server, and two of them stay two', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 120 });
  fc.assert(
    fc.property(name, name, (a, b) => {
      expect(bytes(fitting(a))).toBeLessThanOrEqual(63);
      expect(fitting(a) === fitting(b)).toBe(a === b);
    }),
  );
});

it('two tables whose long names differ only at their ends are captured each for itself', async () => {
  const long = 'a_name_that_is_as_long_as_a_table_may_have_it_in_postgresql_';
  const tables = [`${long}1`, `${long}2`];
  const ddl = tables.map((table, i) => `CREATE TABLE ${table} (id int PRIMARY KEY, v${i} text);`).join('\n');
  const bed = await twins({ monolith: ddl, service: ddl, tables });
  try {
    for (const [i, table] of tables.entries())
      await bed.monolith.query(`INSERT INTO ${table} VALUES (${i}, 'of ${i}')`);
    const { rows } = await bed.monolith.query('SELECT source, row FROM strangler.change ORDER BY id');
    expect(rows).toEqual([
      { source: tables[0], row: { id: '0', v0: 'of 0' } },
      { source: tables[1], row: { id: '1', v1: 'of 1' } },
    ]);
  } finally {
    await bed.close();
  }
});
