import { highest, lineOf, roundTop, stepsOf, type Point } from '../facts/chart.ts';

export interface Line {
  name: string;
  /** Picks colour and dash: never colour alone. */
  kind: 'old' | 'new' | 'routes' | 'requests' | 'writes';
  points: readonly Point[];
}

interface Props {
  lines: readonly Line[];
  /** Times at both edges, in milliseconds. */
  from: number;
  to: number;
  /** What it shows, for those who cannot see it. */
  words: string;
  /** The value at the upper edge; the next round number above the highest when left out. */
  top?: number;
  /** A value holds until the next is known. */
  asSteps?: boolean;
  width?: number;
  height?: number;
}

/** A few lines over time. Its figures stand beside it in words: this is only the shape of them. */
export function Chart({ lines, from, to, words, top, asSteps, width = 240, height = 56 }: Props) {
  const highestOf = top ?? roundTop(highest(lines.map(({ points }) => points)));
  const frame = { width, height: height - 4, from, to, top: highestOf };
  const draw = asSteps ? stepsOf : lineOf;
  return (
    <svg
      class="chart"
      viewBox={`0 -2 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={words}
    >
      {[0, 0.5, 1].map((at) => (
        <path key={at} class="chart-grid" d={`M0 ${frame.height * at}H${width}`} />
      ))}
      {lines.map(({ name, kind, points }) => (
        <path key={name} class={`chart-line chart-${kind}`} d={draw(points, frame)} />
      ))}
    </svg>
  );
}
