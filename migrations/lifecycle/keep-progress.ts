import type { ControlStore } from './store.ts';

/** How much the services had taken over at one moment; requests are counted from the beginning. */
export const PROGRESS_SCHEMA = `
CREATE TABLE IF NOT EXISTS strangler_control.progress (
  at timestamptz PRIMARY KEY, routes double precision NOT NULL, routes_service double precision NOT NULL,
  reads_monolith bigint NOT NULL, reads_service bigint NOT NULL, writes_monolith bigint NOT NULL,
  writes_service bigint NOT NULL);`;

/** Routes, and how many of them the services answer; a fraction for those that are shared. */
export interface RouteShare {
  total: number;
  service: number;
}

export interface ProgressSample {
  /** ISO time. */
  at: string;
  routes: RouteShare;
  reads: Sides;
  writes: Sides;
}

interface Sides {
  monolith: number;
  service: number;
}

const TOTALS = ['reads', 'writes'].flatMap((kind) =>
  ['monolith', 'service'].map(
    (side) =>
      `coalesce((SELECT requests FROM strangler_control.use_total WHERE kind = '${kind}' AND side = '${side}'), 0)`,
  ),
);

/** Notes where things stand now. */
export async function noteProgress(store: ControlStore, { total, service }: RouteShare): Promise<void> {
  await store.query(
    `INSERT INTO strangler_control.progress SELECT clock_timestamp(), $1::float8, $2::float8, ${TOTALS.join(', ')}`,
    [total, service],
  );
}

/** Where things stand, without noting it. */
export async function progressNow(
  store: ControlStore,
  { total, service }: RouteShare,
): Promise<ProgressSample> {
  const [row] = await store.query<Row>(
    `SELECT clock_timestamp() AS at, $1::float8 AS routes, $2::float8 AS routes_service, ${TOTALS.map(
      (sql, i) => `${sql} AS ${NAMES[i] ?? ''}`,
    ).join(', ')}`,
    [total, service],
  );
  if (!row) throw new Error('a SELECT without FROM has returned no row');
  return sampleOf(row);
}

/** What was noted since `since` (ISO time; null: ever), oldest first, with the newest one from before it. */
export async function readProgress(store: ControlStore, since: string | null): Promise<ProgressSample[]> {
  const rows = await store.query<Row>(
    `SELECT * FROM strangler_control.progress WHERE $1::timestamptz IS NULL OR at >= coalesce(
       (SELECT max(at) FROM strangler_control.progress WHERE at < $1::timestamptz), '-infinity') ORDER BY at`,
    [since],
  );
  return rows.map(sampleOf);
}

/** Keeps one sample an hour of what is older than a day, and none of what is older than four hundred. */
export async function thinProgress(store: ControlStore): Promise<void> {
  await store.query(
    `DELETE FROM strangler_control.progress old WHERE at < clock_timestamp() - interval '400 days'
       OR (at < clock_timestamp() - interval '1 day' AND EXISTS (
         SELECT FROM strangler_control.progress other
         WHERE other.at < old.at AND date_trunc('hour', other.at) = date_trunc('hour', old.at)))`,
  );
}

const NAMES = ['reads_monolith', 'reads_service', 'writes_monolith', 'writes_service'] as const;

type Row = { at: Date; routes: number; routes_service: number } & Record<(typeof NAMES)[number], string>;

function sampleOf(row: Row): ProgressSample {
  return {
    at: row.at.toISOString(),
    routes: { total: row.routes, service: row.routes_service },
    reads: { monolith: Number(row.reads_monolith), service: Number(row.reads_service) },
    writes: { monolith: Number(row.writes_monolith), service: Number(row.writes_service) },
  };
}
