import type { BackfillCursor } from '../databases/database.ts';

/** Where the copy of one table stands. */
export interface BackfillReport {
  table: string;
  rows: number;
  total: number | null;
  /** Of the last seconds. */
  rowsPerSecond: number;
  secondsLeft: number | null;
  done: boolean;
  /** Why it rests now; empty while it copies. */
  rests: string;
}

const RECENT_MS = 10_000;

/** The rate of the last seconds: what it was an hour ago says nothing about the time left. */
export class RecentRate {
  private readonly seen: { at: number; rows: number }[] = [];

  /** @param rows copied so far; @param at a time in milliseconds */
  add(rows: number, at: number): void {
    this.seen.push({ at, rows });
    while (this.seen.length > 2 && (this.seen[1]?.at ?? at) < at - RECENT_MS) this.seen.shift();
  }

  /** Rows per second; null before there are two looks. */
  rowsPerSecond(): number | null {
    const [first, last] = [this.seen[0], this.seen.at(-1)];
    if (!first || !last || last.at <= first.at) return null;
    return ((last.rows - first.rows) / (last.at - first.at)) * 1000;
  }
}

/** @param recent rows per second as seen by this process; null when nothing was copied yet: then the average counts */
export function reportOf(
  table: string,
  cursor: BackfillCursor,
  estimate: number | null,
  recent: number | null,
  rests: string,
): BackfillReport {
  const total = cursor.done ? cursor.rows : estimate === null ? null : Math.max(estimate, cursor.rows);
  const average = cursor.seconds > 0 ? cursor.rows / cursor.seconds : 0;
  const rowsPerSecond = recent ?? average;
  const left = total === null || rowsPerSecond === 0 ? null : (total - cursor.rows) / rowsPerSecond;
  return {
    table,
    rows: cursor.rows,
    total,
    rowsPerSecond,
    secondsLeft: cursor.done ? 0 : left,
    done: cursor.done,
    rests,
  };
}
