import { describe, expect, it } from '@jest/globals';
import type { Kind } from '../../databases/kind.ts';
import type { Conversion } from '../convert.ts';
import { money } from './money.ts';
import { setAndArray } from './sets.ts';
import { Zone } from './zone.ts';

describe('money', () => {
  const decimal: Kind = { kind: 'decimal', precision: 12, scale: 2 };
  const cents: Kind = { kind: 'integer', bits: 64, unsigned: false };
  const { toService, toMonolith } = money(2, decimal, cents) as Conversion;

  it.each([
    ['2.55', '255'],
    ['-0.05', '-5'],
    ['7', '700'],
    ['1.500', '150'],
    ['-0.00', '0'],
    ['0012.30', '1230'],
  ])('turns %s into %s cents', (amount, minor) => {
    expect(toService.convert?.(amount)).toBe(minor);
  });

  it('turns cents into an amount, and refuses what is none', () => {
    expect(['255', '-5', '0'].map((minor) => toMonolith.convert?.(minor))).toEqual(['2.55', '-0.05', '0.00']);
    expect(() => toService.convert?.('2.555')).toThrow('"2.555" has more than 2 digits behind the point');
    expect(() => toService.convert?.('NaN')).toThrow('"NaN" is not an amount of money');
  });
});

describe('a local time', () => {
  const berlin = new Zone('Europe/Berlin');

  it.each([
    ['2020-07-01 12:00:00.123456', '2020-07-01 10:00:00.123456+00'],
    ['2020-01-01 00:30:00', '2019-12-31 23:30:00+00'],
    ['2020-03-29 01:59:59.999999', '2020-03-29 00:59:59.999999+00'],
    ['2020-03-29 03:00:00', '2020-03-29 01:00:00+00'],
    ['2020-10-25 01:59:59', '2020-10-24 23:59:59+00'],
    ['2020-10-25 03:00:00', '2020-10-25 02:00:00+00'],
    ['1890-01-01 00:00:00', '1889-12-31 23:06:32+00'],
    ['infinity', 'infinity'],
  ])('%s in Berlin is %s', (local, instant) => {
    expect([berlin.toInstant(local), berlin.toLocal(instant)]).toEqual([instant, local]);
  });

  it('that the clocks showed twice, or never, is not guessed, from either side', () => {
    expect(() => berlin.toInstant('2020-03-29 02:30:00')).toThrow('does not exist in Europe/Berlin');
    expect(() => berlin.toInstant('2020-10-25 02:00:00')).toThrow('exists twice in Europe/Berlin');
    expect(() => berlin.toInstant('2020-10-25 02:59:59.999')).toThrow('exists twice in Europe/Berlin');
    for (const instant of ['2020-10-25 00:30:00+00', '2020-10-25 01:30:00+00']) {
      expect(() => berlin.toLocal(instant)).toThrow('exists twice in Europe/Berlin');
    }
    expect(() => berlin.toInstant('2020-02-30 00:00:00')).toThrow('is not a time of the calendar');
  });

  it('of zones that move by half an hour, or by a day, is exact too', () => {
    const [howe, apia] = [new Zone('Australia/Lord_Howe'), new Zone('Pacific/Apia')];
    expect(() => howe.toInstant('2020-04-05 01:45:00')).toThrow('exists twice');
    expect(howe.toInstant('2020-04-05 02:00:00')).toBe('2020-04-04 15:30:00+00');
    expect(() => apia.toInstant('2011-12-30 12:00:00')).toThrow('does not exist');
    expect(apia.toInstant('2011-12-31 00:00:00')).toBe('2011-12-30 10:00:00+00');
  });
});

describe('a set and an array', () => {
  const labels = ['a', 'b c', 'NULL', 'q"\\'];
  const column = (kind: Kind) => ({
    name: 'x',
    type: kind.kind,
    kind,
    castType: 'x',
    nullable: true,
    hasDefault: false,
    generated: false,
  });
  const { toService, toMonolith } = setAndArray(
    column({ kind: 'set', labels }),
    column({ kind: 'array', of: { kind: 'enum', labels } }),
  );

  it.each([
    ['', '{}'],
    ['a', '{a}'],
    ['a,b c,NULL,q"\\', '{a,"b c","NULL","q\\"\\\\"}'],
  ])('%j is %s', (set, array) => {
    expect([toService.convert?.(set), toMonolith.convert?.(array)]).toEqual([array, set]);
  });

  it('refuse what a set cannot be', () => {
    for (const array of ['{z}', '{"b c",a}', '{a,a}', '{NULL}', '{{a}}', '[2:2]={a}']) {
      expect(() => toMonolith.convert?.(array)).toThrow(JSON.stringify(array));
    }
  });
});
