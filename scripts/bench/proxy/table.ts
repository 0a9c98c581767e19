import Table from 'cli-table3';
import { median } from '../data/measure.ts';
import { expressAlike, nginxAlike } from './contenders.ts';
import type { Measured } from './measure.ts';

/** The runs of each contender as a table of medians, by the name of the contender. */
export function tableOf(measured: ReadonlyMap<string, readonly Measured[]>): string {
  const table = new Table({
    head: [
      '',
      'CPU µs/request',
      'busiest process',
      'of express alike',
      'of nginx alike',
      'requests/s',
      'p50 ms',
      'p99 ms',
      'MiB',
      'compared',
    ],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const [name, runs] of measured) {
    const of = (value: (run: Measured) => number): number => median(runs.map(value));
    table.push([
      name,
      of((run) => run.cpuPerRequest).toFixed(0),
      percent(runs.map((run) => run.busiest)),
      ratioTo(expressAlike.name, runs, measured),
      ratioTo(nginxAlike.name, runs, measured),
      of((run) => run.requests / run.seconds).toFixed(0),
      (of((run) => run.p50) / 1000).toFixed(2),
      (of((run) => run.p99) / 1000).toFixed(2),
      of((run) => run.memory).toFixed(0),
      percent(runs.map((run) => run.compared).filter((share) => share !== null)),
    ]);
  }
  return table.toString();
}

function percent(shares: readonly number[]): string {
  return shares.length === 0 ? '' : `${(100 * median(shares)).toFixed(0)} %`;
}

/** Of the same rounds: whatever else the machine does meanwhile, it does to both. */
function ratioTo(
  name: string,
  runs: readonly Measured[],
  measured: ReadonlyMap<string, readonly Measured[]>,
): string {
  const peer = measured.get(name);
  if (!peer) return '';
  const ratio = median(runs.map((run, at) => run.cpuPerRequest / (peer[at]?.cpuPerRequest ?? NaN)));
  return `${ratio.toFixed(2)} ×`;
}
