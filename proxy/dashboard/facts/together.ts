import type { Migration } from '../stream/changes.ts';

/** Migrations that move as one: most are one of one. */
export interface Unit {
  /** As they are listed. */
  members: readonly Migration[];
  /** They stand at different stages, so no move could be one of all of them. */
  isApart: boolean;
}

/** What moves as one, each in the place of its first member. */
export function unitsOf(all: readonly Migration[]): Unit[] {
  const seen = new Set<string>();
  return all.flatMap((migration) => {
    if (seen.has(migration.name)) return [];
    const members = all.filter(({ name }) => name === migration.name || migration.together.includes(name));
    for (const { name } of members) seen.add(name);
    return [{ members, isApart: members.some(({ stage }) => stage !== migration.stage) }];
  });
}

/** Those that move with it, without itself. */
export function companionsOf({ name, together }: Pick<Migration, 'name' | 'together'>): string[] {
  return together.filter((one) => one !== name);
}
