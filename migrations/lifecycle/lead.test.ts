import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createDatabase } from '../testing/two-databases.ts';
import { Wire } from '../testing/wire.ts';
import { Leadership } from './lead.ts';
import { ControlStore } from './store.ts';

let wire: Wire;
let stores: ControlStore[];
let leaderships: Leadership[];
beforeEach(async () => {
  const url = await createDatabase('');
  wire = await Wire.to(url);
  stores = [await ControlStore.open(wire.url), await ControlStore.open(url)];
  leaderships = [];
});
afterEach(async () => {
  await wire.close();
  await Promise.all(leaderships.map((each) => each.close()));
  await Promise.all(stores.map((store) => store.close()));
});

async function candidate(index: number, onLead: () => void = () => undefined): Promise<Leadership> {
  const store = stores[index];
  if (!store) throw new Error('there are two stores');
  const leadership = new Leadership(store, async () => onLead());
  leaderships.push(leadership);
  await leadership.decided;
  return leadership;
}

describe('the lead', () => {
  it('passes to another process when the host of the one before falls silent, which then knows it', async () => {
    const first = await candidate(0);
    const waited = new Promise<void>((resolve) => {
      void candidate(1, resolve).then((second) => expect(second.isLeading()).toBe(false));
    });
    expect(first.isLeading()).toBe(true);
    wire.fallSilent();
    await waited;
    expect(leaderships[1]?.isLeading()).toBe(true);
    expect(first.isLeading()).toBe(false);
  });

  it('is taken again by a process that lost it because an answer came late, on a connection that goes on', async () => {
    let leads: () => void = () => undefined;
    const first = await candidate(0, () => leads());
    wire.stall();
    while (first.isLeading()) await pause(50);
    const again = new Promise<void>((resolve) => (leads = resolve));
    wire.goOn();
    await again;
    expect(first.isLeading()).toBe(true);
  });

  it('passes at once to who waits for it, when the process of the one before ends', async () => {
    const first = await candidate(0);
    const won = new Promise<void>((resolve) => void candidate(1, resolve));
    // In the store itself, where it is the next: it does not have to ask again.
    while (!(await someoneWaits())) await pause(20);
    await first.close();
    await won;
    expect(leaderships[1]?.isLeading()).toBe(true);
  });

  it('looks again at once when something is journaled, and soon when it could not take on what it found', async () => {
    const [, store] = stores;
    if (!store) throw new Error('there are two stores');
    const PACE_MS = 30_000;
    const looks: number[] = [];
    let news: () => void = () => undefined;
    let looked: () => void = () => undefined;
    const resume = async (): Promise<void> => {
      looks.push(performance.now());
      looked();
      if (looks.length === 2) throw new Error('it cannot be taken on yet');
    };
    const nextLook = (): Promise<void> => new Promise((resolve) => (looked = resolve));
    const first = nextLook();
    const journal = {
      subscribe: (callBack: () => void) => {
        news = callBack;
        return () => undefined;
      },
    };
    const leadership = new Leadership(store, resume, journal, PACE_MS);
    leaderships.push(leadership);
    await first;
    const asked = performance.now();
    const second = nextLook();
    news();
    await second;
    await nextLook();
    const [, woken = Infinity, again = Infinity] = looks;
    expect(woken - asked).toBeLessThan(PACE_MS / 2);
    expect(again - woken).toBeLessThan(PACE_MS / 2);
  });

  it('stays with a process that has nothing to do for longer than the store waits for a silent one', async () => {
    const first = await candidate(0);
    const second = await candidate(1);
    const age = async (): Promise<number> => {
      const [row] =
        (await stores[1]?.query<{ age: number }>(
          `SELECT extract(epoch FROM clock_timestamp() - backend_start)::float8 AS age
         FROM pg_stat_activity JOIN pg_locks USING (pid)
         WHERE locktype = 'advisory' AND objid = 727202 AND granted
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        )) ?? [];
      return row?.age ?? NaN;
    };
    for (let seconds = await age(); seconds < 12; seconds = await age()) await pause(500);
    expect([first.isLeading(), second.isLeading(), (await age()) >= 12]).toEqual([true, false, true]);
  });
});

async function someoneWaits(): Promise<boolean> {
  const [row] =
    (await stores[1]?.query(
      `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 727202 AND NOT granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    )) ?? [];
  return row !== undefined;
}
