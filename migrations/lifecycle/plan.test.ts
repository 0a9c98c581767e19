import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { backfill } from '../backfill/backfill.ts';
import { dumpOf } from '../testing/dump.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { PAIRINGS, twoDatabases } from '../testing/two-databases.ts';
import { Coordinator } from './coordinator.ts';
import { JournalFollower } from './follow.ts';
import type { Stage, Verb } from './stages.ts';
import { ALLOWED_MOVES } from './stages.ts';
import { ControlStore } from './store.ts';

const ALIKE = PAIRINGS.filter(([, { monolith, service }]) => monolith === service);
const VERBS = Object.keys(ALLOWED_MOVES) as Verb[];

describe.each(ALIKE)('a plan, %s', (_name, pairing) => {
  let bed: TwoDatabases;
  let store: ControlStore;
  let journal: JournalFollower;
  let coordinator: Coordinator;
  beforeEach(async () => {
    bed = await twoDatabases(pairing);
    await bed.sql('monolith', `INSERT INTO maker (nm) VALUES ('a'), ('b')`);
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

  const move = (verb: Verb, weight = 0) =>
    coordinator.move('catalog', {
      ...{ verb, weight, actor: 'ann', reason: 'a test' },
      ...(verb === 'cutover' || verb === 'canary' ? { override: ['verify'] } : {}),
    });
  const everything = async () =>
    Promise.all(Object.values(bed.urls).map((url) => dumpOf(url))).then((dumps) => dumps.join('\n'));
  const planAll = async (): Promise<Verb[]> => {
    const { stage } = journal.state('catalog');
    const before = await everything();
    const allowed = VERBS.filter((verb) => ALLOWED_MOVES[verb][stage]);
    for (const verb of allowed) {
      const plan = await coordinator.plan('catalog', verb);
      expect(plan).toMatchObject({ verb, from: stage, to: ALLOWED_MOVES[verb][stage] });
      expect(plan.steps.length).toBeGreaterThan(0);
      expect(plan.rollbackCost).not.toBe('');
    }
    expect(await everything()).toBe(before);
    return allowed;
  };

  it('of any move, at any stage, changes nothing in any of the databases', async () => {
    expect(await planAll()).toEqual(['sync']);
    await move('sync');
    const { epoch } = journal.state('catalog');
    const stream = { ...bed.stream, epoch: BigInt(epoch) };
    await backfill(stream, { observe: () => undefined, signal: new AbortController().signal });
    expect(await planAll()).toEqual(['shadow', 'rollback']);
    await move('shadow');
    expect(await planAll()).toEqual(['canary', 'cutover', 'rollback']);
    await move('canary', 5);
    expect(await planAll()).toEqual(['canary', 'cutover', 'rollback']);
    await move('cutover');
    expect(await planAll()).toEqual(['rollback', 'retire']);
  }, 60_000);
});

describe('a plan says', () => {
  const capability = { name: 'catalog', databases: null, pairs: [], thresholds: {}, probe: async () => [] };
  const planned = (stage: Stage, verb: Verb | null, weight?: number) => {
    const journal = {
      refresh: async () => undefined,
      state: () => ({ migration: 'catalog', stage, owner: 'monolith', epoch: 0, change: null }),
      entries: [],
    };
    const store = { reports: async () => new Map(), query: async () => [], now: async () => Date.now() };
    return new Coordinator({
      store: store as never,
      journal: journal as never,
      capabilities: { byName: new Map([['catalog', capability as never]]) },
      shadowOf: async () => null,
      isLeading: () => true,
    }).plan('catalog', verb, weight === undefined ? {} : { weight });
  };

  it.each<[Stage, Verb]>([
    ['legacy', 'sync'],
    ['dual-write', 'shadow'],
    ['shadow', 'canary'],
    ['extracted', 'retire'],
  ])('without a verb, what is usual from %s: %s', async (stage, verb) => {
    expect(await planned(stage, null)).toMatchObject({ verb });
  });

  it('that nothing is left to do for a migration that is retired', async () => {
    await expect(planned('retired', null)).rejects.toThrow('there is no next move');
  });

  it('which share of the reads moves, or that it is to be ordered', async () => {
    expect((await planned('shadow', 'canary', 7.5)).steps.join()).toContain('7.5 % of the reads');
    expect((await planned('shadow', 'canary')).steps.join()).toContain(
      'the share of the reads that you order',
    );
  });

  it('who waits, for how long at most, and what going back would cost then', async () => {
    const { waits, writesWaitAtMostMs, rollbackCost } = await planned('extracted', 'rollback');
    expect([waits.join(), writesWaitAtMostMs]).toEqual([expect.stringContaining('at most 2 s'), 2000]);
    expect(rollbackCost).toContain('the move can be made again');
    expect((await planned('shadow', 'canary', 5)).waits).toEqual([]);
  });
});
