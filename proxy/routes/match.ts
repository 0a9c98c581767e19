import type { NormalPath } from './path.ts';
import type { Kind, Node, Route, RouteTable } from './table.ts';

/** What of a request decides its route. */
export interface Asked {
  method: string;
  target: NormalPath;
  /** Looks a header up by its lower-case name. */
  header(name: string): string | undefined;
}

/** The route that a request belongs to. */
export interface Match {
  route: Route;
  migration: string;
  service: string;
  kind: Kind;
  params: Readonly<Record<string, string>>;
}

const READING_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Finds the route of a request: exact before parameter before wildcard, segment by segment, so the longest
 * wildcard wins. HEAD matches GET. OPTIONS asks on behalf of another method, so it follows whatever route stands
 * at the path, and reads. Null means that no migration claims the request: it is the monolith's.
 */
export function match(table: RouteTable, { method, target }: Asked): Match | null {
  const values: string[] = [];
  const route = search(table.root, method, target.segments, 0, values);
  if (!route) return null;
  return {
    route,
    migration: route.migration,
    service: route.service,
    kind: kindOf(route, method),
    params: named(route, values),
  };
}

/** What a request of this route does, by the configuration or else by its method. */
export function kindOf(route: Pick<Route, 'as'>, method: string): Kind {
  if (method === 'OPTIONS') return 'reads';
  return route.as ?? (READING_METHODS.has(method) ? 'reads' : 'writes');
}

function search(
  node: Node,
  method: string,
  segments: readonly string[],
  at: number,
  values: string[],
): Route | null {
  const segment = segments[at];
  if (segment === undefined) return pick(node.exact, method) ?? pick(node.wildcard, method);
  const next = node.literals[segment];
  const literal = next ? search(next, method, segments, at + 1, values) : null;
  if (literal) return literal;
  if (node.parameter) {
    values.push(segment);
    const found = search(node.parameter, method, segments, at + 1, values);
    if (found) return found;
    values.pop();
  }
  return pick(node.wildcard, method);
}

function pick(routes: Record<string, Route>, method: string): Route | null {
  const own = routes[method] ?? (method === 'HEAD' ? routes['GET'] : undefined) ?? routes['*'];
  if (own) return own;
  return method === 'OPTIONS' ? (Object.values(routes)[0] ?? null) : null;
}

function named(route: Route, values: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [index, name] of route.parameters.entries()) params[name] = values[index] ?? '';
  return params;
}
