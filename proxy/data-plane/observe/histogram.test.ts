import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Histogram } from './histogram.ts';

const of = (values: readonly number[]): Histogram => {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
};

const exact = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0;

describe('a histogram', () => {
  it('tells a quantile to within 1.6 %, over the whole range', () => {
    const magnitude = fc.integer({ min: 0, max: 31 }).chain((bits) => fc.integer({ min: 0, max: 2 ** bits }));
    fc.assert(
      fc.property(
        fc.array(magnitude, { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0.5, 0.9, 0.99, 1),
        (v, share) => {
          const want = exact(v, share);
          expect(Math.abs((of(v).quantile(share) ?? NaN) - want)).toBeLessThanOrEqual(want * 0.016);
        },
      ),
    );
  });

  it('is exact for small numbers and at the borders of its buckets', () => {
    for (const value of [0, 1, 63, 64, 127]) expect(of([value]).quantile(0.5)).toBe(value);
    for (let bits = 7; bits < 32; bits += 1) {
      for (const value of [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]) {
        expect(Math.abs((of([value]).quantile(1) ?? NaN) - value)).toBeLessThanOrEqual(value * 0.016);
      }
    }
  });

  it('says nothing when it holds nothing, and takes what is out of range at its ends', () => {
    expect(of([]).quantile(0.5)).toBeNull();
    expect(of([-5]).quantile(0.5)).toBe(0);
    expect(of([2 ** 40]).max).toBe(2 ** 32 - 1);
  });

  it('adds up to what both would have recorded together', () => {
    const sum = of([1, 2, 3]);
    sum.add(of([1000, 100_000]));
    expect([sum.total, sum.max, sum.quantile(0.5)]).toEqual([5, 100_000, 3]);
    sum.clear();
    expect([sum.total, sum.max, sum.quantile(0.5)]).toEqual([0, 0, null]);
  });

  it('can be sent, and added up elsewhere to what all would have recorded together', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 50 })),
        (parts) => {
          const merged = new Histogram();
          for (const part of parts)
            merged.addSparse(JSON.parse(JSON.stringify(of(part).sparse())) as number[]);
          const together = of(parts.flat());
          expect(merged.sparse()).toEqual(together.sparse());
          expect(merged.total).toBe(together.total);
          const [sent, want] = [merged.quantile(0.99) ?? -1, together.quantile(0.99) ?? -1];
          expect(Math.abs(sent - want)).toBeLessThanOrEqual(Math.abs(want) * 0.016);
        },
      ),
    );
  });

  it('counts what is above a value, to within a bucket and never too much', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1e7 })),
        fc.integer({ min: 0, max: 1e7 }),
        (v, limit) => {
          const counted = of(v).countAbove(limit);
          expect(counted).toBeLessThanOrEqual(v.filter((each) => each > limit).length);
          expect(counted).toBeGreaterThanOrEqual(v.filter((each) => each > limit * 1.033 + 1).length);
        },
      ),
    );
  });
});
