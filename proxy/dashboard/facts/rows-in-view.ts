/** Which rows of a long list are drawn. */
export interface Rows {
  from: number;
  /** The first that is not drawn any more. */
  to: number;
  /** Height of what is not drawn above and below, in pixels. */
  above: number;
  below: number;
}

/** Drawn beyond the edges, so that a quick scroll shows no gap. */
const SPARE = 12;

/** The rows that a window shows, and a few more, of a list whose rows are all of one height. */
export function rowsInView(total: number, rowHeight: number, scrolled: number, windowHeight: number): Rows {
  const first = Math.floor(Math.max(0, scrolled) / rowHeight) - SPARE;
  const from = Math.min(Math.max(0, first), Math.max(0, total - 1));
  const to = Math.min(total, Math.ceil((Math.max(0, scrolled) + windowHeight) / rowHeight) + SPARE);
  return {
    from,
    to: Math.max(from, to),
    above: from * rowHeight,
    below: (total - Math.max(from, to)) * rowHeight,
  };
}
