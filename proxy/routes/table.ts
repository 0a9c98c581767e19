import type { RouteInput, RouteSettings } from './schema.ts';

export type Kind = 'reads' | 'writes';

/** One route with one method, as it stands in the table. */
export interface Route {
  /** Upper-case method, or `*` for any. */
  readonly method: string;
  readonly path: string;
  readonly migration: string;
  readonly service: string;
  /** What the configuration says that it does; null leaves it to the method. */
  readonly as: Kind | null;
  readonly parameters: readonly string[];
  /** What else the configuration says of it. */
  readonly settings: RouteSettings;
}

type ByMethod = Record<string, Route>;

/** A step in the table: what may follow the segments so far. Objects have no prototype, so no segment finds one. */
export interface Node {
  literals: Record<string, Node>;
  parameter: Node | null;
  /** Routes that end here. */
  exact: ByMethod;
  /** Routes that end in a wildcard here. */
  wildcard: ByMethod;
}

/** All routes of all migrations. Immutable: a change makes a new table that replaces the old one whole. */
export interface RouteTable {
  readonly root: Node;
  readonly routes: readonly Route[];
}

/** The routes of one migration, as the configuration gives them. */
export interface MigrationRoutes {
  migration: string;
  service: string;
  routes: readonly RouteInput[];
}

/** A route that cannot be what was meant. */
export class RouteError extends Error {
  readonly route: string;
  readonly migrations: readonly string[];

  constructor(route: string, migrations: readonly string[], problem: string) {
    super(`Route "${route}" of ${migrations.map((name) => `migration "${name}"`).join(' and ')}: ${problem}`);
    this.name = 'RouteError';
    this.route = route;
    this.migrations = migrations;
  }
}

/**
 * Builds the table that requests are matched against. Throws a `RouteError` that names the route and the
 * migrations when a route is malformed or when two migrations claim the same one.
 */
export function buildRouteTable(input: readonly MigrationRoutes[]): RouteTable {
  const root = emptyNode();
  const routes = input.flatMap((entry) => entry.routes.flatMap((route) => readRoute(entry, route)));
  for (const route of routes) insert(root, route);
  freezeNode(root);
  return Object.freeze({ root, routes: Object.freeze(routes) });
}

function readRoute(entry: MigrationRoutes, input: RouteInput): Route[] {
  const { methods, path, as, settings } = spelled(input);
  const parameters = readParameters(entry, `${methods.join(',')} ${path}`, path);
  const shared = { path, migration: entry.migration, service: entry.service, as, parameters, settings };
  return methods.map((method) => Object.freeze({ method, ...shared }));
}

interface Spelled {
  methods: string[];
  path: string;
  as: Kind | null;
  settings: RouteSettings;
}

function spelled(input: RouteInput): Spelled {
  if (typeof input !== 'string') {
    const { method, path, as, ...settings } = input;
    return { methods: [method].flat(), path, as: as ?? null, settings };
  }
  const blank = input.indexOf(' ');
  return { methods: input.slice(0, blank).split(','), path: input.slice(blank + 1), as: null, settings: {} };
}

function readParameters(entry: MigrationRoutes, text: string, path: string): readonly string[] {
  const fail = (problem: string): RouteError => new RouteError(text, [entry.migration], problem);
  const names: string[] = [];
  const segments = segmentsOf(path);
  for (const [index, segment] of segments.entries()) {
    if (segment === '*' && index === segments.length - 1) continue;
    if (segment.includes('*')) throw fail('a "*" must be the whole last segment; write "/api/*".');
    const name = /^\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(segment)?.[1];
    if (name === undefined && /[{}]/.test(segment))
      throw fail(`"${segment}" must be one whole parameter, "{name}".`);
    if (name === undefined && /[%;?#\\\s]|^\.\.?$/.test(segment)) {
      throw fail(
        `"${segment}" can never match; write the segment decoded, without "%", ";", "?", "#" or dots alone.`,
      );
    }
    if (name !== undefined && names.includes(name))
      throw fail(`the parameter "{${name}}" stands in it twice.`);
    if (name !== undefined) names.push(name);
  }
  return Object.freeze(names);
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function insert(root: Node, route: Route): void {
  let node = root;
  let slot: 'exact' | 'wildcard' = 'exact';
  for (const segment of segmentsOf(route.path)) {
    if (segment === '*') slot = 'wildcard';
    else if (segment.startsWith('{')) node = node.parameter ??= emptyNode();
    else node = node.literals[segment] ??= emptyNode();
  }
  const taken = node[slot][route.method];
  if (taken) refuseEqual(taken, route);
  node[slot][route.method] = route;
}

function refuseEqual(first: Route, second: Route): void {
  const text = `${second.method} ${second.path}`;
  if (first.migration === second.migration) {
    throw new RouteError(
      text,
      [second.migration],
      `it stands there twice, also as "${first.path}"; remove one.`,
    );
  }
  throw new RouteError(
    text,
    [first.migration, second.migration],
    `both claim it ("${first.path}" and "${second.path}" match the same requests); leave it in one of them.`,
  );
}

function emptyNode(): Node {
  return { literals: bare(), parameter: null, exact: bare(), wildcard: bare() };
}

function bare<Value>(): Record<string, Value> {
  return Object.create(null) as Record<string, Value>;
}

function freezeNode(node: Node): void {
  for (const next of Object.values(node.literals)) freezeNode(next);
  if (node.parameter) freezeNode(node.parameter);
  for (const part of [node.literals, node.exact, node.wildcard, node]) Object.freeze(part);
}
