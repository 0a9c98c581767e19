import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { rowsInView } from '../facts/rows-in-view.ts';

interface Props<Row> {
  rows: readonly Row[];
  /** Height of a row, in rem. */
  rowHeight: number;
  columns: readonly string[];
  words: string;
  keyOf: (row: Row) => string;
  cellsOf: (row: Row) => readonly ComponentChildren[];
}

/** A table of any length: only the rows that are seen are there. */
export function LongTable<Row>({ rows, rowHeight, columns, words, keyOf, cellsOf }: Props<Row>) {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ scrolled: 0, height: 800 });
  useEffect(() => {
    const measure = () =>
      setSeen({ scrolled: box.current?.scrollTop ?? 0, height: box.current?.clientHeight ?? 800 });
    measure();
    const observer = new ResizeObserver(measure);
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  // A shorter list after a search begins at its top.
  useEffect(() => box.current?.scrollTo(0, 0), [rows.length]);
  const pixels = rowHeight * parseFloat(getComputedStyle(document.documentElement).fontSize);
  const { from, to, above, below } = rowsInView(rows.length, pixels, seen.scrolled, seen.height);
  const scroll = () => setSeen((before) => ({ ...before, scrolled: box.current?.scrollTop ?? 0 }));
  return (
    <div class="long" ref={box} tabIndex={0} role="region" aria-label={words} onScroll={scroll}>
      <table aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <Space height={above} columns={columns.length} />}
          {rows.slice(from, to).map((row, at) => (
            <tr key={keyOf(row)} aria-rowindex={from + at + 2} class="long-row">
              {cellsOf(row).map((cell, column) => (
                <td key={columns[column]} data-column={columns[column]}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
          {below > 0 && <Space height={below} columns={columns.length} />}
        </tbody>
      </table>
    </div>
  );
}

/** Stands in for rows that are not there, so that the scroll bar tells the truth. */
function Space({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden="true">
      <td colSpan={columns} style={{ height: `${height}px`, padding: 0 }} />
    </tr>
  );
}
