import type { Difference } from './compare.ts';

/** Where the comparison of one mapping entry stands. */
export interface EntryReport {
  /** e.g. `tbl_products → product`. */
  entry: string;
  /** Whether the databases hashed ranges of rows, or every row was read. */
  by: 'checksum' | 'rows';
  /** Why every row had to be read; empty otherwise. */
  why: string;
  /** Looked at on either side. */
  ownerRows: number;
  followerRows: number;
  /** Ranges that were hashed, and how many of them did not agree at first sight. */
  ranges: number;
  rangesOpened: number;
  differences: Record<Difference['kind'], number>;
  /** How often each column differed. */
  columns: Record<string, number>;
  /** Rows that never came to rest while we looked: neither equal nor different. */
  unsettled: number;
  /** Rows that wait for a change that is parked. */
  parked: number;
  done: boolean;
}

export interface VerifyProgress {
  /** Rows looked at, the owner's and the follower's. */
  rowsCompared: number;
  rowsTotal: number | null;
  differences: number;
}

export interface VerifyReport extends VerifyProgress {
  entries: EntryReport[];
  /** The first differences, `MOST_FOUND` at most. */
  found: Difference[];
  /** Neither equal nor different: still changing, or parked. */
  unsettled: number;
  parked: number;
}

/** Kept with all their values; the others are counted. */
const MOST_FOUND = 10_000;

export const newEntryReport = (entry: string, why: string | null): EntryReport => ({
  entry,
  by: why === null ? 'checksum' : 'rows',
  why: why ?? '',
  ownerRows: 0,
  followerRows: 0,
  ranges: 0,
  rangesOpened: 0,
  differences: { missing: 0, extra: 0, differs: 0, inconvertible: 0 },
  columns: {},
  unsettled: 0,
  parked: 0,
  done: false,
});

/** Counts differences in both reports and keeps the first ones. */
export function note(report: VerifyReport, entry: EntryReport, differences: readonly Difference[]): void {
  for (const difference of differences) {
    entry.differences[difference.kind] += 1;
    for (const { name } of difference.columns) entry.columns[name] = (entry.columns[name] ?? 0) + 1;
  }
  report.differences += differences.length;
  report.found.push(...differences.slice(0, MOST_FOUND - report.found.length));
}
