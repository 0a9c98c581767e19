import Table from 'cli-table3';
import type { Fault as Case } from './workloads/workload.ts';

export interface Result {
  seed: string;
  seconds: number;
  acknowledged: number;
  unknown: number;
  notDone: number;
  fenced: number;
  /** Rows of the owners' change tables, as far as their numbers tell. */
  changes: number;
  /** Times that each kind of fault was there. */
  struck: ReadonlyMap<string, number>;
  moves: string;
  checks: number;
  rows: number;
  cases: readonly Case[];
  endedByThemselves: number;
}

const KINDS = ['lost', 'doubled', 'reordered', 'resurrected', 'difference', 'not allowed', 'never'] as const;

const WORDS: Partial<Record<Case['kind'], string>> = { never: 'never came' };

/** The table at the end. */
export function resultTable(result: Result): string {
  const { acknowledged, unknown, notDone, fenced, struck, cases } = result;
  const total = [...struck.values()].reduce((sum, times) => sum + times, 0);
  const rows: [string, string][] = [
    ['seed', result.seed],
    ['time', `${result.seconds.toFixed(0)} s`],
    [
      'writes',
      `${acknowledged} acknowledged, ${unknown} without an answer, ${notDone} not done (${fenced} fenced)`,
    ],
    ['changes', String(result.changes)],
    ['moves', result.moves],
    ['faults', `${total}: ${[...struck].map(([kind, times]) => `${kind} ${times}`).join(', ')}`],
    ['checks', `${result.checks}, of ${result.rows} rows`],
    ['ended by themselves', `${result.endedByThemselves} processes`],
    ...KINDS.map((kind): [string, string] => [
      WORDS[kind] ?? kind,
      String(cases.filter((one) => one.kind === kind).length),
    ]),
  ];
  const table = new Table({ wordWrap: true, colWidths: [22, 96], style: { head: [], border: [] } });
  table.push(...rows);
  return table.toString();
}
