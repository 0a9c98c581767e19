import type { TwoDatabases } from '../../testing/two-databases.ts';
import { twoDatabases } from '../../testing/two-databases.ts';
import type { OwnerChangeOrder } from '../change-owner.ts';
import { JournalFollower } from '../follow.ts';
import { ControlStore } from '../store.ts';

/** Two databases in step, and a journal that says: the migration is a canary. */
export interface CanaryBed {
  bed: TwoDatabases;
  store: ControlStore;
  journal: JournalFollower;
  close(): Promise<void>;
}

export async function canaryBed(): Promise<CanaryBed> {
  const bed = await twoDatabases();
  await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('a'), ('b')`);
  await bed.install();
  await bed.monolith.query(`UPDATE maker SET nm = nm`);
  await bed.catchUp();
  const store = await ControlStore.open(bed.urls.control);
  const decision = {
    kind: 'stage-changed',
    verb: 'canary',
    from: 'shadow',
    to: 'canary',
    weight: 10,
  } as const;
  const unsaid = { actor: 'test', reason: null, evidence: null };
  await store.append({ migration: 'catalog', decision, epoch: 0, ...unsaid }, 0);
  const journal = await JournalFollower.start(store);
  return {
    bed,
    store,
    journal,
    close: async () => {
      await journal.close();
      await store.close();
      await bed.close();
    },
  };
}

/** The cutover that is next there. */
export const FORWARD: OwnerChangeOrder = {
  verb: 'cutover',
  migration: 'catalog',
  from: 'canary',
  to: 'extracted',
  epoch: 0,
  newEpoch: 1,
  oldOwner: 'monolith',
  actor: 'test',
  reason: null,
  evidence: null,
};
