import type { components } from '../../control/api.gen.ts';
import type { Migration } from '../stream/changes.ts';
import type { Point } from './chart.ts';
import type { Stage } from './stages.ts';
import { takeoverOf } from './takeover.ts';

type Entry = components['schemas']['JournalEntry'];

/** What the services had at each decision; each value holds until the next. */
export interface History {
  routes: Point[];
  writes: Point[];
}

/**
 * The share of the present routes and writes that the services had over time, by what the journal says was decided.
 * Routes that are not configured any more are not counted: nobody knows how many they were.
 */
export function historyOf(migrations: readonly Migration[], journal: readonly Entry[], now: number): History {
  const then = new Map<string, Migration>(migrations.map((one) => [one.name, { ...one, ...AT_FIRST }]));
  const history: History = { routes: [], writes: [] };
  const note = (at: number): void => {
    const { routes, writes } = takeoverOf([...then.values()]);
    history.routes.push({ at, value: routes.percent });
    history.writes.push({ at, value: writes.percent });
  };
  for (const { kind, migration, at, evidence } of journal) {
    const known = then.get(migration);
    const { to, weight = 0 } = (evidence ?? {}) as { to?: Stage; weight?: number };
    if (!known || kind !== 'stage-changed' || to === undefined) continue;
    if (history.routes.length === 0) note(Date.parse(at));
    then.set(migration, { ...known, stage: to, weightSet: weight, owner: ownerAt(to) });
    note(Date.parse(at));
  }
  if (history.routes.length > 0) note(now);
  return history;
}

const AT_FIRST = { stage: 'legacy', owner: 'monolith', weightSet: 0 } as const;

function ownerAt(stage: Stage): Migration['owner'] {
  return stage === 'extracted' || stage === 'retired' ? 'service' : 'monolith';
}
