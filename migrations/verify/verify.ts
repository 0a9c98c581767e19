import { setTimeout as pause } from 'node:timers/promises';
import type { Row } from '../databases/database.ts';
import type { EntryMapping } from '../mapping/mapping.ts';
import type { Stream } from '../relay/stream.ts';
import type { Sides } from './by-checksum.ts';
import { hashedRanges } from './by-checksum.ts';
import { keysOf, strangersAmong, suspectsAmong } from './by-rows.ts';
import { chunksOf } from './chunks.ts';
import { isFilled, tellingColumns } from './compare.ts';
import { planDigest } from './digest-plan.ts';
import type { EntryReport, VerifyReport } from './report.ts';
import { newEntryReport, note } from './report.ts';
import { settle } from './settle.ts';

/** Rows that keep changing for this long are counted as unsettled, not as different. */
const PATIENCE_MS = 10_000;

/** Where a comparison goes on that was stopped. */
export interface VerifyCursor {
  entry: string;
  /** Rows of the owner up to this key are compared. */
  after: Row | null;
}

export interface VerifyOptions {
  /** Called after each step; whoever keeps both can go on from there. */
  observe?(report: VerifyReport, cursor: VerifyCursor): void;
  /** Rows of both sides; without it as many as can be. */
  maxRowsPerSecond?: number;
  /** What an earlier process kept. */
  resume?: { report: VerifyReport; cursor: VerifyCursor };
  signal?: AbortSignal;
}

/**
 * Compares both sides, also in rows that only the follower has. Where both databases can spell an entry's rows alike they
 * hash them range by range, and only the rows of ranges that differ are read; elsewhere all are. Safe under load: what
 * differs at first sight is looked at again until it is at rest.
 *
 * @throws the signal's reason when it aborts
 */
export async function verify(stream: Stream, options: VerifyOptions = {}): Promise<VerifyReport> {
  const comparison = new Comparison(stream, options, await total(stream));
  return comparison.run();
}

class Comparison {
  private readonly stream: Stream;
  private readonly options: VerifyOptions;
  private readonly report: VerifyReport;
  private readonly started = performance.now();
  private seen = 0;

  constructor(stream: Stream, options: VerifyOptions, rowsTotal: number | null) {
    this.stream = stream;
    this.options = options;
    this.report = options.resume?.report ?? {
      ...{ rowsCompared: 0, rowsTotal, differences: 0 },
      ...{ entries: [], found: [], unsettled: 0, parked: 0 },
    };
  }

  async run(): Promise<VerifyReport> {
    const { source, target, mapping } = this.stream;
    const resumed = this.options.resume?.cursor;
    for (const entry of mapping.entries) {
      const kept = this.report.entries.find((one) => one.entry === entry.name);
      if (kept?.done) continue;
      const plan = planDigest(entry, source.dialect, target.dialect);
      const canGoOn = kept?.by === 'checksum' && resumed?.entry === entry.name;
      const report = canGoOn ? kept : newEntryReport(entry.name, 'why' in plan ? plan.why : null);
      if (kept && !canGoOn) this.report.entries = this.report.entries.filter((one) => one !== kept);
      if (!canGoOn) this.report.entries.push(report);
      if ('why' in plan) await this.byRows(entry, report);
      else await this.byChecksum(entry, report, plan, canGoOn ? resumed.after : null);
      report.done = true;
    }
    this.report.rowsTotal = this.report.rowsCompared;
    return this.report;
  }

  private async byChecksum(
    entry: EntryMapping,
    report: EntryReport,
    sides: Sides,
    after: Row | null,
  ): Promise<void> {
    const { source, migration } = this.stream;
    for await (const range of hashedRanges(this.stream, sides, after, this.options.signal)) {
      report.ranges += 1;
      if (!range.isEqual) report.rangesOpened += 1;
      for await (const keys of range.keys) {
        const rows = await source.readRows(migration, entry.source, keys);
        const there = rows.flatMap((row) => (row.row ? [{ ...row, row: row.row }] : []));
        const gone = keys.filter((_, i) => rows[i]?.row === null);
        await this.settle(entry, report, [...(await suspectsAmong(this.stream, entry, there)), ...gone]);
      }
      await this.step(entry, report, range.ownerRows, range.followerRows, range.upTo);
    }
  }

  private async byRows(entry: EntryMapping, report: EntryReport): Promise<void> {
    const { source, target, migration } = this.stream;
    const { signal } = this.options;
    for await (const chunk of chunksOf(source, migration, entry.source, signal)) {
      await this.settle(entry, report, await suspectsAmong(this.stream, entry, chunk));
      await this.step(entry, report, chunk.length, 0, null);
    }
    const telling = tellingColumns(entry.target);
    if (entry.target.part && telling.length === 0) return;
    const keys = keysOf(entry.target, [...entry.belonging, ...telling]);
    for await (const chunk of chunksOf(target, migration, keys, signal)) {
      const there = entry.target.part ? chunk.filter(({ row }) => isFilled(entry.target, row)) : chunk;
      const { suspects, orphans } = await strangersAmong(this.stream, entry, there);
      note(this.report, report, orphans);
      await this.settle(entry, report, suspects);
      await this.step(entry, report, 0, chunk.length, null);
    }
  }

  private async settle(entry: EntryMapping, report: EntryReport, suspects: Row[]): Promise<void> {
    if (suspects.length === 0) return;
    const { differences, unsettled, parked } = await settle(this.stream, entry, suspects, PATIENCE_MS);
    note(this.report, report, differences);
    for (const each of [this.report, report]) {
      each.unsettled += unsettled;
      each.parked += parked;
    }
  }

  /** Tells how far it is, and keeps to the pace. */
  private async step(
    { name }: EntryMapping,
    report: EntryReport,
    ownerRows: number,
    followerRows: number,
    after: Row | null,
  ): Promise<void> {
    report.ownerRows += ownerRows;
    report.followerRows += followerRows;
    this.report.rowsCompared += ownerRows + followerRows;
    this.seen += ownerRows + followerRows;
    this.options.observe?.(this.report, { entry: name, after });
    const { maxRowsPerSecond = Infinity, signal } = this.options;
    const early = (this.seen / maxRowsPerSecond) * 1000 - (performance.now() - this.started);
    if (early > 0) await pause(early, undefined, { signal }).catch(() => undefined);
  }
}

async function total(stream: Stream): Promise<number | null> {
  const { entries } = stream.mapping;
  const estimates = await Promise.all([
    ...entries.map((entry) => stream.source.estimateRows(entry.source.name)),
    ...entries
      .filter(({ target }) => !target.part || tellingColumns(target).length > 0)
      .map((entry) => stream.target.estimateRows(entry.target.name)),
  ]);
  return estimates.includes(null) ? null : estimates.reduce<number>((sum, n) => sum + (n ?? 0), 0);
}
