import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createDatabase } from '../testing/two-databases.ts';
import { Coordinator } from './coordinator.ts';
import { JournalForkedError } from './errors.ts';
import { JournalFollower } from './follow.ts';
import type { JournalEntry } from './journal.ts';
import { ControlStore } from './store.ts';

let url: string;
let store: ControlStore;
let journal: JournalFollower;
let intruder: pg.Client;
beforeEach(async () => {
  url = await createDatabase('');
  store = await ControlStore.open(url);
  for (const actor of ['ann', 'bob']) await decide(actor);
  journal = await JournalFollower.start(store);
  intruder = new pg.Client({ connectionString: url });
  await intruder.connect();
  await intruder.query('ALTER TABLE strangler_control.journal DISABLE TRIGGER append_only');
});
afterEach(async () => {
  await journal.close();
  await store.close();
  await intruder.end();
});

async function decide(actor: string): Promise<JournalEntry> {
  const { length } = await store.entries();
  const decision = { kind: 'repaired', rows: length } as const;
  return store.append(
    { migration: 'catalog', decision, epoch: 0, actor, reason: null, evidence: null },
    length,
  );
}

/** As a server would be that took over without the newest entry. */
const loseNewest = () => intruder.query('DELETE FROM strangler_control.journal WHERE seq = 2');
const coordinatorOf = (follower: JournalFollower) =>
  new Coordinator({
    store,
    journal: follower,
    capabilities: { byName: new Map([['catalog', { name: 'catalog' } as never]]) },
    shadowOf: async () => null,
    isLeading: () => true,
  });

describe('a store that took over without the newest entry', () => {
  it('is noticed, for good, and whoever looks is told; what was known stays', async () => {
    const told = new Promise<void>((resolve) => journal.subscribe(() => journal.fork && resolve()));
    await loseNewest();
    await told;
    expect(journal.fork?.message).toMatch(/lacks entry 2 where "repaired" of "catalog" by bob/);
    expect(journal.entries).toHaveLength(2);
    await decide('eve');
    await expect(journal.refresh()).rejects.toThrow(JournalForkedError);
    expect(journal.entries.at(-1)?.actor).toBe('bob');
  });

  it('is noticed too when another entry has its number by now', async () => {
    await journal.close();
    await loseNewest();
    await decide('eve');
    await expect(journal.refresh()).rejects.toThrow(/another entry 2 \("repaired" by eve .*by bob/);
  });

  it('gets no move from a process that knew the other; a process that starts now goes on by what it says', async () => {
    await loseNewest();
    const order = { verb: 'sync', weight: 0, actor: 'ann', reason: null } as const;
    const coordinator = coordinatorOf(journal);
    await expect(coordinator.move('catalog', order)).rejects.toThrow(JournalForkedError);
    await expect(coordinator.plan('catalog', 'sync')).rejects.toThrow(JournalForkedError);
    await expect(coordinator.resume('ann')).rejects.toThrow(JournalForkedError);
    expect((await store.entries()).map(({ actor }) => actor)).toEqual(['ann']);
    const restarted = await JournalFollower.start(store);
    expect(restarted.entries).toHaveLength(1);
    await restarted.refresh();
    await restarted.close();
  });
});
