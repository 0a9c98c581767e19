import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ProgressSample } from '../../migrations/lifecycle/keep-progress.ts';
import { progressPoints } from './progress-points.ts';

const START = Date.parse('2026-01-02T03:04:05.000Z');

/** One sample a minute, with these reads of the monolith in between. */
function samples(reads: readonly number[]): ProgressSample[] {
  let sum = 0;
  return [0, ...reads].map((count, minute) => ({
    at: new Date(START + minute * 60_000).toISOString(),
    routes: { total: 4, service: minute },
    reads: { monolith: (sum += count), service: 2 * sum },
    writes: { monolith: 0, service: 3 * sum },
  }));
}

describe('the points of the progress', () => {
  it('say what came since the point before', () => {
    expect(
      progressPoints(samples([5, 7]), 10).map(({ seconds, requests, writes }) => [seconds, requests, writes]),
    ).toEqual([
      [0, { monolith: 0, service: 0 }, { monolith: 0, service: 0 }],
      [60, { monolith: 5, service: 25 }, { monolith: 0, service: 15 }],
      [60, { monolith: 7, service: 35 }, { monolith: 0, service: 21 }],
    ]);
  });

  it('begin anew where the counts did', () => {
    const [first, second] = [samples([50]), samples([3])];
    const restarted = [...first, { ...second[1]!, at: new Date(START + 120_000).toISOString() }];
    expect(progressPoints(restarted, 10).at(-1)?.requests).toEqual({ monolith: 3, service: 15 });
  });

  it('are as many as asked for at most, end with the newest, and lose no request among those that they cover', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1000), { maxLength: 200 }),
        fc.integer({ min: 2, max: 50 }),
        (reads, most) => {
          const all = samples(reads);
          const points = progressPoints(all, most);
          expect(points.length).toBeLessThanOrEqual(most);
          expect(points.at(-1)?.at).toBe(all.at(-1)?.at);
          const seconds = points.reduce((sum, point) => sum + point.seconds, 0);
          const covered = reads.slice(reads.length - seconds / 60).reduce((sum, count) => sum + count, 0);
          expect(points.reduce((sum, { requests }) => sum + requests.monolith, 0)).toBe(covered);
        },
      ),
    );
  });
});
