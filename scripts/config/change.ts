import { isDeepStrictEqual } from 'node:util';
import type { Config } from './read.ts';
import type { Problem } from './problems.ts';
import { groupIn } from './together.ts';

/** What the journal says of a migration, as far as it forbids a change of the configuration. */
export interface InForce {
  migration: string;
  stage: 'legacy' | 'dual-write' | 'shadow' | 'canary' | 'extracted' | 'retired';
}

/** What is opened once, when a process starts. */
const FIXED: readonly (readonly string[])[] = [
  ['proxy', 'listen'],
  ['proxy', 'processes'],
  // Says too whether there is TLS at all.
  ['proxy', 'tls', 'clientAuth'],
  ['control', 'listen'],
  ['control', 'store'],
  ['transport'],
];

/**
 * Why a new configuration cannot take the place of the one in force while everything runs: what is opened once, and
 * what a migration that is under way was started with. Empty when it can.
 */
export function problemsOfChange(before: Config, after: Config, inForce: readonly InForce[]): Problem[] {
  return [
    ...FIXED.filter((path) => !isDeepStrictEqual(at(before, path), at(after, path))).map((path) => ({
      path: [...path],
      atKey: false,
      message: `${path.join('.')} cannot change while the product runs; start it again for this`,
    })),
    ...forgotten(after, inForce),
    ...inForce.flatMap((state) => problemsOfMigration(before, after, state)),
    ...inForce.flatMap((state) => problemsOfGroup(before, after, state)),
  ];
}

/** Migrations that the journal knows to be under way, and the configuration does not know at all. */
export function forgotten(config: Config, inForce: readonly InForce[]): Problem[] {
  return inForce
    .filter(({ migration, stage }) => stage !== 'legacy' && !config.migrations[migration])
    .map(({ migration, stage }) => ({
      path: ['migrations'],
      atKey: true,
      message: `migration "${migration}" is ${stage} and missing here: its requests would all go to the monolith; ${wayOut(stage)}`,
    }));
}

function problemsOfMigration(before: Config, after: Config, { migration, stage }: InForce): Problem[] {
  const [old, next] = [before.migrations[migration], after.migrations[migration]];
  if (!old || !next || stage === 'legacy') return [];
  const changed: [path: (string | number)[], what: string][] = [];
  if (old.service !== next.service) changed.push([['migrations', migration, 'service'], 'its service']);
  if (stage !== 'retired') {
    if (!isDeepStrictEqual(old.tables, next.tables))
      changed.push([['migrations', migration, 'tables'], 'its tables']);
    if (before.monolith.database !== after.monolith.database)
      changed.push([['monolith', 'database'], "the monolith's database"]);
    const { service } = old;
    if (before.services[service]?.database !== after.services[service]?.database)
      changed.push([['services', service, 'database'], `the database of "${service}"`]);
  }
  return changed.map(([path, what]) => ({
    path,
    atKey: false,
    message: `migration "${migration}" is ${stage}: ${what} cannot change under way; ${wayOut(stage)}`,
  }));
}

/** What moves together has to stand at one stage, and its journal says who is in it. */
function problemsOfGroup(before: Config, after: Config, { migration, stage }: InForce): Problem[] {
  if (stage === 'legacy' || !after.migrations[migration]) return [];
  const [old, next] = [groupIn(before, migration), groupIn(after, migration)];
  if (isDeepStrictEqual(old.toSorted(), next.toSorted())) return [];
  const words = (group: string[]): string => {
    const others = group.filter((name) => name !== migration);
    return others.length > 0 ? `together with ${others.join(', ')}` : 'alone';
  };
  const message = `migration "${migration}" is ${stage} and moves ${words(old)}: that it moves ${words(next)} cannot change under way; ${wayOut(stage)}`;
  return [{ path: ['together'], atKey: true, message }];
}

function wayOut(stage: InForce['stage']): string {
  return stage === 'retired' ? 'put it back' : 'put it back, or roll back to legacy first';
}

function at(config: Config, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], config);
}
