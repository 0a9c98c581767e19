import { afterEach, describe, expect, it } from '@jest/globals';
import { beginMoment, endMoment, timeNow, timestamp } from './moment.ts';

afterEach(() => endMoment());

function untilTheClockMoves(): void {
  for (const before = performance.now(); performance.now() === before;);
}

describe('the time', () => {
  it('stands still within a moment, for both ways to say it', () => {
    beginMoment();
    const said = [timeNow(), timestamp()];
    untilTheClockMoves();
    expect([timeNow(), timestamp()]).toEqual(said);
  });

  it('goes on after a moment, from where it would have been without one', () => {
    beginMoment();
    const within = timeNow();
    untilTheClockMoves();
    endMoment();
    expect(timeNow()).toBeGreaterThan(within);
    expect(Math.abs(timeNow() - performance.now())).toBeLessThan(1000);
    expect(Math.abs(timestamp() - Date.now())).toBeLessThan(60_000);
  });
});
