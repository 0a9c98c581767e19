import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ColumnInfo, Row, TableInfo } from '../databases/database.ts';
import type { Kind, TextKind } from '../databases/kind.ts';
import { TEXT } from '../databases/kind.ts';
import { normalise } from '../verify/normalise.ts';
import { compileMapping } from './compile.ts';
import { ConversionError } from './convert.ts';
import { lossesBetween } from './losses.ts';
import { integerRange } from './numbers.ts';
import { MappingError } from './problem.ts';
import { tablePairSchema } from './schema.ts';

const text = (length: number | null, fixed = false): TextKind => ({ ...TEXT, length, fixed });
const LABELS = ['red', 'green', 'with, comma', 'äöü', 'NULL', ''];

/** Kinds of every name, narrow and wide. */
const KINDS: readonly Kind[] = [
  ...[8, 16, 24, 32, 64].flatMap((bits) =>
    [true, false].map((unsigned) => ({ kind: 'integer', bits, unsigned }) as Kind),
  ),
  ...[
    [1, 0],
    [5, 0],
    [20, 0],
    [5, 2],
    [12, 2],
    [12, 3],
    [30, 6],
  ].map(([precision = 1, scale = 0]): Kind => ({ kind: 'decimal', precision, scale })),
  { kind: 'boolean' },
  { kind: 'float', bits: 32 },
  { kind: 'float', bits: 64 },
  { kind: 'uuid' },
  { kind: 'json' },
  { kind: 'date' },
  { kind: 'year' },
  TEXT,
  text(1),
  text(5),
  text(36),
  text(36, true),
  { ...TEXT, bytes: 9 },
  { kind: 'bytes', bytes: 16, fixed: true },
  { kind: 'bytes', bytes: 4, fixed: true },
  { kind: 'bytes', bytes: 4, fixed: false },
  { kind: 'bytes', bytes: null, fixed: false },
  ...(['time', 'datetime', 'instant'] as const).flatMap((kind) =>
    [0, 3, 6].map((precision): Kind => ({ kind, precision })),
  ),
  ...(['enum', 'set'] as const).flatMap((kind) =>
    [['red'], ['red', 'green'], ['green', 'red', 'äöü']].map((labels): Kind => ({ kind, labels })),
  ),
  { kind: 'bits', length: 1, fixed: true },
  { kind: 'bits', length: 32, fixed: true },
  { kind: 'bits', length: 9, fixed: false },
  { kind: 'array', of: TEXT },
];
const PAIRS = KINDS.flatMap((m) => KINDS.map((s) => [m, s] as const));

const pad = (n: number, digits = 2): string => String(n).padStart(digits, '0');
const whole = (digits: number): fc.Arbitrary<bigint> =>
  fc.bigInt({ min: -(10n ** BigInt(digits)) + 1n, max: 10n ** BigInt(digits) - 1n });

/** Canonical texts that a column of the kind can have. */
function values(kind: Kind): fc.Arbitrary<string> {
  switch (kind.kind) {
    case 'integer':
      return fc.bigInt(integerRange(kind)).map(String);
    case 'decimal': {
      const scale = kind.scale ?? 0;
      return whole(kind.precision ?? 20).map((minor) => {
        const digits = String(minor < 0n ? -minor : minor).padStart(scale + 1, '0');
        const sign = minor < 0n ? '-' : '';
        return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
      });
    }
    case 'boolean':
      return fc.constantFrom('true', 'false');
    case 'float':
      return kind.bits === 32
        ? fc.float({ noNaN: true, noDefaultInfinity: true }).map(shortest32)
        : fc
            .double({ noNaN: true, noDefaultInfinity: true })
            .map((n) => (Object.is(n, -0) ? '-0' : String(n)));
    case 'uuid':
      return fc.uuid();
    case 'json':
      return fc.json();
    case 'date':
      return dates;
    case 'year':
      return fc.oneof(fc.constant('0000'), fc.integer({ min: 1901, max: 2155 }).map(String));
    case 'text':
      return fc
        .string({ unit: 'grapheme', maxLength: Math.min(kind.length ?? 40, kind.bytes ?? 40) })
        .map((value) => fitting(value.replaceAll('\0', '0'), kind));
    case 'bytes':
      return fc
        .uint8Array({ minLength: kind.fixed ? (kind.bytes ?? 0) : 0, maxLength: kind.bytes ?? 30 })
        .map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`);
    case 'time':
      return times(kind.precision);
    case 'datetime':
      return fc.tuple(dates, times(kind.precision)).map(([date, time]) => `${date} ${time}`);
    case 'instant':
      return fc.tuple(dates, times(kind.precision)).map(([date, time]) => `${date} ${time}+00`);
    case 'enum':
      return fc.constantFrom(...kind.labels);
    case 'set':
      return fc.subarray([...kind.labels]).map((labels) => labels.join(','));
    case 'bits':
      return fc
        .array(fc.constantFrom('0', '1'), {
          minLength: kind.fixed ? (kind.length ?? 0) : 1,
          maxLength: kind.length ?? 20,
        })
        .map((bits) => bits.join(''));
    default:
      return fc.subarray(['red', 'green', 'blue', 'äöü']).map((labels) => `{${labels.join(',')}}`);
  }
}

/** The beginning of a text, as far as the column takes it. */
function fitting(value: string, kind: TextKind): string {
  let text = '';
  let length = 0;
  for (const character of value) {
    const longer = text + character;
    if (++length > (kind.length ?? Infinity) || Buffer.byteLength(longer) > (kind.bytes ?? Infinity)) break;
    text = longer;
  }
  return kind.fixed ? text.trimEnd() : text;
}

const dates = fc
  .tuple(
    fc.integer({ min: 1583, max: 9998 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 28 }),
  )
  .map(([year, month, day]) => `${year}-${pad(month)}-${pad(day)}`);

const times = (precision: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.nat(10 ** precision - 1))
    .map(([hour, minute, second, fraction]) => {
      const behind = precision === 0 ? '' : `.${pad(fraction, precision)}`.replace(/\.?0+$/, '');
      return `${pad(hour)}:${pad(minute)}:${pad(second)}${behind}`;
    });

function shortest32(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const shown = Number(value.toPrecision(digits));
    if (Math.fround(shown) === value) return Object.is(value, -0) ? '-0' : String(shown);
  }
  return String(value);
}

const column = (name: string, kind: Kind, nullable = true): [string, ColumnInfo] => [
  name,
  { name, type: kind.kind, kind, castType: 'x', nullable, hasDefault: false, generated: false },
];
const table = (name: string, columns: [string, ColumnInfo][]): ReadonlyMap<string, TableInfo> =>
  new Map([[name, { name, columns: new Map(columns), primaryKey: ['id'], references: [], uniques: [] }]]);
const id = column('id', { kind: 'integer', bits: 32, unsigned: false }, false);

function compiled(columns: Record<string, unknown>, monolith: [string, Kind][], service: [string, Kind][]) {
  const pair = tablePairSchema.parse({ from: 'old', to: 'new', key: { id: 'id' }, columns });
  const side = (name: string, list: [string, Kind][]) =>
    table(name, [id, ...list.map(([one, kind]) => column(one, kind))]);
  try {
    const mapping = compileMapping([pair], side('old', monolith), side('new', service));
    const [there, back] = [mapping.toService.entries[0], mapping.toMonolith.entries[0]];
    return there && back ? { there, back } : null;
  } catch (error) {
    if (error instanceof MappingError) return null;
    throw error;
  }
}

async function thereAndBack(mapping: NonNullable<ReturnType<typeof compiled>>, row: Row) {
  const [there] = await mapping.there.toTargets([row]);
  if (!there || there instanceof ConversionError) return there;
  return (await mapping.back.toTargets([there]))[0];
}

describe('a mapping by types', () => {
  it.each([false, true])(
    'that is accepted brings every value back, in both directions, or says which it cannot take (fits: %s)',
    async (fits) => {
      let accepted = 0;
      for (const [m, s] of PAIRS) {
        const mapping = compiled({ v: { to: 'v', ...(fits ? { fits: true } : {}) } }, [['v', m]], [['v', s]]);
        if (!mapping) continue;
        accepted++;
        const turned = { there: mapping.back, back: mapping.there };
        const mayRefuse = fits || isCheckedByValue(m, s);
        await fc.assert(
          fc.asyncProperty(fc.option(values(m)), fc.option(values(s)), async (ours, theirs) => {
            for (const [way, kind, v] of [[mapping, m, ours] as const, [turned, s, theirs] as const]) {
              const home = await thereAndBack(way, { id: '1', v });
              if (home instanceof ConversionError)
                expect({ m, s, v, why: home.message, mayRefuse }).toMatchObject({ mayRefuse: true });
              else
                expect({ m, s, v: normalise(kind, home?.v ?? null) }).toEqual({
                  m,
                  s,
                  v: normalise(kind, v),
                });
            }
          }),
          { numRuns: 15 },
        );
      }
      expect(accepted).toBeGreaterThan(fits ? 200 : 60);
    },
  );

  it('that is refused for what a column cannot hold would really lose something', () => {
    let refused = 0;
    for (const [from, to] of PAIRS) {
      const losses = lossesBetween(from, to) ?? [];
      if (losses.length === 0) continue;
      refused++;
      const given = [...fc.sample(values(from), 100), ...edges(from)];
      for (const { what, ...loss } of losses) {
        expect({ from, to, what, isLost: given.some((value) => loss.isLost(value)) }).toEqual({
          from,
          to,
          what,
          isLost: true,
        });
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});

/** Types whose values are told apart one by one, because the types are how a database without better spells it. */
const isCheckedByValue = (m: Kind, s: Kind): boolean =>
  [m, s].some((kind) => kind.kind === 'uuid') && [m, s].some((kind) => kind.kind === 'text');

/** Values at the ends, which a sample seldom has. */
function edges(kind: Kind): string[] {
  if (kind.kind === 'integer') {
    const { min, max } = integerRange(kind);
    return [String(min), String(max)];
  }
  if (kind.kind === 'text')
    return kind.fixed
      ? ['x'.repeat(kind.length ?? 1)]
      : [
          `${'ä'.repeat((kind.length ?? 60) - 1)} `,
          '€'.repeat(kind.length ?? 3),
          'x'.repeat(kind.length ?? kind.bytes ?? 99),
        ];
  return [];
}

describe('a mapping by its words', () => {
  it('brings whole rows back', async () => {
    const codes = Object.fromEntries(LABELS.map((label, i) => [label, String(i)]));
    const mapping = compiled(
      {
        amount: { to: 'minor', convert: 'money', scale: 2, fits: true },
        state: { to: 'code', convert: 'enum', values: codes },
        yes: { to: 'yes', convert: 'boolean', values: { true: 'J', false: 'N' } },
        at: { to: 'at', convert: 'time', zone: 'Europe/Berlin' },
      },
      [
        ['amount', { kind: 'decimal', precision: 20, scale: 2 }],
        ['state', TEXT],
        ['yes', text(1, true)],
        ['at', { kind: 'datetime', precision: 6 }],
      ],
      [
        ['minor', { kind: 'integer', bits: 64, unsigned: false }],
        ['code', { kind: 'integer', bits: 16, unsigned: false }],
        ['yes', { kind: 'boolean' }],
        ['at', { kind: 'instant', precision: 6 }],
      ],
    );
    if (!mapping) throw new Error('the mapping is a good one');
    const rows = fc.record({
      id: fc.nat().map(String),
      amount: fc.option(values({ kind: 'decimal', precision: 18, scale: 2 })),
      state: fc.option(fc.constantFrom(...LABELS)),
      yes: fc.option(fc.constantFrom('J', 'N')),
      at: fc.option(values({ kind: 'datetime', precision: 6 })),
    });
    let inconvertible = 0;
    await fc.assert(
      fc.asyncProperty(rows, async (row) => {
        const home = await thereAndBack(mapping, row);
        if (home instanceof ConversionError) {
          inconvertible++;
          expect(home.message).toMatch(/(exists twice|does not exist) in Europe\/Berlin/);
        } else {
          const amount = row.amount === '-0.00' ? '0.00' : row.amount;
          expect(home).toEqual({ ...row, amount });
        }
      }),
      { numRuns: 1000 },
    );
    expect(inconvertible).toBeLessThan(20);
  });
});
