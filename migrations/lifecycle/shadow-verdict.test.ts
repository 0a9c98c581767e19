import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { judge, gatesOf, type Evidence } from './gates.ts';
import { verdictOf, verdictOfAll, type ShadowCounts } from './shadow-verdict.ts';

const THRESHOLDS = { lagSeconds: 2, shadowSamples: 100, shadowMismatchPercent: 0.1, verifyMaxAgeMinutes: 60 };
const verdict = (differed: number, compared: number, thresholds = THRESHOLDS) =>
  verdictOf({ differed, compared }, thresholds);

describe('the verdict of the shadow', () => {
  it.each([
    [0, 0, 'not enough data'],
    [0, 99, 'not enough data'],
    [0, 100, 'agrees'],
    [1, 100_000, 'agrees'],
    [1, 1000, 'agrees'],
    [1, 500, 'not enough data'],
    [1, 50, 'differs'],
    [1, 1, 'differs'],
    [20, 1000, 'differs'],
    [130, 100_000, 'differs'],
    [100, 100_000, 'agrees'],
    [101, 100_000, 'not enough data'],
  ])('is with %d of %d: %s', (differed, compared, expected) => {
    expect(verdict(differed, compared)).toBe(expected);
  });

  it('can be switched off, or made to forgive nothing', () => {
    expect(verdict(0, 0, { ...THRESHOLDS, shadowSamples: 0 })).toBe('agrees');
    expect(verdict(100, 100, { ...THRESHOLDS, shadowMismatchPercent: 100 })).toBe('agrees');
    expect(verdict(1, 1_000_000, { ...THRESHOLDS, shadowMismatchPercent: 0 })).toBe('differs');
  });

  it('never gets better by a difference, nor worse by an agreement', () => {
    const rank = { differs: 0, 'not enough data': 1, agrees: 2 };
    const counts = fc.tuple(fc.nat(20_000), fc.nat(20_000), fc.double({ min: 0, max: 100, noNaN: true }));
    fc.assert(
      fc.property(counts, ([differed, agreed, shadowMismatchPercent]) => {
        const thresholds = { ...THRESHOLDS, shadowMismatchPercent };
        const now = rank[verdict(differed, differed + agreed, thresholds)];
        expect(rank[verdict(differed, differed + agreed + 1, thresholds)]).toBeGreaterThanOrEqual(now);
        if (agreed === 0) return;
        // The same number of answers, one more of which differs.
        expect(rank[verdict(differed + 1, differed + agreed, thresholds)]).toBeLessThanOrEqual(now);
      }),
      { numRuns: 2000 },
    );
  });

  it('is that of the worst operation, however much the others agree', () => {
    const counts = (differed: number, compared: number): ShadowCounts => ({
      compared: 100_000 + compared,
      differed,
      operations: [
        { operation: 'GET /a', compared: 100_000, differed: 0 },
        { operation: 'GET /b', compared, differed },
        { operation: 'GET /c', compared: 0, differed: 0 },
      ],
    });
    expect(verdictOfAll(counts(1, 50), THRESHOLDS)).toBe('differs');
    expect(verdictOfAll(counts(0, 50), THRESHOLDS)).toBe('agrees');
  });
});

describe('the gate on the shadow', () => {
  const gate = (shadow: ShadowCounts | null) => {
    const [found] = judge(
      gatesOf('canary', 'shadow', false, false),
      { shadow, unreachable: [] } as unknown as Evidence,
      THRESHOLDS,
    ).filter((each) => each.gate === 'shadow');
    return found;
  };

  it('names the worst operation, and those that nobody asked for', () => {
    const operations = [
      { operation: 'GET /a', compared: 2000, differed: 1 },
      { operation: 'GET /b', compared: 50, differed: 1 },
      { operation: 'GET /c', compared: 0, differed: 0 },
    ];
    expect(gate({ compared: 2050, differed: 2, operations })).toMatchObject({
      passed: false,
      value: '2050 compared, 0.10 % differ; worst: GET /b, 1 of 50; no data: GET /c',
      advice:
        'look at the differences with `strangler diff`; say of those that mean nothing why: `strangler ignore`; once the others are mended, begin the count anew: `strangler rollback`, `strangler shadow`',
    });
  });

  it('lets pass what agrees, also when an operation was never asked for, and refuses without any data', () => {
    const operations = [
      { operation: 'GET /a', compared: 100, differed: 0 },
      { operation: 'GET /c', compared: 0, differed: 0 },
    ];
    expect(gate({ compared: 100, differed: 0, operations })).toMatchObject({
      passed: true,
      value: '100 compared, 0.00 % differ; no data: GET /c',
    });
    const many = Array.from({ length: 8 }, (_, at) => ({
      operation: `GET /${at}`,
      compared: 0,
      differed: 0,
    }));
    expect(gate({ compared: 100, differed: 0, operations: many })?.value).toMatch(/GET \/4 and 3 more$/);
    expect(gate(null)).toMatchObject({ passed: false, value: '0 compared, 0.00 % differ' });
  });
});
