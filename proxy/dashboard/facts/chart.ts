/** A value at a time (milliseconds); null where nothing was measured. */
export interface Point {
  at: number;
  value: number | null;
}

export interface Frame {
  width: number;
  height: number;
  from: number;
  to: number;
  /** The value at the upper edge; the lower one is 0. */
  top: number;
}

/** The next round number at or above: 1, 2 or 5 times a power of ten. */
export function roundTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find((one) => one * power >= value * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** The highest value of several lines; 0 when there is none. */
export function highest(lines: readonly (readonly Point[])[]): number {
  return Math.max(0, ...lines.flatMap((line) => line.map(({ value }) => value ?? 0)));
}

/** A line as an SVG path. Where nothing was measured it is broken: a gap is no zero. */
export function lineOf(points: readonly Point[], frame: Frame): string {
  const { x, y } = scaleOf(frame);
  let isDown = false;
  let path = '';
  for (const { at, value } of points) {
    if (value === null) {
      isDown = false;
      continue;
    }
    path += `${isDown ? 'L' : 'M'}${x(at)} ${y(value)}`;
    isDown = true;
  }
  return path;
}

/** The same as steps: a value holds until the next is known. */
export function stepsOf(points: readonly Point[], frame: Frame): string {
  const { x, y } = scaleOf(frame);
  let path = '';
  for (const { at, value } of points) {
    if (value === null) continue;
    path += path === '' ? `M${x(at)} ${y(value)}` : `H${x(at)}V${y(value)}`;
  }
  return path === '' ? '' : `${path}H${x(frame.to)}`;
}

function scaleOf({ width, height, from, to, top }: Frame) {
  const span = Math.max(1, to - from);
  return {
    x: (at: number): number => rounded(((at - from) / span) * width),
    y: (value: number): number => rounded(height - (Math.min(value, top) / top) * height),
  };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
