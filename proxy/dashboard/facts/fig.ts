/**
 * The drawing of a fig that grows over its tree, as plain shapes. Each part of it stands for one share: leaves for
 * requests, the lattice around the trunk for routes, roots in the ground for writes. Always the same tree: nothing
 * here is by chance.
 */

export interface Strand {
  path: string;
  width: number;
  /** How much of it has grown, 0 to 1, from its beginning. */
  grown: number;
}

export interface Leaf {
  x: number;
  y: number;
  /** Degrees. */
  turn: number;
  size: number;
  of: 'tree' | 'fig';
}

export interface Fig {
  lattice: Strand[];
  roots: Strand[];
  leaves: Leaf[];
}

/** Width and height of the drawing; the ground is at `GROUND`. */
export const SIZE = { width: 420, height: 480 };
export const GROUND = 404;
const CROTCH = 196;
const CENTRE = 210;

const STRANDS = 17;
const ROOTS = 11;
const LEAVES = 170;

/** Shares in percent; null where there is nothing to share yet. */
export function figOf(shares: {
  requests: number | null;
  routes: number | null;
  writes: number | null;
}): Fig {
  return {
    lattice: strands(STRANDS, (shares.routes ?? 0) / 100, latticePath),
    roots: strands(ROOTS, (shares.writes ?? 0) / 100, rootPath),
    leaves: leaves(Math.round(((shares.requests ?? 0) / 100) * LEAVES)),
  };
}

/** Half the width of the trunk at a height. */
export function trunkAt(y: number): number {
  const down = (y - CROTCH) / (GROUND - CROTCH);
  return 19 + 9 * down + 22 * Math.max(0, down - 0.62) ** 1.5 * 4;
}

type PathOf = (at: number, of: number) => string;

/** One after the other begins to grow; the last is whole when all of it is taken over. */
function strands(many: number, share: number, pathOf: PathOf): Strand[] {
  return Array.from({ length: many }, (_, at) => {
    const begin = (at / many) * 0.72;
    const grown = Math.min(1, Math.max(0, (share - begin) / 0.28));
    return { path: pathOf(scattered(at, many), many), width: 3.2 + noise(at) * 5, grown };
  });
}

/** Around the trunk, from the fork to the ground: strands cross, as those of a fig do. */
function latticePath(at: number, of: number): string {
  const phase = (at / of) * Math.PI * 2;
  const winding = (at % 2 === 0 ? 1 : -1) * (0.55 + noise(at + 3) * 0.75);
  const points = Array.from({ length: 9 }, (_, step) => {
    const down = step / 8;
    const y = CROTCH - 34 * (1 - down) * noise(at + 11) + (GROUND - CROTCH + 4) * down;
    const reach = trunkAt(Math.max(CROTCH, y)) + 2 + 3 * noise(at * 7 + step);
    return [CENTRE + reach * Math.sin(phase + winding * down * Math.PI), y] as const;
  });
  return smooth(points);
}

/** From the foot of the trunk into the ground. */
function rootPath(at: number, of: number): string {
  const side = (at / (of - 1)) * 2 - 1;
  const start = CENTRE + side * 44;
  const reach = side * (96 + 58 * noise(at + 5)) + (noise(at) - 0.5) * 24;
  const depth = 22 + (1 - Math.abs(side)) * 34 + 12 * noise(at + 2);
  return smooth([
    [start - side * 10, GROUND - 14],
    [start + side * 10, GROUND + 4],
    [CENTRE + reach * 0.62, GROUND + depth * 0.62],
    [CENTRE + reach, GROUND + depth],
  ]);
}

/** A crown of leaves, by the golden angle; which of them turn is scattered over it. */
function leaves(taken: number): Leaf[] {
  return Array.from({ length: LEAVES }, (_, at) => {
    const out = Math.sqrt((at + 0.5) / LEAVES);
    const angle = at * 2.39996;
    const [x, y] = [Math.cos(angle) * out, Math.sin(angle) * out];
    // Heavier above than below, and with a gap where the branches leave the trunk.
    return {
      x: Math.round(CENTRE + x * 176 + (noise(at) - 0.5) * 20),
      y: Math.round(112 + y * (y > 0 ? 74 : 92) + Math.abs(x) * 22 + (noise(at + 9) - 0.5) * 16),
      turn: Math.round((angle * 180) / Math.PI + 90 + (noise(at + 4) - 0.5) * 90) % 360,
      size: Math.round((0.75 + noise(at + 6) * 0.6) * 100) / 100,
      of: rank(at) < taken ? ('fig' as const) : ('tree' as const),
    };
  });
}

/** The place of a leaf in the order in which they turn: 61 and 170 share no factor, so each has its own. */
function rank(at: number): number {
  return (at * 61) % LEAVES;
}

function scattered(at: number, of: number): number {
  return (at * 7) % of;
}

/** A number from 0 to 1 that looks like chance. */
function noise(at: number): number {
  const value = Math.sin(at * 12.9898 + 4.1414) * 43758.5453;
  return value - Math.floor(value);
}

/** A smooth line through points (Catmull-Rom, as Bézier curves). */
function smooth(points: readonly (readonly [number, number])[]): string {
  const at = (index: number) => points[Math.min(points.length - 1, Math.max(0, index))] ?? [0, 0];
  const text = (value: number) => String(Math.round(value * 10) / 10);
  const [startX, startY] = at(0);
  let path = `M${text(startX)} ${text(startY)}`;
  for (let index = 0; index < points.length - 1; index += 1) {
    const [before, from, to, after] = [at(index - 1), at(index), at(index + 1), at(index + 2)];
    const handles = [0, 1].map((axis) => [
      (from[axis] ?? 0) + ((to[axis] ?? 0) - (before[axis] ?? 0)) / 6,
      (to[axis] ?? 0) - ((after[axis] ?? 0) - (from[axis] ?? 0)) / 6,
    ]);
    const [x, y] = handles as [[number, number], [number, number]];
    path += `C${text(x[0])} ${text(y[0])} ${text(x[1])} ${text(y[1])} ${text(to[0])} ${text(to[1])}`;
  }
  return path;
}
