import type { Migration } from '../stream/changes.ts';

/** How much of something the services have; `percent` is null where there is none of it. */
export interface Share {
  taken: number;
  total: number;
  percent: number | null;
}

export interface Takeover {
  /** Routes; one whose reads are split counts for its part. */
  routes: Share;
  /** Routes that write, by the owner of what they write. */
  writes: Share;
}

/** How much the services have taken over, by what is decided and not by what was measured. */
export function takeoverOf(migrations: readonly Migration[]): Takeover {
  const all = migrations.flatMap((migration) =>
    migration.routes.map(({ readsOrWrites }) => ({
      isWrite: readsOrWrites === 'writes',
      share: shareOf(migration, readsOrWrites),
    })),
  );
  return { routes: sum(all), writes: sum(all.filter(({ isWrite }) => isWrite)) };
}

function shareOf({ owner, stage, weightSet }: Migration, kind: 'reads' | 'writes'): number {
  if (owner === 'service') return 1;
  return stage === 'canary' && kind === 'reads' ? weightSet / 100 : 0;
}

function sum(routes: readonly { share: number }[]): Share {
  const taken = routes.reduce((total, { share }) => total + share, 0);
  return {
    taken,
    total: routes.length,
    percent: routes.length === 0 ? null : (taken * 100) / routes.length,
  };
}
