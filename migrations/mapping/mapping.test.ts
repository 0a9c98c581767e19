import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Change, ColumnInfo, TableInfo } from '../databases/database.ts';
import { compileMapping, MappingError } from './compile.ts';
import { converterOf } from './convert.ts';
import { runsOf } from './mapping.ts';
import { tablePairSchema } from './schema.ts';

const column = (name: string, extra: Partial<ColumnInfo> = {}): [string, ColumnInfo] => [
  name,
  { name, type: 'text', castType: 'text', nullable: true, hasDefault: false, generated: false, ...extra },
];
const table = (name: string, columns: [string, ColumnInfo][], extra: Partial<TableInfo> = {}) =>
  new Map<string, TableInfo>([
    [name, { name, columns: new Map(columns), primaryKey: ['id'], references: [], ...extra }],
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

describe('conversions', () => {
  it('of money are exact and come back as they went', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9 }),
        fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
        (scale, minor) => {
          const money = converterOf({ to: 'x', convert: 'money', scale });
          const decimal = money.toMonolith(String(minor));
          expect(money.toService(decimal)).toBe(String(minor));
        },
      ),
    );
  });

  it.each([
    ['2.55', '255'],
    ['-0.05', '-5'],
    ['7', '700'],
    ['1.500', '150'],
    ['-0.00', '0'],
  ])('of money turn %s into %s cents', (decimal, minor) => {
    expect(converterOf({ to: 'x', convert: 'money', scale: 2 }).toService(decimal)).toBe(minor);
  });

  it('of money refuse what cannot be held', () => {
    const money = converterOf({ to: 'x', convert: 'money', scale: 2 });
    expect(() => money.toService('2.555')).toThrow('"2.555" has more than 2 digits behind the point');
    expect(() => money.toService('NaN')).toThrow('"NaN" is not an amount of money');
  });

  it('of enums translate both ways and refuse what is not listed', () => {
    const state = converterOf({ to: 'x', convert: 'enum', values: { A: 'active', D: 'gone' } });
    expect([state.toService('D'), state.toMonolith('active'), state.toService(null)]).toEqual([
      'gone',
      'A',
      null,
    ]);
    expect(() => state.toService('Z')).toThrow('"Z" is none of the mapped values (A, D)');
  });
});

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
      '0: monolith table "old" has no primary key; add one: rows without a key cannot be followed',
      '0.key: the key of service table "new" is (id, a), not (id)',
    ]);
  });

  it('when nulls of one side are refused by the other', () => {
    const found = complaints(
      [pair({ a: 'a' })],
      table('old', [id, column('a')]),
      table('new', [id, column('a', { nullable: false })]),
    );
    expect(found[0]).toContain('nulls of the monolith are refused by the service');
  });

  it('when a row could not be inserted on the way back', () => {
    const old = table('old', [id, column('needed', { nullable: false })]);
    expect(complaints([pair({})], old, table('new', [id]))).toEqual([
      '0: column "needed" of monolith table "old" is NOT NULL without a default, and nothing is mapped to it: map a column to it, or give it a default',
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
