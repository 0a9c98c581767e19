import type { Pair } from './link.ts';
import type { Side } from './side.ts';

/** Parents before children, as far as the references have an order; the configured order decides the rest. */
export function inForeignKeyOrder(pairs: readonly Pair[], side: Side): Pair[] {
  const ordered: Pair[] = [];
  const visit = (pair: Pair, path: readonly Pair[]): void => {
    if (ordered.includes(pair) || path.includes(pair)) return;
    for (const parent of pairs) {
      const isParent = pair[side].references.includes(parent[side].name);
      if (isParent && parent[side].name !== pair[side].name) visit(parent, [...path, pair]);
    }
    ordered.push(pair);
  };
  for (const pair of pairs) visit(pair, []);
  return ordered;
}
