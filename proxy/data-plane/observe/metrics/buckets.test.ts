import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BOUNDS_MS, Buckets } from './buckets.ts';

describe('the buckets of a duration', () => {
  it('count what lies at or below each bound, whatever was recorded', () => {
    const durations = fc.array(
      fc.oneof(fc.constantFrom(0, ...BOUNDS_MS), fc.double({ min: 0, max: 200_000, noNaN: true })),
    );
    fc.assert(
      fc.property(durations, (recorded) => {
        const buckets = new Buckets();
        for (const ms of recorded) buckets.record(ms);
        const expected = BOUNDS_MS.map((bound) => recorded.filter((ms) => ms <= bound).length);
        expect(buckets.cumulative()).toEqual(expected);
        expect(buckets.total).toBe(recorded.length);
        expect(buckets.sumMs).toBeCloseTo(
          recorded.reduce((sum, ms) => sum + ms, 0),
          3,
        );
      }),
    );
  });
});
