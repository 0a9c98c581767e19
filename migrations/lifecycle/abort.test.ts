import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { backfill } from '../backfill/backfill.ts';
import { dumpOf } from '../testing/dump.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { Coordinator } from './coordinator.ts';
import { NothingToAbortError } from './errors.ts';
import { JournalFollower } from './follow.ts';
import type { Decision } from './journal.ts';
import type { Effect } from './protocol.ts';
import { ControlStore } from './store.ts';

let bed: TwoDatabases;
let store: ControlStore;
let journal: JournalFollower;
let coordinator: Coordinator;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('a'), ('b')`);
  store = await ControlStore.open(bed.urls.control);
  journal = await JournalFollower.start(store);
  coordinator = new Coordinator({
    store,
    journal,
    capabilities: { byName: new Map([['catalog', bed.capability]]) },
    shadowOf: async () => null,
    isLeading: () => true,
  });
});
afterEach(async () => {
  await journal.close();
  await store.close();
  await bed.close();
});

const WHY = 'the fair began early';
const order = (verb: 'sync' | 'shadow' | 'cutover') =>
  coordinator.move('catalog', {
    ...{ verb, weight: 0, actor: 'ann', reason: 'in quiet hours' },
    ...(verb === 'cutover' ? { override: ['verify'] } : {}),
  });
const inShadow = async () => {
  await order('sync');
  const stream = { ...bed.stream, epoch: BigInt(journal.state('catalog').epoch) };
  await backfill(stream, { observe: () => undefined, signal: new AbortController().signal });
  await order('shadow');
};
const journaled = async (decision: Decision, epoch: number) => {
  const last = journal.state('catalog').seq;
  const entry = { migration: 'catalog', decision, epoch, actor: 'dead', reason: null, evidence: null };
  await store.append(entry, last);
  await journal.refresh();
};
const phase = (effect: Effect) =>
  new Promise<void>((resolve) => {
    const stop = coordinator.subscribe(() => {
      if (coordinator.phaseOf('catalog') !== effect) return;
      stop();
      resolve();
    });
  });
const writesGoOn = () => bed.monolith.query(`INSERT INTO maker (nm) VALUES ('goes on')`);

describe('a change of owner', () => {
  beforeEach(inShadow);

  it('that waits for a proxy is given up at once, and whoever ordered it is told by whom', async () => {
    await store.renewLease('stuck', 0, 60_000);
    const waiting = phase('await-held');
    const moving = order('cutover');
    await waiting;
    const given = await coordinator.abort('catalog', 'bob', WHY);
    expect(given).toMatchObject({ done: false, verb: 'cutover', to: 'shadow', epoch: 1 });
    expect(await moving).toMatchObject({
      done: false,
      // It did not sit out the budget of the move.
      late: false,
      detail: `taken back, everything is as before: given up by bob: ${WHY}`,
    });
    expect(journal.state('catalog')).toMatchObject({ owner: 'monolith', stage: 'shadow', change: null });
    const kinds = journal.entries.slice(-3).map(({ kind, actor }) => `${kind} ${actor}`);
    expect(kinds).toEqual(['cutover-started ann', 'aborting bob', 'aborted ann']);
    await writesGoOn();
  });

  it('that waits for a writer at the fence is given up, and no fence comes after it', async () => {
    await store.renewLease('patient', 0, 60_000);
    const writer = await bed.connect('monolith');
    const [held, waiting] = [phase('await-held'), phase('raise-fence')];
    const moving = order('cutover');
    await held;
    await writer.query('BEGIN');
    await writer.query(`UPDATE maker SET nm = nm || id`);
    await store.renewLease('patient', journal.state('catalog').seq, 60_000);
    await waiting;
    await coordinator.abort('catalog', 'bob', WHY);
    expect(await moving).toMatchObject({ done: false, detail: expect.stringContaining('given up by bob') });
    await writer.query('COMMIT');
    await writesGoOn();
    expect(await bed.databases.monolith.sideState('catalog')).toMatchObject({ role: 'owner', epoch: 1n });
  });

  it('that a crash cut off is named with its one next step, and given up by whoever asks', async () => {
    await journaled({ kind: 'cutover-started', from: 'shadow', to: 'extracted' }, 2);
    await bed.databases.monolith.raiseFence('catalog', ['maker', 'item'], 2n, 500);
    expect(await coordinator.underWay()).toEqual([
      expect.objectContaining({
        ...{ verb: 'cutover', phase: 'started', by: 'dead', isRunning: false },
        next: expect.stringMatching(/journal that it is given up, lift the fence of the monolith/),
      }),
    ]);
    await coordinator.abort('catalog', 'bob', WHY);
    expect(await coordinator.underWay()).toEqual([]);
    await writesGoOn();
  });

  it('past the point of no return is refused, with what to do', async () => {
    await journaled({ kind: 'cutover-started', from: 'shadow', to: 'extracted' }, 2);
    await journaled({ kind: 'owner-changed', owner: 'service' }, 2);
    const [open] = await coordinator.underWay();
    expect(open?.next).toMatch(/open the tables of the service.*the cutover will be done/);
    await expect(coordinator.abort('catalog', 'bob', WHY)).rejects.toThrow(/past the point of no return/);
    expect(journal.state('catalog').change?.phase).toBe('owner-changed');
  });

  it('is none: that is said, and how to go back', async () => {
    await expect(coordinator.abort('catalog', 'bob', WHY)).rejects.toThrow(NothingToAbortError);
    await expect(coordinator.abort('catalog', 'bob', WHY)).rejects.toThrow(/stage shadow.*rollback/);
  });
});

describe('a sync', () => {
  let before: string[];
  const dumps = () => Promise.all([dumpOf(bed.urls.monolith), dumpOf(bed.urls.service)]);
  beforeEach(async () => {
    before = await dumps();
  });

  it('that installs is given up, and leaves nothing behind', async () => {
    const writer = await bed.connect('monolith');
    await writer.query('BEGIN');
    await writer.query(`UPDATE maker SET nm = nm`);
    const moving = order('sync').catch((error: unknown) => error);
    await new Promise<void>((resolve) => {
      const stop = journal.subscribe(() => {
        if (!journal.state('catalog').installing) return;
        stop();
        resolve();
      });
    });
    const given = coordinator.abort('catalog', 'bob', WHY);
    await new Promise<void>((resolve) => {
      const stop = journal.subscribe(() => {
        if (journal.entries.at(-1)?.kind !== 'aborted') return;
        stop();
        resolve();
      });
    });
    await writer.query('ROLLBACK');
    expect(await given).toMatchObject({ verb: 'sync', done: false, detail: expect.stringContaining('bob') });
    expect(String(await moving)).toMatch(/bob wrote "aborted"/);
    expect(await dumps()).toEqual(before);
    expect(journal.state('catalog')).toMatchObject({ stage: 'legacy', installing: null });
    await order('sync');
  });

  it('that a crash cut off is removed by whoever asks; that it began is shown until then', async () => {
    await journaled({ kind: 'sync-started' }, 1);
    await bed.databases.monolith.install('catalog', bed.synced.mapping.toService.captured, {
      ...{ role: 'owner', epoch: 1n, owner: 'monolith' },
    });
    expect(await coordinator.underWay()).toEqual([
      expect.objectContaining({ verb: 'sync', phase: 'installing', next: expect.stringContaining('abort') }),
    ]);
    await coordinator.abort('catalog', 'bob', WHY);
    expect(await coordinator.underWay()).toEqual([]);
    expect(await dumps()).toEqual(before);
  });

  it('whose rows are being copied is taken back to legacy; one that is live is not', async () => {
    await order('sync');
    expect(await coordinator.abort('catalog', 'bob', WHY)).toMatchObject({ done: true, to: 'legacy' });
    expect(await dumps()).toEqual(before);
    await order('sync');
    const stream = { ...bed.stream, epoch: BigInt(journal.state('catalog').epoch) };
    await backfill(stream, { observe: () => undefined, signal: new AbortController().signal });
    await expect(coordinator.abort('catalog', 'bob', WHY)).rejects.toThrow(/stage dual-write.*rollback/);
  });
});
