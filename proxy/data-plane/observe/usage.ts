import { routeInWords, type Kind, type Route } from '../../routes/route.ts';
import type { Exchange, Side } from '../exchange.ts';
import { timeNow } from '../moment.ts';
import { shapeOf } from './path-shape.ts';

/** How often one kind of requests of one route came. */
export interface RouteUse {
  /** As `routeUseId` writes it. */
  id: string;
  migration: string;
  kind: Kind;
  monolith: number;
  service: number;
  /** ISO time. */
  lastSeen: string;
}

/** How often requests of one shape came that no route claims. */
export interface UnmatchedUse {
  method: string;
  /** The path with `{…}` for what looks like a value. */
  path: string;
  requests: number;
  /** ISO time. */
  lastSeen: string;
}

/** What came since the last report, as plain JSON. */
export interface UsageReport {
  routes: RouteUse[];
  unmatched: UnmatchedUse[];
  /** All that no route claims, those of shapes that are not listed too. */
  unclaimed: Record<Kind, number>;
}

/** Tells a route and kind from all others, also after a restart. */
export function routeUseId(route: Route, kind: Kind): string {
  return `${route.migration}: ${routeInWords(route)}, ${kind}`;
}

interface Use {
  monolith: number;
  service: number;
  /** By `timeNow()`. */
  lastSeen: number;
}

/** Between two reports: looking at a path costs more than counting it. */
const SHAPES_LOOKED_AT = 1000;
const SHAPES_LISTED = 200;

/** Counts which routes are asked for, and what no route claims. Its memory is bounded, and it begins anew with each report. */
export class Usage {
  #routes: Record<Kind, Map<Route, Use>> = emptyRoutes();
  #unmatched = new Map<string, Omit<UnmatchedUse, 'lastSeen'> & { lastSeen: number }>();
  #unclaimed: Record<Kind, number> = { reads: 0, writes: 0 };
  #looked = 0;

  /** Records one exchange that has ended. */
  record(exchange: Exchange): void {
    const { match, decision, problem, fellBack, outcome } = exchange;
    if (!outcome) return;
    if (!match) return problem ? undefined : this.#noteUnmatched(exchange);
    const use = this.#useOf(match.route, match.kind);
    use.lastSeen = timeNow();
    if (problem || decision.waits) return;
    const side: Side = fellBack ? 'monolith' : decision.side;
    use[side] += 1;
  }

  /** What came since the last call. */
  take(): UsageReport {
    const routes = (['reads', 'writes'] as const).flatMap((kind) =>
      [...this.#routes[kind]].map(([route, { monolith, service, lastSeen }]) => ({
        ...{ id: routeUseId(route, kind), migration: route.migration, kind, monolith, service },
        lastSeen: isoTime(lastSeen),
      })),
    );
    const unmatched = [...this.#unmatched.values()].map((use) => ({
      ...use,
      lastSeen: isoTime(use.lastSeen),
    }));
    const unclaimed = this.#unclaimed;
    this.#routes = emptyRoutes();
    this.#unmatched = new Map();
    this.#unclaimed = { reads: 0, writes: 0 };
    this.#looked = 0;
    return { routes, unmatched, unclaimed };
  }

  #useOf(route: Route, kind: Kind): Use {
    let use = this.#routes[kind].get(route);
    if (!use) this.#routes[kind].set(route, (use = { monolith: 0, service: 0, lastSeen: 0 }));
    return use;
  }

  #noteUnmatched({ request: { method, target } }: Exchange): void {
    this.#unclaimed[READS.has(method) ? 'reads' : 'writes'] += 1;
    if (this.#looked >= SHAPES_LOOKED_AT) return;
    this.#looked += 1;
    const path = shapeOf(target.path);
    const name = `${method} ${path}`;
    const known = this.#unmatched.get(name);
    if (known) {
      known.requests += 1;
      known.lastSeen = timeNow();
    } else if (this.#unmatched.size < SHAPES_LISTED)
      this.#unmatched.set(name, { method: method.slice(0, 20), path, requests: 1, lastSeen: timeNow() });
  }
}

const READS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** @param ms by `timeNow()` */
function isoTime(ms: number): string {
  return new Date(Date.now() - timeNow() + ms).toISOString();
}

const emptyRoutes = (): Record<Kind, Map<Route, Use>> => ({ reads: new Map(), writes: new Map() });
