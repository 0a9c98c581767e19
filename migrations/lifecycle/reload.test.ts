import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import type { Capability } from './capability.ts';
import { Coordinator } from './coordinator.ts';
import { JournalFollower } from './follow.ts';
import { ControlStore } from './store.ts';

let bed: TwoDatabases;
let store: ControlStore;
let journal: JournalFollower;
beforeEach(async () => {
  bed = await twoDatabases();
  store = await ControlStore.open(bed.urls.control);
  journal = await JournalFollower.start(store);
});
afterEach(async () => {
  await journal.close();
  await store.close();
  await bed.close();
});

const SYNC = { verb: 'sync', weight: 0, actor: 'ann', reason: null } as const;

/** Orders a sync, and changes the configuration while its gates are judged. */
async function syncWhile(change: (capability: Capability) => Capability | null): Promise<unknown> {
  const byName = new Map<string, Capability>();
  byName.set('catalog', {
    ...bed.capability,
    probe: async () => {
      const next = change(bed.capability);
      if (next) byName.set('catalog', next);
      else byName.delete('catalog');
      return [];
    },
  });
  const coordinator = new Coordinator({
    store,
    journal,
    capabilities: { byName },
    shadowOf: async () => null,
    isLeading: () => true,
  });
  return coordinator.move('catalog', SYNC);
}

describe('a sync whose configuration is changed before it is journaled', () => {
  it.each<[string, (capability: Capability) => Capability | null]>([
    ['has other tables', (capability) => ({ ...capability, pairs: capability.pairs.slice(0, 1) })],
    ['leads to another service', (capability) => ({ ...capability, service: 'shop' })],
    ['is gone', () => null],
  ])('does not begin, and leaves nothing behind, when the migration %s', async (_what, change) => {
    await expect(syncWhile(change)).rejects.toThrow(/configuration of "catalog" was changed while "sync"/);
    expect(journal.state('catalog').stage).toBe('legacy');
    expect(journal.entries.map((entry) => entry.kind)).toEqual(['sync-started']);
    expect(await bed.databases.monolith.sideState('catalog')).toBeNull();
    expect(await bed.databases.service.sideState('catalog')).toBeNull();
    await bed.service.query(`INSERT INTO manufacturer (name) VALUES ('not fenced')`);
  });

  it('begins when only thresholds were changed', async () => {
    await syncWhile((capability) => ({
      ...capability,
      thresholds: { ...capability.thresholds, lagSeconds: 9 },
    }));
    expect(journal.state('catalog').stage).toBe('dual-write');
  });
});
