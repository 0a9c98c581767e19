import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Change, ColumnInfo, TableInfo } from '../databases/database.ts';
import { TEXT } from '../databases/kind.ts';
import { compileMapping, MappingError } from './compile.ts';
import { runsOf } from './mapping.ts';
import { tablePairSchema } from './schema.ts';

const column = (name: string, extra: Partial<ColumnInfo> = {}): [string, ColumnInfo] => [
  name,
  {
    name,
    type: 'text',
    kind: TEXT,
    castType: 'text',
    nullable: true,
    hasDefault: false,
    generated: false,
    ...extra,
  },
];
const table = (name: string, columns: [string, ColumnInfo][], extra: Partial<TableInfo> = {}) =>
  new Map<string, TableInfo>([
    [name, { name, columns: new Map(columns), primaryKey: ['id'], references: [], uniques: [], ...extra }],
  ]);
const pair = (columns: Record<string, unknown>, key: Record<string, string> = { id: 'id' }) =>
  tablePairSchema.parse({ from: 'old', to: 'new', key, columns });
const id = column('id', { nullable: false });

const complaints = (...args: Parameters<typeof compileMapping>): string[] => {
  try {
    compileMapping(...args);
    return [];
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    return error.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
  }
};

describe('a mapping is refused', () => {
  it('when it names a column that does not exist, with the nearest one', () => {
    const found = complaints(
      [pair({ price: 'price' })],
      table('old', [id, column('price')]),
      table('new', [id, column('prices')]),
    );
    expect(found).toEqual([
      '0.columns.price: service table "new" has no column "price"; did you mean "prices"?',
    ]);
  });

  it('when a table has no primary key, or another one', () => {
    const old = table('old', [id, column('a')], { primaryKey: [] });
    const next = table('new', [id, column('a')], { primaryKey: ['id', 'a'] });
    expect(complaints([pair({ a: 'a' })], old, next)).toEqual([
      expect.stringMatching(/^0: monolith table "old" has no primary key, .*: add one/),
      '0.key: the key of service table "new" is (id, a), not (id)',
    ]);
  });

  it('when nulls of one side are refused by the other', () => {
    const found = complaints(
      [pair({ a: 'a' })],
      table('old', [id, column('a')]),
      table('new', [id, column('a', { nullable: false })]),
    );
    expect(found[0]).toContain('nulls of "a" are refused by "a" (make both nullable, or both NOT NULL)');
  });

  it('when a row could not be inserted on the way back', () => {
    const old = table('old', [id, column('needed', { nullable: false })]);
    expect(complaints([pair({})], old, table('new', [id]))).toEqual([
      '0: column "needed" of monolith table "old" is NOT NULL without a default, and nothing is mapped to it: map a column to it, name a value in `constants`, or give it a default',
    ]);
  });

  it('when two values of an enum would become one', () => {
    const twice = { a: { to: 'a', convert: 'enum', values: { X: 'same', Y: 'same' } } };
    expect(() => pair(twice)).toThrow(/would both become/);
  });
});

describe('runs', () => {
  const change = fc.record({
    table: fc.constantFrom('a', 'b'),
    op: fc.constantFrom<Change['op']>('upsert', 'delete'),
    key: fc.constantFrom('1', '2', '3'),
  });

  it('keep every change, in order, with one table and operation and no key twice in each', () => {
    fc.assert(
      fc.property(fc.array(change), (list) => {
        const changes = list.map((c, i): Change => ({ ...c, id: String(i), row: {} }));
        const runs = runsOf(changes);
        expect(runs.flat()).toEqual(changes);
        for (const run of runs) {
          expect(new Set(run.map((c) => `${c.table} ${c.op}`)).size).toBe(1);
          expect(new Set(run.map((c) => c.key)).size).toBe(run.length);
        }
      }),
    );
  });
});
