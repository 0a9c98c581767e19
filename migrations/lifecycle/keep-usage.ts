import type { ControlStore } from './store.ts';

/**
 * How often each route was asked for, over all proxies and restarts. Each proxy adds what came since it last did, so a
 * report whose answer was lost counts twice: figures for people, and no gate.
 */
export const USAGE_SCHEMA = `
CREATE TABLE IF NOT EXISTS strangler_control.route_use (
  id text PRIMARY KEY, migration text NOT NULL, monolith bigint NOT NULL DEFAULT 0, service bigint NOT NULL DEFAULT 0,
  counted_since timestamptz NOT NULL DEFAULT clock_timestamp(), last_seen timestamptz);
CREATE TABLE IF NOT EXISTS strangler_control.unmatched_use (
  method text, path text, requests bigint NOT NULL, first_seen timestamptz NOT NULL, last_seen timestamptz NOT NULL,
  PRIMARY KEY (method, path));
CREATE TABLE IF NOT EXISTS strangler_control.use_total (
  kind text, side text, requests bigint NOT NULL, PRIMARY KEY (kind, side));`;

/** What one proxy counted since it last told. */
export interface UseReport {
  routes: readonly {
    id: string;
    migration: string;
    kind: string;
    monolith: number;
    service: number;
    lastSeen: string;
  }[];
  unmatched: readonly { method: string; path: string; requests: number; lastSeen: string }[];
  /** Requests that no route claims, by kind. */
  unclaimed: Readonly<Record<string, number>>;
}

export interface KeptRouteUse {
  monolith: number;
  service: number;
  /** ISO times. */
  countedSince: string;
  lastSeen: string | null;
}

export interface KeptUnmatchedUse {
  method: string;
  path: string;
  requests: number;
  firstSeen: string;
  lastSeen: string;
}

const UNMATCHED_KEPT = 1000;

/** Adds a report, all of it or nothing. */
export async function addUse(
  store: ControlStore,
  { routes, unmatched, unclaimed }: UseReport,
): Promise<void> {
  const sum = (kind: string, side: 'monolith' | 'service'): number =>
    routes.reduce((all, use) => all + (use.kind === kind ? use[side] : 0), 0);
  const totals = ['reads', 'writes'].flatMap((kind) => [
    { kind, side: 'monolith', requests: sum(kind, 'monolith') + (unclaimed[kind] ?? 0) },
    { kind, side: 'service', requests: sum(kind, 'service') },
  ]);
  // In one order everywhere, so that two proxies cannot wait for each other.
  await store.query(
    `WITH route AS (
       INSERT INTO strangler_control.route_use AS known (id, migration, monolith, service, last_seen)
       SELECT id, migration, monolith, service, "lastSeen" FROM jsonb_to_recordset($1::jsonb)
         AS r (id text, migration text, monolith bigint, service bigint, "lastSeen" timestamptz) ORDER BY id
       ON CONFLICT (id) DO UPDATE SET monolith = known.monolith + excluded.monolith,
         service = known.service + excluded.service, last_seen = greatest(known.last_seen, excluded.last_seen)),
     unmatched AS (
       INSERT INTO strangler_control.unmatched_use AS known (method, path, requests, first_seen, last_seen)
       SELECT method, path, requests, "lastSeen", "lastSeen" FROM jsonb_to_recordset($2::jsonb)
         AS r (method text, path text, requests bigint, "lastSeen" timestamptz) ORDER BY method, path
       ON CONFLICT (method, path) DO UPDATE SET requests = known.requests + excluded.requests,
         last_seen = greatest(known.last_seen, excluded.last_seen))
     INSERT INTO strangler_control.use_total AS known (kind, side, requests)
     SELECT kind, side, requests FROM jsonb_to_recordset($3::jsonb) AS r (kind text, side text, requests bigint)
     ORDER BY kind, side
     ON CONFLICT (kind, side) DO UPDATE SET requests = known.requests + excluded.requests`,
    [JSON.stringify(routes), JSON.stringify(unmatched), JSON.stringify(totals)],
  );
}

/** From now on it is known that these are counted, whether or not anybody asks for them. */
export async function countFromNow(
  store: ControlStore,
  routes: readonly { id: string; migration: string }[],
): Promise<void> {
  await store.query(
    `INSERT INTO strangler_control.route_use (id, migration)
     SELECT id, migration FROM jsonb_to_recordset($1::jsonb) AS r (id text, migration text) ORDER BY id
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(routes)],
  );
}

/** What was counted of each route. */
export async function readUse(store: ControlStore): Promise<Map<string, KeptRouteUse>> {
  const rows = await store.query<RouteRow>(
    'SELECT id, monolith, service, counted_since, last_seen FROM strangler_control.route_use',
  );
  return new Map(
    rows.map(({ id, monolith, service, counted_since: since, last_seen: seen }) => [
      id,
      {
        ...{ monolith: Number(monolith), service: Number(service) },
        ...{ countedSince: since.toISOString(), lastSeen: seen?.toISOString() ?? null },
      },
    ]),
  );
}

/** What no route claims, the most frequent first. */
export async function readUnmatched(store: ControlStore): Promise<KeptUnmatchedUse[]> {
  const rows = await store.query<UnmatchedRow>(
    `SELECT method, path, requests, first_seen, last_seen FROM strangler_control.unmatched_use
     ORDER BY requests DESC, method, path LIMIT ${UNMATCHED_KEPT}`,
  );
  return rows.map(({ method, path, requests, first_seen: first, last_seen: last }) => ({
    ...{ method, path, requests: Number(requests) },
    ...{ firstSeen: first.toISOString(), lastSeen: last.toISOString() },
  }));
}

/** Forgets what no route claims beyond the thousand that were seen last. */
export async function forgetOldUnmatched(store: ControlStore): Promise<void> {
  await store.query(
    `DELETE FROM strangler_control.unmatched_use WHERE (method, path) NOT IN (
       SELECT method, path FROM strangler_control.unmatched_use ORDER BY last_seen DESC LIMIT ${UNMATCHED_KEPT})`,
  );
}

interface RouteRow {
  id: string;
  monolith: string;
  service: string;
  counted_since: Date;
  last_seen: Date | null;
}

interface UnmatchedRow {
  method: string;
  path: string;
  requests: string;
  first_seen: Date;
  last_seen: Date;
}
