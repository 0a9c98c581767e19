import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createDatabase } from '../testing/two-databases.ts';
import { noteProgress, progressNow, readProgress, thinProgress } from './keep-progress.ts';
import {
  addUse,
  countFromNow,
  forgetOldUnmatched,
  readUnmatched,
  readUse,
  type UseReport,
} from './keep-usage.ts';
import { ControlStore } from './store.ts';

let store: ControlStore;
beforeEach(async () => {
  store = await ControlStore.open(await createDatabase(''));
});
afterEach(() => store.close());

const AT = '2026-01-02T03:04:05.000Z';
const LATER = '2026-01-02T03:09:05.000Z';
const report = (differing: Partial<UseReport> = {}): UseReport => ({
  routes: [{ id: 'a', migration: 'catalog', kind: 'reads', monolith: 2, service: 1, lastSeen: AT }],
  unmatched: [{ method: 'GET', path: '/x', requests: 3, lastSeen: AT }],
  unclaimed: { reads: 3, writes: 1 },
  ...differing,
});

describe('the use of routes', () => {
  it('adds up over proxies and restarts, and knows since when a route is counted that nobody asked for', async () => {
    await countFromNow(
      store,
      ['a', 'b'].map((id) => ({ id, migration: 'catalog' })),
    );
    await addUse(store, report());
    const [{ id, ...rest }] = [{ ...report().routes[0], id: 'a' }];
    await addUse(store, report({ routes: [{ ...report().routes[0]!, ...rest, id, lastSeen: LATER }] }));
    await addUse(store, report());
    const use = await readUse(store);
    expect(use.get('a')).toMatchObject({ monolith: 6, service: 3, lastSeen: LATER });
    expect(use.get('b')).toMatchObject({ monolith: 0, service: 0, lastSeen: null });
    expect(Date.parse(use.get('b')?.countedSince ?? '')).toBeGreaterThan(Date.now() - 60_000);
    expect(await readUnmatched(store)).toEqual([
      { method: 'GET', path: '/x', requests: 9, firstSeen: AT, lastSeen: AT },
    ]);
  });

  it('loses nothing when many proxies tell at the same moment', async () => {
    const ids = Array.from({ length: 50 }, (_, i) => `r${i}`);
    const routes = (order: string[]) => order.map((id) => ({ ...report().routes[0]!, id }));
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        addUse(store, report({ routes: routes(i % 2 ? ids : ids.toReversed()) })),
      ),
    );
    const use = await readUse(store);
    expect(ids.map((id) => use.get(id)?.monolith)).toEqual(ids.map(() => 40));
  });

  it('forgets of what no route claims all but the thousand seen last', async () => {
    const unmatched = Array.from({ length: 1200 }, (_, i) => ({
      ...{ method: 'GET', path: `/${i}`, requests: 1 },
      lastSeen: new Date(Date.parse(AT) + i * 1000).toISOString(),
    }));
    await addUse(store, report({ unmatched }));
    await forgetOldUnmatched(store);
    const kept = await readUnmatched(store);
    expect([
      kept.length,
      kept.some(({ path }) => path === '/199'),
      kept.some(({ path }) => path === '/200'),
    ]).toEqual([...[1000, false, true]]);
  });
});

describe('how much the services have taken over', () => {
  it('is noted with what was asked for until then, by kind and side', async () => {
    await addUse(store, report());
    await noteProgress(store, { total: 4, service: 1.25 });
    await addUse(store, report());
    const reads = { monolith: 5, service: 1 };
    expect(await readProgress(store, null)).toMatchObject([
      { routes: { total: 4, service: 1.25 }, reads, writes: { monolith: 1, service: 0 } },
    ]);
    expect(await progressNow(store, { total: 4, service: 2 })).toMatchObject({
      ...{ routes: { total: 4, service: 2 }, reads: { monolith: 10, service: 2 } },
      writes: { monolith: 2, service: 0 },
    });
  });

  it('is given since a time with the one before it, and thinned to one an hour after a day', async () => {
    for (let minute = 0; minute < 5; minute += 1) await noteProgress(store, { total: minute, service: 0 });
    const move = (ago: string) =>
      store.query(`UPDATE strangler_control.progress SET at = date_trunc('hour', clock_timestamp()) - interval '${ago}'
        + routes * interval '1 minute'`);
    await move('1 hour');
    const [, , third] = await readProgress(store, null);
    const since = await readProgress(store, third?.at ?? null);
    expect(since.map(({ routes }) => routes.total)).toEqual([1, 2, 3, 4]);
    await thinProgress(store);
    expect((await readProgress(store, null)).length).toBe(5);
    await move('30 hours');
    await thinProgress(store);
    expect((await readProgress(store, null)).map(({ routes }) => routes.total)).toEqual([0]);
    await move('401 days');
    await thinProgress(store);
    expect(await readProgress(store, null)).toEqual([]);
  });
});
