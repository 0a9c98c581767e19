import { match, type Match } from '../../routes/match.ts';
import { normalisePath } from '../../routes/path.ts';
import { buildRouteTable } from '../../routes/table.ts';

/** The match of a request with the only route there is. */
export function matchOf(path: string, method: string, target: string): Match {
  const table = buildRouteTable([{ migration: 'catalog', service: 'shop', routes: [`* ${path}`] }]);
  const normal = normalisePath(target);
  const found =
    normal.kind === 'path' ? match(table, { method, target: normal, header: () => undefined }) : null;
  if (!found) throw new Error(`${method} ${target} does not match ${path}`);
  return found;
}
