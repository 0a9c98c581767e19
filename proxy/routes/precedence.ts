import { segmentsOf, type Route } from './route.ts';

/**
 * What decides between two routes that one request fits, in this order: the precedence of HTTPRoute in the
 * Gateway API of Kubernetes, with `{parameter}` between exact and `/*`, segment by segment.
 */
export type Precedence = 'host' | 'path' | 'method' | 'headers' | 'query' | 'order';

/** Orders routes with one host, path and method: more header conditions, then more query conditions, first. */
export function byConditions(a: Route, b: Route): number {
  return b.headers.length - a.headers.length || b.query.length - a.query.length;
}

/** By what `winner` comes before `loser` for a request that fits both. */
export function decidedBy(winner: Route, loser: Route): Precedence {
  if (winner.host !== loser.host) return 'host';
  if (shapeOf(winner.path) !== shapeOf(loser.path)) return 'path';
  if (winner.method !== loser.method) return 'method';
  if (winner.headers.length !== loser.headers.length) return 'headers';
  return winner.query.length === loser.query.length ? 'order' : 'query';
}

/** The path without the names of its parameters: routes of one shape claim the same paths. */
function shapeOf(path: string): string {
  return segmentsOf(path)
    .map((segment) => (segment.startsWith('{') ? '{}' : segment))
    .join('/');
}
