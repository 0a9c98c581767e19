import type { Asked } from '../match.ts';
import { normalisePath } from '../path.ts';

/** A request as the search for its route sees it. Header names are in lower case. */
export function asked(method: string, target: string, headers: Record<string, string> = {}): Asked {
  const path = normalisePath(target);
  if (path.kind === 'refusal') throw new Error(`${target} was refused: ${path.reason}`);
  return { method, target: path, header: (name) => headers[name] };
}
