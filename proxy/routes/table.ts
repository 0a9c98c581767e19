import { overlapOf } from './overlap.ts';
import { byConditions } from './precedence.ts';
import {
  readRoute,
  RouteError,
  routeInWords,
  segmentsOf,
  type MigrationRoutes,
  type Route,
} from './route.ts';

/** A step in the table: what may follow the segments so far. Objects have no prototype, so no segment finds one. */
export interface Node {
  literals: Record<string, Node> | null;
  parameter: Node | null;
  /** Routes that end here, the one with the most conditions first. */
  exact: Route[] | null;
  /** Routes that end in a wildcard here, in the same order. */
  wildcard: Route[] | null;
}

/** All routes of all migrations. Immutable: a change makes a new table that replaces the old one whole. */
export interface RouteTable {
  /** Routes for any host. */
  readonly root: Node;
  /** Null when no route names a host: nobody looks at the header then. */
  readonly hosts: Hosts | null;
  readonly routes: readonly Route[];
}

/** Routes for one host, or for every host below one (its name with a dot in front). */
export interface Hosts {
  exact: Record<string, Node>;
  below: Record<string, Node> | null;
}

/**
 * Builds the table that requests are matched against. Throws a `RouteError` that names the route and the
 * migrations when a route is malformed or when two migrations claim the same one.
 */
export function buildRouteTable(input: readonly MigrationRoutes[]): RouteTable {
  const routes = input.flatMap((entry) => entry.routes.flatMap((route) => readRoute(entry, route)));
  const root = emptyNode();
  const hosts: Hosts = { exact: bare(), below: null };
  for (const route of routes) insert(treeFor(route, root, hosts), route);
  for (const tree of [root, ...Object.values({ ...hosts.exact, ...hosts.below })]) finish(tree);
  for (const part of [hosts.exact, hosts.below, hosts, routes]) Object.freeze(part);
  return Object.freeze({ root, hosts: routes.some(({ host }) => host !== null) ? hosts : null, routes });
}

function treeFor({ host }: Route, root: Node, hosts: Hosts): Node {
  if (host === null) return root;
  if (host.startsWith('*.')) return ((hosts.below ??= bare())[host.slice(1)] ??= emptyNode());
  return (hosts.exact[host] ??= emptyNode());
}

function insert(root: Node, route: Route): void {
  let node = root;
  let slot: 'exact' | 'wildcard' = 'exact';
  for (const segment of segmentsOf(route.path)) {
    if (segment === '*') slot = 'wildcard';
    else if (segment.startsWith('{')) node = node.parameter ??= emptyNode();
    else node = (node.literals ??= bare())[segment] ??= emptyNode();
  }
  (node[slot] ??= []).push(route);
}

/** Puts everything in its order, and makes it immutable. */
function finish(node: Node): void {
  for (const next of Object.values(node.literals ?? {})) finish(next);
  if (node.parameter) finish(node.parameter);
  for (const routes of [node.exact ?? [], node.wildcard ?? []]) {
    refuseConflicts(routes);
    Object.freeze(routes.sort(byConditions));
  }
  Object.freeze(node.literals);
  Object.freeze(node);
}

function refuseConflicts(routes: readonly Route[]): void {
  for (const [index, second] of routes.entries()) {
    for (const first of routes.slice(0, index))
      if (first.method === second.method) refuseConflict(first, second);
  }
}

/** Within one migration the order in the file may decide; between two, nobody would know who has the request. */
function refuseConflict(first: Route, second: Route): void {
  const overlap = overlapOf(first, second);
  const names = [first.migration, second.migration];
  const text = `${second.method} ${second.path}`;
  if (first.migration === second.migration) {
    if (overlap !== 'same') return;
    throw new RouteError(
      text,
      [second.migration],
      `it stands there twice, also as "${routeInWords(first)}"; remove one.`,
    );
  }
  const both = `"${routeInWords(first)}" and "${routeInWords(second)}"`;
  if (overlap === 'same') {
    throw new RouteError(
      text,
      names,
      `both claim it (${both} match the same requests); leave it in one of them.`,
    );
  }
  if (overlap === 'overlapping') {
    throw new RouteError(
      text,
      names,
      `one request can fit both (${both}), and neither is more exact; let one of them ask for more.`,
    );
  }
}

function emptyNode(): Node {
  return { literals: null, parameter: null, exact: null, wildcard: null };
}

function bare<Value>(): Record<string, Value> {
  return Object.create(null) as Record<string, Value>;
}
