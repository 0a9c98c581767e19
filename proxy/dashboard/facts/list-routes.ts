import type { components } from '../../control/api.gen.ts';
import type { Migration } from '../stream/changes.ts';
import { placeInWords } from '../words.ts';
import type { Stage } from './stages.ts';

type Schemas = components['schemas'];

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
  /** What a search looks in, in lower case. */
  text: string;
}

export interface RouteFilter {
  /** Words that all have to be there. */
  search: string;
  migration: string;
  arm: string;
  kind: string;
}

/** A row for each route of each migration, in their order. */
export function routeRows(migrations: readonly Migration[]): RouteRow[] {
  return migrations.flatMap((migration) => migration.routes.map((route, at) => rowOf(migration, route, at)));
}

function rowOf(migration: Migration, route: Schemas['RouteStatus'], at: number): RouteRow {
  const { name, stage } = migration;
  const method = route.method === '*' ? 'any' : route.method;
  const place = placeInWords(route);
  return {
    key: `${name} ${at}`,
    migration: name,
    stage,
    method,
    place,
    kind: route.readsOrWrites,
    answeredBy: route.answeredBy,
    arm: armOf(migration, route),
    text: `${method} ${place} ${name} ${stage} ${route.readsOrWrites} ${route.answeredBy}`.toLowerCase(),
  };
}

function armOf({ owner, stage, weightSet }: Migration, route: Schemas['RouteStatus']): RouteRow['arm'] {
  if (owner === 'service') return 'service';
  if (stage !== 'canary' || route.readsOrWrites === 'writes' || weightSet === 0) return 'monolith';
  return weightSet === 100 ? 'service' : 'split';
}

/** The rows that fit; an empty field of the filter lets all through. */
export function filtered(rows: readonly RouteRow[], filter: RouteFilter): RouteRow[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter(
    (row) =>
      (filter.migration === '' || row.migration === filter.migration) &&
      (filter.arm === '' || row.arm === filter.arm) &&
      (filter.kind === '' || row.kind === filter.kind) &&
      words.every((word) => row.text.includes(word)),
  );
}
