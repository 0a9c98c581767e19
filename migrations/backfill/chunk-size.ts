import type { BackfillSettings } from './schema.ts';

const FIRST_ROWS = 500;
const MAX_ROWS = 10_000;
/** Live changes wait while a chunk is written. */
const WANTED_MS = 250;

/**
 * How many rows to ask for next: as many as can be written in the time that live changes may wait, at most twice as many
 * as before, so that a first wrong guess costs little.
 *
 * @param last rows of the last chunk and for how long it let live changes wait; null before the first
 */
export function nextChunkRows(
  last: { asked: number; rows: number; ms: number } | null,
  { maxRowsPerSecond = Infinity }: Pick<BackfillSettings, 'maxRowsPerSecond'>,
): number {
  const most = Math.max(1, Math.min(MAX_ROWS, Math.floor(maxRowsPerSecond / 2)));
  if (last === null || last.rows === 0) return Math.min(most, last?.asked ?? FIRST_ROWS);
  const fitting = Math.floor((last.rows * WANTED_MS) / Math.max(1, last.ms));
  return Math.max(1, Math.min(most, 2 * last.asked, fitting));
}
