import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import pg from 'pg';
import { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import type { ProxyLease } from '../../migrations/lifecycle/store.ts';
import { ControlStore } from '../../migrations/lifecycle/store.ts';
import { createDatabase } from '../../migrations/testing/two-databases.ts';
import { JournalFeed } from './feed.ts';

const GIVE_UP_MS = 60_000;

let store: ControlStore;
let journal: JournalFollower;
let feed: JournalFeed;
let intruder: pg.Client;
beforeEach(async () => {
  const url = await createDatabase('');
  store = await ControlStore.open(url);
  const decision = { kind: 'repaired', rows: 1 } as const;
  const entry = { migration: 'catalog', decision, epoch: 0, actor: 'ann', reason: null, evidence: null };
  const { seq } = await store.append(entry, 0);
  await store.append({ ...entry, actor: 'bob' }, seq);
  journal = await JournalFollower.start(store);
  feed = await JournalFeed.start(store, journal, [{ name: 'catalog', isFenced: true }]);
  intruder = new pg.Client({ connectionString: url });
  await intruder.connect();
});
afterEach(async () => {
  await feed.close();
  await journal.close();
  await store.close();
  await intruder.end();
});

/** The leases, once they fit. */
async function leases(fit: (found: ProxyLease[]) => boolean): Promise<ProxyLease[]> {
  const giveUpAt = Date.now() + GIVE_UP_MS;
  for (;;) {
    const found = await store.liveProxies();
    if (fit(found)) return found;
    if (Date.now() > giveUpAt) throw new Error(`the leases never fitted: ${JSON.stringify(found)}`);
  }
}

it('keeps a proxy that has read another journal from being taken for one that follows this one', async () => {
  feed.acknowledge(2);
  expect(await leases(([one]) => one?.acked === 2)).toEqual([{ id: feed.id, acked: 2 }]);
  await intruder.query('ALTER TABLE strangler_control.journal DISABLE TRIGGER append_only');
  await intruder.query('DELETE FROM strangler_control.journal WHERE seq = 2');
  const [left, ...others] = await leases((found) => found.length === 1 && found[0]?.id !== feed.id);
  expect([left?.acked, others]).toEqual([0, []]);
  // It still knows what it knew, and its clients have their answers.
  expect(feed.leaseIsLive()).toBe(true);
  expect(feed.current().seq).toBe(2);
  feed.acknowledge(3);
  expect((await store.liveProxies()).filter(({ acked }) => acked > 0)).toEqual([]);
});

it('trusts its lease no longer when its connection breaks, and again once it has renewed it', async () => {
  const session = async (fits: (pid: number | null) => boolean): Promise<number | null> => {
    const giveUpAt = Date.now() + GIVE_UP_MS;
    for (;;) {
      const { rows } = await intruder.query<{ pid: number | null }>(
        'SELECT session_pid AS pid FROM strangler_control.proxy WHERE id = $1',
        [feed.id],
      );
      const pid = rows[0]?.pid ?? null;
      if (fits(pid)) return pid;
      if (Date.now() > giveUpAt) throw new Error(`the connection is ${pid}`);
    }
  };
  const first = await session((pid) => pid !== null);
  // Until the store takes the next renewal.
  const { promise: renewable, resolve: letRenew } = Promise.withResolvers<void>();
  const renewLease = store.renewLease.bind(store);
  store.renewLease = (...lease) => renewable.then(() => renewLease(...lease));
  await intruder.query('SELECT pg_terminate_backend($1)', [first]);
  const giveUpAt = Date.now() + GIVE_UP_MS;
  while (feed.leaseIsLive()) {
    expect(Date.now()).toBeLessThan(giveUpAt);
    await setImmediate();
  }
  letRenew();
  await session((pid) => pid !== null && pid !== first);
  expect(await leases((found) => found.length === 1)).toEqual([{ id: feed.id, acked: 0 }]);
  expect(feed.leaseIsLive()).toBe(true);
});
