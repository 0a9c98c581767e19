import { setInterval } from 'node:timers';
import { backfill } from '../../../migrations/backfill/backfill.ts';
import { verify } from '../../../migrations/verify/verify.ts';
import type { Server } from './bed.ts';
import { openBed } from './bed.ts';
import { rounded, secondsOf } from './measure.ts';

const MIB = 1024 * 1024;

/** Time for each row, and the most memory of this process, at growing sizes. */
export async function benchScale(server: Server, sizes: readonly number[]): Promise<string[][]> {
  const lines: string[][] = [];
  for (const rows of sizes) {
    const bed = await openBed(server, rows);
    await bed.install();
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
    const { signal } = new AbortController();
    const filled = await secondsOf(() => backfill(bed.stream, { observe: () => undefined, signal }));
    const compared = await secondsOf(() => verify(bed.stream));
    clearInterval(watch);
    await bed.close();
    const perRow = (seconds: number): string => `${((seconds / rows) * 1e6).toFixed(1)} µs`;
    lines.push([rounded(rows), perRow(filled), perRow(compared), `${Math.round(peak / MIB)} MiB`]);
  }
  return lines;
}
