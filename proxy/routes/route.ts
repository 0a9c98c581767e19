import { conditionInWords, conditionsOf, type Condition } from './condition.ts';
import type { RouteInput, RouteSettings } from './schema.ts';

export type Kind = 'reads' | 'writes';

/** One route with one method, as it stands in the table. */
export interface Route {
  /** Upper-case method, or `*` for any. */
  readonly method: string;
  readonly path: string;
  /** The host that it is for, `*.` in front for those below one; null for any. */
  readonly host: string | null;
  /** All of them have to hold. Names are in lower case. */
  readonly headers: readonly Condition[];
  readonly query: readonly Condition[];
  readonly migration: string;
  readonly service: string;
  /** What the configuration says that it does; null leaves it to the method. */
  readonly as: Kind | null;
  readonly parameters: readonly string[];
  /** What else the configuration says of it. */
  readonly settings: RouteSettings;
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

/** Reads one entry of the configuration: a route for each of its methods. */
export function readRoute(entry: MigrationRoutes, input: RouteInput): Route[] {
  const { methods, ...spelt } = spelled(input);
  const parameters = readParameters(entry, `${methods.join(',')} ${spelt.path}`, spelt.path);
  const shared = { ...spelt, migration: entry.migration, service: entry.service, parameters };
  return methods.map((method) => Object.freeze({ method, ...shared }));
}

/** What a route claims, in one line: `GET shop.example.com/api/products (header x-beta = yes)`. */
export function routeInWords({ method, host, path, headers, query }: Route): string {
  const conditions = conditionsInWords({ headers, query });
  return `${method} ${host ?? ''}${path}${conditions.length > 0 ? ` (${conditions.join(', ')})` : ''}`;
}

/** The conditions of a route, each in a few words. */
export function conditionsInWords({ headers, query }: Pick<Route, 'headers' | 'query'>): string[] {
  return [
    ...headers.map((condition) => `header ${conditionInWords(condition)}`),
    ...query.map((condition) => `query ${conditionInWords(condition)}`),
  ];
}

/** The segments of a route's path. */
export function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

type Spelled = Pick<Route, 'path' | 'host' | 'headers' | 'query' | 'as' | 'settings'> & { methods: string[] };

function spelled(input: RouteInput): Spelled {
  if (typeof input === 'string') {
    const blank = input.indexOf(' ');
    return {
      ...spelled({ method: '*', path: input.slice(blank + 1) }),
      methods: input.slice(0, blank).split(','),
    };
  }
  const { method, path, host, headers, query, as, ...settings } = input;
  return {
    methods: [method].flat(),
    path,
    host: host ?? null,
    headers: conditionsOf(headers && lowerCased(headers)),
    query: conditionsOf(query),
    as: as ?? null,
    settings,
  };
}

function lowerCased<Value>(byName: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(byName).map(([name, value]) => [name.toLowerCase(), value]));
}

function readParameters(entry: MigrationRoutes, text: string, path: string): readonly string[] {
  const fail = (problem: string): RouteError => new RouteError(text, [entry.migration], problem);
  const names: string[] = [];
  const segments = segmentsOf(path);
  for (const [index, segment] of segments.entries()) {
    if (segment === '*' && index === segments.length - 1) continue;
    if (segment === '*')
      throw fail('a "*" in the middle stands for nothing; write "{name}" for one segment.');
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
