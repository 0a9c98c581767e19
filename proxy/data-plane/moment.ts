import { performance } from 'node:perf_hooks';

/** What the clock said when the present moment began; 0 outside of any. */
let began = 0;

/**
 * Milliseconds that only grow, as `performance.now()` has them. Many ask for the time while one request is carried, and on
 * some machines to read the clock costs more than all that they do with it, so within a moment it stands still.
 */
export function timeNow(): number {
  return began === 0 ? performance.now() : began;
}

/** The same as a point in time, since 1970: as exact as the wall clock was when the process began, and never set back. */
export function timestamp(): number {
  return performance.timeOrigin + timeNow();
}

/**
 * Lets all that happens until `endMoment` happen at one time: what one read of a socket sets off, and never anything
 * that waits.
 */
export function beginMoment(): void {
  began = performance.now();
}

export function endMoment(): void {
  began = 0;
}
