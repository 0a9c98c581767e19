import { describe, expect, it } from '@jest/globals';
import type { ColumnInfo, TableInfo } from '../databases/database.ts';
import type { Kind } from '../databases/kind.ts';
import { TEXT } from '../databases/kind.ts';
import { compileMapping } from './compile.ts';
import { ConversionError } from './convert.ts';
import { MappingError } from './problem.ts';
import { tablePairSchema } from './schema.ts';

type Extra = Partial<ColumnInfo>;
const column = (name: string, kind: Kind, extra: Extra = {}): ColumnInfo => ({
  name,
  type: kind.kind,
  kind,
  castType: 'x',
  nullable: true,
  hasDefault: false,
  generated: false,
  ...extra,
});
const integer = (bits: 8 | 16 | 32 | 64, unsigned = false): Kind => ({ kind: 'integer', bits, unsigned });
const id = column('id', integer(32), { nullable: false });
const table = (name: string, columns: ColumnInfo[], extra: Partial<TableInfo> = {}): TableInfo => ({
  name,
  columns: new Map([id, ...columns].map((one) => [one.name, one])),
  primaryKey: ['id'],
  references: [],
  uniques: [],
  ...extra,
});

function compiled(pairs: Record<string, unknown>[], monolith: TableInfo[], service: TableInfo[]) {
  const byName = (tables: TableInfo[]) => new Map(tables.map((one) => [one.name, one]));
  return compileMapping(
    pairs.map((pair) => tablePairSchema.parse({ from: 'old', to: 'new', key: { id: 'id' }, ...pair })),
    byName(monolith),
    byName(service),
  );
}

function refusals(...args: Parameters<typeof compiled>): string[] {
  try {
    compiled(...args);
    return [];
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    return error.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
  }
}

const between = (m: Kind, s: Kind, form: object = {}, extra: Extra = {}): string[] =>
  refusals(
    [{ columns: { a: { to: 'b', ...form } } }],
    [table('old', [column('a', m, extra)])],
    [table('new', [column('b', s)])],
  );

const text = (length: number | null): Kind => ({ ...TEXT, length });
const at = (kind: 'datetime' | 'instant', precision = 6): Kind => ({ kind, precision });

describe('a conversion that is not the right one is refused with the right one', () => {
  const decimal = (scale: number): Kind => ({ kind: 'decimal', precision: 12, scale });
  const money = { convert: 'money', fits: true };

  it.each<[string, Kind, Kind, object, RegExp]>([
    ['cents in the monolith', integer(32), decimal(2), money, /other way round, write a function/],
    ['amounts on both sides', decimal(2), decimal(2), money, /whole minor units in the service/],
    ['a number for a UUID', integer(32), { kind: 'uuid' }, {}, /`translate: some-name`/],
  ])('%s', (_, monolith, service, form, words) => {
    expect(between(monolith, service, form)).toEqual([expect.stringMatching(words)]);
  });
});

describe('a constant that the database would spell otherwise is refused with an example', () => {
  it.each<[string, Kind, string, string]>([
    ['date', { kind: 'date' }, '29.2.2020', '2020-02-29'],
    ['datetime', at('datetime'), '2020-02-29', '2020-02-29 23:59:59'],
    ['instant', at('instant'), '2020-02-29 23:59:59', '2020-02-29 23:59:59+00'],
    [
      'uuid',
      { kind: 'uuid' },
      'F47AC10B-58CC-4372-A567-0E02B2C3D479',
      'f47ac10b-58cc-4372-a567-0e02b2c3d479',
    ],
  ])('%s', (_, kind, wrong, right) => {
    const withConstant = (value: string): string[] =>
      refusals(
        [{ constants: { service: { b: value } } }],
        [table('old', [])],
        [table('new', [column('b', kind)])],
      );
    expect(withConstant(wrong)).toEqual([expect.stringContaining(`it is written like '${right}'`)]);
    expect(withConstant(right)).toEqual([]);
  });
});

describe('what one of two columns cannot hold is refused, whichever it is', () => {
  it.each<[string, Kind, Kind, RegExp]>([
    ['length', text(20), text(10), /"b" cannot take more than 10 characters/],
    ['length on the way back', text(10), text(20), /"a" cannot take more than 10 characters/],
    ['bytes', text(20), { ...TEXT, length: 20, bytes: 20 }, /"b" cannot take more than 20 bytes/],
    ['padding', text(5), { ...TEXT, length: 5, fixed: true }, /"b" cannot take blanks at the end/],
    ['range', integer(64), integer(32), /"b" cannot take numbers below -2147483648/],
    ['signs', integer(32), integer(32, true), /"b" cannot take numbers below 0/],
    [
      'scale',
      { kind: 'decimal', precision: 12, scale: 3 },
      { kind: 'decimal', precision: 12, scale: 2 },
      /"b" cannot take more than 2 digits behind the point.*"a" cannot take more than 9 digits before/s,
    ],
    ['precision of times', at('instant', 6), at('instant', 0), /"b" cannot take more than 0 digits/],
    ['floats', { kind: 'float', bits: 64 }, { kind: 'float', bits: 32 }, /digits that only 64 bits hold/],
    [
      'labels',
      { kind: 'enum', labels: ['a', 'b'] },
      { kind: 'enum', labels: ['b', 'c'] },
      /"b" cannot take the label "a".*"a" cannot take the label "c"/s,
    ],
    ['texts for labels', TEXT, { kind: 'enum', labels: ['a'] }, /texts other than a/],
    ['texts for JSON', { kind: 'json' }, TEXT, /texts that are not JSON/],
  ])('%s', (_what, m, s, message) => {
    expect(between(m, s).join('\n')).toMatch(message);
    expect(between(m, s, { fits: true })).toEqual([]);
  });

  it.each<[string, Kind, Kind, RegExp]>([
    ['arrays', { kind: 'array', of: TEXT }, TEXT, /no conversion between these types/],
    [
      'types of their own',
      { kind: 'other', name: 'inet' },
      { kind: 'other', name: 'point' },
      /no conversion/,
    ],
    ['zones', at('datetime'), at('instant'), /name the zone/],
  ])('%s, and no word accepts it', (_what, m, s, message) => {
    expect(between(m, s, { fits: true }).join()).toMatch(message);
  });

  it('an accepted value that does not fit is told at its row, and never cut', async () => {
    const mapping = compiled(
      [{ columns: { a: { to: 'b', fits: true } } }],
      [table('old', [column('a', TEXT)])],
      [table('new', [column('b', text(3))])],
    );
    const answers = await mapping.toService.entries[0]?.toTargets([
      { id: '1', a: 'äöü' },
      { id: '2', a: 'abc ' },
    ]);
    expect(answers?.[0]).toEqual({ id: '1', b: 'äöü' });
    expect(answers?.[1]).toBeInstanceOf(ConversionError);
  });

  it('codes and labels are refused when one side has more of them', () => {
    const labels: Kind = { kind: 'enum', labels: ['active', 'gone', 'hidden'] };
    const form = { convert: 'enum', values: { A: 'active', X: 'gone' } };
    expect(between(text(1), labels, form).join()).toContain('"hidden", for which `values` has nothing');
    const wrong = { convert: 'enum', values: { A: 'active', X: 'lost' } };
    expect(between(text(1), labels, wrong).join()).toContain('cannot take the label "lost"');
  });

  it('a zero date stands for null only where null itself cannot come', () => {
    const form = { convert: 'zero-date' };
    expect(between({ kind: 'date' }, { kind: 'date' }, form).join()).toContain(
      'use zero-date for a NOT NULL column',
    );
    expect(between({ kind: 'date' }, { kind: 'date' }, form, { nullable: false })).toEqual([]);
  });
});

describe('rows that would be refused on the other side are refused before', () => {
  const unique = { uniques: [['b']] };

  it('when a column is unique on one side only, or less strictly', () => {
    const columns = { columns: { a: 'b' } };
    const loose: Kind = { ...TEXT, loose: true };
    expect(
      refusals(
        [columns],
        [table('old', [column('a', TEXT)])],
        [table('new', [column('b', TEXT)], unique)],
      )[0],
    ).toMatch(/^0\.columns\.a: \(b\) of service table "new" is unique, and "a" of the monolith is not/);
    const strictly = table('old', [column('a', TEXT)], { uniques: [['a']] });
    expect(refusals([columns], [strictly], [table('new', [column('b', TEXT)], unique)])).toEqual([]);
    expect(refusals([columns], [strictly], [table('new', [column('b', loose)], unique)])).toHaveLength(1);
  });

  it('when keys differ that the other side takes for equal', () => {
    const key = (kind: Kind) => ({ columns: new Map([['id', column('id', kind, { nullable: false })]]) });
    const found = refusals(
      [{}],
      [table('old', [], key({ ...TEXT, loose: true }))],
      [table('new', [], key(TEXT))],
    );
    expect(found[0]).toContain('takes keys for equal that differ in case, accents or blanks');
  });

  it('when a table that two pairs write is nobody’s in particular', () => {
    const other = table('other', [column('c', TEXT)]);
    const pairs = [{ columns: { a: 'b' } }, { from: 'other', columns: { c: 'c' } }];
    const tables = [table('old', [column('a', TEXT)]), other];
    const service = [table('new', [column('b', TEXT), column('c', TEXT)])];
    expect(refusals(pairs, tables, service)[0]).toContain('say `part: true`');
    expect(refusals([pairs[0] ?? {}, { ...pairs[1], part: true }], tables, service)).toEqual([]);
  });

  it('when a row that comes back would not have what the filter asks for', () => {
    const tables = [table('old', [column('a', TEXT), column('kind', TEXT)])];
    const service = [table('new', [column('b', TEXT)])];
    const where = (kind: unknown) => [{ columns: { a: 'b' }, where: { kind } }];
    expect(refusals(where(['x', 'y']), tables, service)[0]).toMatch(/^0\.where\.kind: a row that comes back/);
    expect(refusals(where('x'), tables, service)).toEqual([]);
  });

  it('only before a sync: what types do not promise is borne while one is under way', () => {
    const pair = tablePairSchema.parse({ from: 'old', to: 'new', key: { id: 'id' }, columns: { a: 'b' } });
    const [m, s] = [table('old', [column('a', text(9))]), table('new', [column('b', text(3))])];
    const means = {
      keys: { find: async () => new Map(), make: async () => new Map() },
      functions: new Map(),
    };
    const compile = (bearsRisks: boolean) =>
      compileMapping([pair], new Map([['old', m]]), new Map([['new', s]]), { ...means, bearsRisks });
    expect(() => compile(false)).toThrow(MappingError);
    expect(() => compile(true)).not.toThrow();
  });
});
