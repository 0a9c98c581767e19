import type { components } from '../../control/api.gen.ts';
import { placeInWords } from '../words.ts';
import type { Stage } from './stages.ts';

type RouteUse = components['schemas']['RouteUse'];

export interface RouteRow {
  key: string;
  migration: string;
  stage: Stage;
  /** `any` for every method. */
  method: string;
  place: string;
  kind: 'reads' | 'writes';
  answeredBy: string;
  /** In which arm: answered by the monolith, by the service, or split. */
  arm: 'monolith' | 'service' | 'split';
  requests: { monolith: number; service: number };
  /** ISO time; null when it never was. */
  lastSeen: string | null;
  /** ISO time; null for one that was added at this moment. */
  countedSince: string | null;
  /** What a search looks in, in lower case. */
  text: string;
}

export interface RouteFilter {
  /** Words that all have to be there. */
  search: string;
  migration: string;
  arm: string;
  kind: string;
  /** `unused` for those that nobody called for a week, or ever since they are counted. */
  use: string;
}

export function rowOf(route: RouteUse): RouteRow {
  const { id, migration, stage, readsOrWrites, answeredBy, requests, lastSeen, countedSince } = route;
  const method = route.method === '*' ? 'any' : route.method;
  const place = placeInWords(route);
  return {
    // A route of any method has a line for its reads and one for its writes.
    key: `${id} ${readsOrWrites}`,
    ...{ migration, stage, method, place, kind: readsOrWrites, answeredBy, requests, lastSeen, countedSince },
    arm: armOf(answeredBy),
    text: `${method} ${place} ${migration} ${stage} ${readsOrWrites} ${answeredBy}`.toLowerCase(),
  };
}

function armOf(answeredBy: string): RouteRow['arm'] {
  if (answeredBy === 'monolith' || answeredBy === '0 % service') return 'monolith';
  return answeredBy === 'service' || answeredBy === '100 % service' ? 'service' : 'split';
}

const WEEK_MS = 7 * 86_400_000;

/** Whether nobody called it for a week, or ever since it is counted. */
export function isUnused({ lastSeen }: Pick<RouteRow, 'lastSeen'>, now: number): boolean {
  return lastSeen === null || now - Date.parse(lastSeen) > WEEK_MS;
}

/** The rows that fit; an empty field of the filter lets all through. */
export function filtered(rows: readonly RouteRow[], filter: RouteFilter, now: number): RouteRow[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter(
    (row) =>
      (filter.migration === '' || row.migration === filter.migration) &&
      (filter.arm === '' || row.arm === filter.arm) &&
      (filter.kind === '' || row.kind === filter.kind) &&
      (filter.use !== 'unused' || isUnused(row, now)) &&
      words.every((word) => row.text.includes(word)),
  );
}
