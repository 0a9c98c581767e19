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

/** By what `winner` comes before `loser` for a request with this method that fits both. */
export function decidedBy(winner: Route, loser: Route, method: string): Precedence {
  if (winner.host !== loser.host) return 'host';
  if (shapeOf(winner.path) !== shapeOf(loser.path)) return 'path';
  if (rankOfMethod(winner, method) !== rankOfMethod(loser, method)) return 'method';
  if (winner.headers.length !== loser.headers.length) return 'headers';
  return winner.query.length === loser.query.length ? 'order' : 'query';
}

/** A route for the method itself, for GET when HEAD is asked, for any method, and for whatever OPTIONS asks about. */
function rankOfMethod(route: Route, method: string): number {
  if (route.method === method) return 0;
  if (route.method === '*') return 2;
  return method === 'HEAD' ? 1 : 3;
}

/** The path without the names of its parameters: routes of one shape claim the same paths. */
function shapeOf(path: string): string {
  return segmentsOf(path)
    .map((segment) => (segment.startsWith('{') ? '{}' : segment))
    .join('/');
}
