import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import { QUIET } from '../../migrations/lifecycle/quiet.ts';
import type { QuietRecord } from '../../migrations/lifecycle/quiet.ts';
import { ControlStore } from '../../migrations/lifecycle/store.ts';
import { WRITERS } from '../../migrations/lifecycle/writers.ts';
import type { WritersRecord } from '../../migrations/lifecycle/writers.ts';
import type { TwoDatabases } from '../../migrations/testing/two-databases.ts';
import { twoDatabases } from '../../migrations/testing/two-databases.ts';
import { lookAround } from './watch-quiet.ts';
import { watchWriters } from './watch-writers.ts';

let bed: TwoDatabases;
let store: ControlStore;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('a')`);
  store = await ControlStore.open(bed.urls.control);
});
afterEach(async () => {
  await store.close();
  await bed.close();
});

describe('who writes to the tables', () => {
  it('is seen while it does, by the names that it has; who only reads or locks is not, nor are we', async () => {
    const [nightly, reader, elsewhere, ours] = await Promise.all(
      [1, 2, 3, 4].map(() => bed.connect('monolith')),
    );
    for (const [client, name] of [
      [nightly, 'nightly'],
      [reader, 'reader'],
      [elsewhere, 'elsewhere'],
      [ours, 'strangler'],
    ] as const) {
      await client?.query(`SET application_name = '${name}'`);
      await client?.query('BEGIN');
    }
    await reader?.query('SELECT * FROM maker FOR UPDATE');
    await elsewhere?.query('CREATE TABLE another (id int); INSERT INTO another VALUES (1)');
    await ours?.query('DELETE FROM item');
    const writersOf = (tables: string[]) => bed.databases.monolith.writersOf(tables);
    expect(await writersOf(['maker', 'item'])).toEqual([]);
    await reader?.query('ROLLBACK');
    await nightly?.query(`UPDATE maker SET nm = 'b'`);
    expect(await writersOf(['maker', 'item'])).toEqual([
      { user: expect.any(String), application: 'nightly' },
    ]);
    await nightly?.query('COMMIT');
    expect(await writersOf(['maker', 'item'])).toEqual([]);
  });

  it('is kept in the store at once, and over a restart of the sync', async () => {
    const nightly = await bed.connect('monolith');
    await nightly.query(`SET application_name = 'nightly'`);
    await nightly.query('BEGIN');
    await nightly.query(`UPDATE maker SET nm = 'b'`);
    const watchOnce = async (): Promise<WritersRecord> => {
      const stop = new AbortController();
      const reported = new Promise<WritersRecord>((resolve) => {
        const watched = {
          reports: (prefix?: string) => store.reports(prefix),
          now: () => store.now(),
          report: async (name: string, value: unknown) => {
            await store.report(name, value);
            resolve(value as WritersRecord);
            stop.abort();
          },
        };
        void watchWriters(bed.synced, watched, stop.signal);
      });
      return reported;
    };
    const first = await watchOnce();
    expect(first.seen).toMatchObject([{ application: 'nightly' }]);
    await nightly.query('COMMIT');
    expect((await watchOnce()).since).toBe(first.since);
    expect((await store.reports(WRITERS)).get(`${WRITERS}catalog`)?.value).toMatchObject({
      seen: [{ application: 'nightly' }],
    });
  });
});

describe('how quiet the monolith is', () => {
  it('is read from what proxies counted and what the fence refused', async () => {
    await bed.install();
    const common = { migration: 'catalog', actor: 'test', reason: null, evidence: null };
    await store.append(
      {
        ...{ ...common, epoch: 1 },
        decision: { kind: 'stage-changed', verb: 'cutover', from: 'shadow', to: 'extracted', weight: 100 },
      },
      0,
    );
    await bed.databases.monolith.raiseFence('catalog', ['maker', 'item'], 1n, 1000);
    const journal = await JournalFollower.start(store);
    const capabilities = { byName: new Map([['catalog', bed.capability]]) };
    const look = async () => {
      await lookAround({ store, journal, capabilities });
      return (await store.reports(QUIET)).get(`${QUIET}catalog`)?.value as QuietRecord;
    };
    const proxy = (requests: number) =>
      store.report('traffic:one', { migrations: { catalog: { monolith: { requests } } } });
    await proxy(7);
    expect(await look()).toMatchObject({ epoch: 1, last: null, refused: 0, requests: { 'traffic:one': 7 } });
    expect((await look()).last).toBeNull();
    await expect(bed.monolith.query(`INSERT INTO maker (nm) VALUES ('stray')`)).rejects.toThrow('is fenced');
    await proxy(8);
    expect((await look()).last?.what).toBe(
      '1 requests reached the monolith, the fence refused 1 writes that passed no proxy',
    );
    await journal.close();
  });
});
