import { memo } from './memo.ts';
import { figOf, GROUND, SIZE, trunkAt, type Leaf, type Strand } from '../facts/fig.ts';

interface Props {
  requests: number | null;
  routes: number | null;
  writes: number | null;
  /** What the drawing says, for those who cannot see it. */
  words: string;
}

const LEAF = 'M0 -11C6.5 -5 6.5 4 0 11C-6.5 4 -6.5 -5 0 -11Z';

/** Branches of the tree, from its fork into the crown. */
const BRANCHES = [
  ['M206 206C190 176 150 168 112 132', 13],
  ['M209 204C204 168 186 126 168 70', 12],
  ['M212 204C216 164 232 120 250 62', 12],
  ['M214 206C236 176 272 166 312 128', 13],
  ['M160 170C132 166 96 172 66 158', 7],
  ['M262 170C292 168 322 172 354 156', 7],
  ['M190 128C172 108 150 98 128 88', 6],
  ['M236 112C254 98 276 92 298 84', 6],
] as const;

/** The fig over its tree: leaves are requests, lattice is routes, roots are writes. */
export const Fig = memo(({ requests, routes, writes, words }: Props) => {
  const fig = figOf({ requests, routes, writes });
  return (
    <svg class="fig" viewBox={`0 0 ${SIZE.width} ${SIZE.height}`} role="img" aria-label={words}>
      <ellipse class="fig-ground" cx="210" cy={GROUND + 3} rx="196" ry="9" />
      {fig.roots.map((root) => (
        <Line key={root.path} strand={root} kind="root" />
      ))}
      {fig.leaves.filter((_, at) => at % 3 === 0).map(toLeaf)}
      <path class="fig-trunk" d={trunkPath()} />
      {BRANCHES.map(([d, width]) => (
        <path key={d} class="fig-branch" d={d} stroke-width={width} />
      ))}
      {fig.lattice.map((strand) => (
        <Line key={strand.path} strand={strand} kind="strand" />
      ))}
      {fig.leaves.filter((_, at) => at % 3 !== 0).map(toLeaf)}
    </svg>
  );
});

/** Grown from its beginning: a dash as long as what has grown, over a gap. */
function Line({ strand, kind }: { strand: Strand; kind: 'root' | 'strand' }) {
  return (
    <>
      {kind === 'root' && <path class="fig-root-ahead" d={strand.path} stroke-width={1.2} />}
      {strand.grown > 0 && (
        <path
          class={`fig-${kind}`}
          d={strand.path}
          pathLength={1}
          stroke-width={strand.width}
          stroke-dasharray={`${strand.grown} 2`}
        />
      )}
    </>
  );
}

function toLeaf({ x, y, turn, size, of }: Leaf) {
  return (
    <path
      key={`${x} ${y} ${turn}`}
      class={`fig-leaf fig-leaf-${of}`}
      d={LEAF}
      transform={`translate(${x} ${y}) rotate(${turn}) scale(${size})`}
    />
  );
}

function trunkPath(): string {
  const heights = Array.from({ length: 12 }, (_, at) => 200 + at * ((GROUND - 200) / 11));
  const side = (sign: number, list: number[]) =>
    list.map((y) => `L${(210 + sign * trunkAt(y)).toFixed(1)} ${y.toFixed(1)}`).join('');
  const left = side(-1, heights);
  return `M${(210 - trunkAt(200)).toFixed(1)} 196${left}${side(1, [...heights].reverse())}Z`;
}
