import type { Gate } from './gate.ts';
import { fewOf, result } from './gate.ts';
import type { MigrationState } from './fold.ts';
import type { Stage } from './stages.ts';

/** Another migration that this one comes after, or that comes after this one. */
export interface Neighbour {
  migration: string;
  stage: Stage;
}

/** Between which other migrations one stands, by the configuration. */
export interface Precedence {
  before: readonly Neighbour[];
  behind: readonly Neighbour[];
}

const isOver = ({ stage }: Neighbour): boolean => stage === 'extracted' || stage === 'retired';
const inWords = ({ migration, stage }: Neighbour): string => `${migration} is ${stage}`;

/** What a migration comes after is cut over before it. */
export const afterOthers: Gate = ({ precedence }) => {
  const missing = (precedence?.before ?? []).filter((each) => !isOver(each));
  return result(
    'order',
    missing.length === 0,
    missing.length === 0 ? 'in order' : fewOf(missing.map(inWords)),
    'all that it comes after extracted',
    `cut over ${fewOf(missing.map(({ migration }) => migration))} first, or change \`after\``,
  );
};

/** What comes after a migration relies on its service: it goes back first. */
export const beforeOthers: Gate = ({ precedence }) => {
  const relying = (precedence?.behind ?? []).filter(isOver);
  return result(
    'order',
    relying.length === 0,
    relying.length === 0 ? 'in order' : fewOf(relying.map(inWords)),
    'nothing that comes after it extracted',
    `take back ${fewOf(relying.map(({ migration }) => migration))} first`,
  );
};

/**
 * The neighbours of a migration.
 *
 * @param after what each migration comes after
 */
export function precedenceOf(
  migration: string,
  after: ReadonlyMap<string, readonly string[]>,
  stateOf: (migration: string) => MigrationState,
): Precedence {
  const neighbour = (name: string): Neighbour => ({ migration: name, stage: stateOf(name).stage });
  const behind = [...after].filter(([, names]) => names.includes(migration)).map(([name]) => name);
  return { before: (after.get(migration) ?? []).map(neighbour), behind: behind.map(neighbour) };
}

/** A round of migrations each of which comes after the next; null when there is none. */
export function circleIn(after: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();
  const walk = (name: string, way: readonly string[]): string[] | null => {
    if (way.includes(name)) return [...way.slice(way.indexOf(name)), name];
    if (done.has(name)) return null;
    for (const next of after.get(name) ?? []) {
      const circle = walk(next, [...way, name]);
      if (circle) return circle;
    }
    done.add(name);
    return null;
  };
  for (const name of after.keys()) {
    const circle = walk(name, []);
    if (circle) return circle;
  }
  return null;
}
