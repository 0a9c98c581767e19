import { isMap, isScalar, isSeq } from 'yaml';
import type { Document, LineCounter, Node, Pair, Scalar } from 'yaml';

export type Path = readonly PropertyKey[];

/** Where something stands in a YAML file; lines and columns count from 1. */
export interface Place {
  line: number;
  column: number;
}

/**
 * Finds the place of a value (or of its key, when `wantsKey`) in the document; as much of the path as exists
 * decides, so that a missing value is told at its parent.
 */
export function locate(document: Document.Parsed, lines: LineCounter, path: Path, wantsKey: boolean): Place {
  let node: Node | null = document.contents;
  let found: Node | null = node;
  for (const [depth, step] of path.entries()) {
    const pair: Pair<Scalar, Node> | undefined = isMap<Scalar, Node>(node)
      ? node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step))
      : undefined;
    const next: Node | null = pair
      ? pair.value
      : isSeq<Node>(node)
        ? (node.items[Number(step)] ?? null)
        : null;
    if (!pair && !next) break;
    found =
      pair && (wantsKey || !next) && depth === path.length - 1 ? pair.key : (next ?? pair?.key ?? found);
    node = next;
  }
  const { line, col } = lines.linePos(found?.range?.[0] ?? 0);
  return { line, column: col };
}
