import type { Condition } from './condition.ts';
import { hostName } from './host.ts';
import type { NormalPath } from './path.ts';
import { conditionsInWords, type Kind, type Route } from './route.ts';
import type { Hosts, Node, RouteTable } from './table.ts';

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
 * Finds the route of a request by the precedence of the Gateway API: the most exact host, then the most exact path
 * (exact before parameter before wildcard, segment by segment, so the longest wildcard wins), then the method before
 * `*`, then the most header conditions, then the most query conditions. A route that does not fit in one of them
 * leaves the request to the next. HEAD matches GET. OPTIONS asks on behalf of another method, so it follows whatever
 * route stands at the path, and reads. Null means that no migration claims the request: it is the monolith's.
 */
export function match(table: RouteTable, asked: Asked): Match | null {
  const search: Search = { asked, values: [], query: null, accepts: fits };
  const route = find(table, search);
  if (!route) return null;
  return new Found(route, kindOf(route, asked.method), search.values);
}

/** Hardly anybody asks for the parameters, so they get their names when somebody does. */
class Found implements Match {
  readonly route: Route;
  readonly migration: string;
  readonly service: string;
  readonly kind: Kind;
  readonly #values: readonly string[];

  constructor(route: Route, kind: Kind, values: readonly string[]) {
    this.route = route;
    this.migration = route.migration;
    this.service = route.service;
    this.kind = kind;
    this.#values = values;
  }

  get params(): Match['params'] {
    return named(this.route, this.#values);
  }
}

/** A route at which host, path and method of a request lead. */
export interface Candidate {
  route: Route;
  /** The conditions that the request does not fulfil, in words; empty for a route that fits. */
  unfulfilled: readonly string[];
}

/** All candidates for a request, best first: `match` takes the first that fits. For explanations only. */
export function candidatesFor(table: RouteTable, asked: Asked): Candidate[] {
  const found: Candidate[] = [];
  const accepts = (route: Route, search: Search): boolean => {
    const { headers, query } = route;
    const lacking = {
      headers: headers.filter((condition) => !fits({ headers: [condition], query: [] }, search)),
      query: query.filter((condition) => !fits({ headers: [], query: [condition] }, search)),
    };
    found.push({ route, unfulfilled: conditionsInWords(lacking) });
    return false;
  };
  find(table, { asked, values: [], query: null, accepts });
  return found;
}

/** What a request of this route does, by the configuration or else by its method. */
export function kindOf(route: Pick<Route, 'as'>, method: string): Kind {
  if (method === 'OPTIONS') return 'reads';
  return route.as ?? (READING_METHODS.has(method) ? 'reads' : 'writes');
}

interface Search {
  asked: Asked;
  /** Of the parameters on the way to where the search is. */
  values: string[];
  /** Decoded once somebody asks for it. */
  query: URLSearchParams | null;
  accepts: (route: Route, search: Search) => boolean;
}

function find({ root, hosts }: RouteTable, search: Search): Route | null {
  return (hosts && findByHost(hosts, search)) ?? descend(root, search, search.asked.target.segments, 0);
}

function findByHost({ exact, below }: Hosts, search: Search): Route | null {
  const name = hostName(search.asked.header('host'));
  const { segments } = search.asked.target;
  const own = exact[name];
  const found = own ? descend(own, search, segments, 0) : null;
  if (found || !below) return found;
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    const tree = below[name.slice(dot)];
    const route = tree ? descend(tree, search, segments, 0) : null;
    if (route) return route;
  }
  return null;
}

function descend(node: Node, search: Search, segments: readonly string[], at: number): Route | null {
  const segment = segments[at];
  if (segment === undefined) return pick(node.exact, search) ?? pick(node.wildcard, search);
  const next = node.literals?.[segment];
  const literal = next ? descend(next, search, segments, at + 1) : null;
  if (literal) return literal;
  if (node.parameter) {
    search.values.push(segment);
    const found = descend(node.parameter, search, segments, at + 1);
    if (found) return found;
    search.values.pop();
  }
  return node.wildcard && pick(node.wildcard, search);
}

/** Tries the routes that end at one place: those for the method itself first, those for any method after them. */
function pick(routes: readonly Route[] | null, search: Search): Route | null {
  if (!routes) return null;
  const { method } = search.asked;
  return (
    firstFor(method, routes, search) ??
    (method === 'HEAD' ? firstFor('GET', routes, search) : null) ??
    firstFor('*', routes, search) ??
    (method === 'OPTIONS' ? firstForAnother(routes, search) : null)
  );
}

function firstFor(method: string, routes: readonly Route[], search: Search): Route | null {
  for (const route of routes) if (route.method === method && search.accepts(route, search)) return route;
  return null;
}

function firstForAnother(routes: readonly Route[], search: Search): Route | null {
  const others = routes.filter(({ method }) => method !== 'OPTIONS' && method !== '*');
  return others.find((route) => search.accepts(route, search)) ?? null;
}

function fits({ headers, query }: Pick<Route, 'headers' | 'query'>, search: Search): boolean {
  return (
    (headers.length === 0 ||
      headers.every(({ name, holds }) => isFulfilled(search.asked.header(name), holds))) &&
    (query.length === 0 || fitsQuery(query, search))
  );
}

/** Of a parameter that is repeated the first one counts, as the Gateway API recommends. */
function fitsQuery(conditions: readonly Condition[], search: Search): boolean {
  const query = (search.query ??= new URLSearchParams(search.asked.target.query));
  return conditions.every(({ name, holds }) => isFulfilled(query.get(name) ?? undefined, holds));
}

function isFulfilled(value: string | undefined, holds: Condition['holds']): boolean {
  return value !== undefined && holds(value);
}

function named(route: Route, values: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [index, name] of route.parameters.entries()) params[name] = values[index] ?? '';
  return params;
}
