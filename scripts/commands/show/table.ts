import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';

const NO_LINES = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((name) => [name, '']),
);
const GAP = 2;
const LEAST_LAST = 18;

/** Columns without lines, so that people and `awk` read the same. */
export function table(head: string[], rows: string[][]): string {
  return render(head, rows, {});
}

/** Wraps the last column to the width; null when there is no room for that. */
export function tableWithin(width: number, head: string[], rows: string[][]): string | null {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => widthOf(row[column] ?? '') + GAP)),
  );
  const left = width - widths.slice(0, -1).reduce((sum, each) => sum + each, 0);
  if (left >= (widths.at(-1) ?? 0)) return table(head, rows);
  if (left < LEAST_LAST) return null;
  return render(head, rows, { wordWrap: true, colWidths: [...widths.slice(0, -1), left] });
}

function render(head: string[], rows: string[][], options: Table.TableConstructorOptions): string {
  const made = new Table({
    ...options,
    head,
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP },
  });
  made.push(...rows);
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
