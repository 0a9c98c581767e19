import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { backfill } from '../backfill/backfill.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { Coordinator } from './coordinator.ts';
import type { Order } from './coordinator.ts';
import { GateRefusedError, OverrideError } from './errors.ts';
import { JournalFollower } from './follow.ts';
import { ControlStore } from './store.ts';

let bed: TwoDatabases;
let store: ControlStore;
let journal: JournalFollower;
let coordinator: Coordinator;
let isServiceThere: boolean;

beforeEach(async () => {
  isServiceThere = true;
  bed = await twoDatabases();
  await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('a'), ('b')`);
  await bed.install();
  store = await ControlStore.open(bed.urls.control);
  const common = { migration: 'catalog', epoch: 0, actor: 'test', reason: null, evidence: null };
  await store.append(
    {
      ...common,
      decision: { kind: 'stage-changed', verb: 'shadow', from: 'dual-write', to: 'shadow', weight: 0 },
    },
    0,
  );
  journal = await JournalFollower.start(store);
  coordinator = new Coordinator({
    store,
    journal,
    capabilities: {
      byName: new Map([
        [
          'catalog',
          { ...bed.capability, probe: async () => (isServiceThere ? [] : ['service catalog is away']) },
        ],
      ]),
    },
    shadowOf: async () => null,
    isLeading: () => true,
  });
});
afterEach(async () => {
  await journal.close();
  await store.close();
  await bed.close();
});

const copyAll = () =>
  backfill(bed.stream, { observe: () => undefined, signal: new AbortController().signal });
const order = (differing: Partial<Order> = {}): Order => ({
  ...{ verb: 'cutover', weight: 0, actor: 'ann', reason: 'the fair opens at nine' },
  ...differing,
});

describe('a gate that may be overridden', () => {
  beforeEach(copyAll);

  it('refuses until somebody takes it on, with a reason; the journal keeps value, threshold, who and why', async () => {
    await expect(coordinator.move('catalog', order())).rejects.toThrow(GateRefusedError);
    await expect(coordinator.move('catalog', order({ override: ['verify'], reason: null }))).rejects.toThrow(
      'overriding a gate needs a reason',
    );
    expect(journal.state('catalog').stage).toBe('shadow');

    const plan = await coordinator.plan('catalog', 'cutover', { override: ['verify'] });
    expect(plan.allowed).toBe(true);
    expect(plan.gates.filter(({ overridden }) => overridden).map(({ gate }) => gate)).toEqual(['verify']);
    expect(journal.entries).toHaveLength(1);

    expect(await coordinator.move('catalog', order({ override: ['Verify', 'lag'] }))).toMatchObject({
      done: true,
      to: 'extracted',
    });
    const started = journal.entries.find(({ kind }) => kind === 'cutover-started');
    expect(started?.evidence).toMatchObject({
      gates: expect.arrayContaining([
        expect.objectContaining({ gate: 'lag', passed: true, overridden: false }),
      ]),
      overrides: [
        {
          gate: 'verify',
          value: 'never run',
          threshold: '0 differences, at most 60 min ago',
          by: 'ann',
          why: 'the fair opens at nine',
        },
      ],
    });
  });

  it('is overridden for one move: the next is refused again', async () => {
    await coordinator.move('catalog', order({ verb: 'canary', weight: 5, override: ['verify'] }));
    await expect(coordinator.move('catalog', order())).rejects.toThrow(/verify is never run/);
  });

  it('has to be one of this move', async () => {
    const there =
      /"verfy" is no gate of this "cutover"; its gates: health, contract, shadow, .*reverse proven/;
    await expect(coordinator.move('catalog', order({ override: ['verfy'] }))).rejects.toThrow(there);
    await expect(coordinator.plan('catalog', 'cutover', { override: ['verfy'] })).rejects.toThrow(
      OverrideError,
    );
    await expect(coordinator.move('catalog', order({ verb: 'rollback', override: ['lag'] }))).rejects.toThrow(
      'it has no gates',
    );
    expect(journal.state('catalog').stage).toBe('shadow');
  });

  it('hides no other: with an application away that is overridden, the data are looked at all the same', async () => {
    isServiceThere = false;
    const plan = await coordinator.plan('catalog', 'cutover', { override: ['health'] });
    const passing = plan.gates.filter(({ passed }) => passed).map(({ gate }) => gate);
    expect(passing).toEqual(expect.arrayContaining(['backfill', 'lag', 'parked', 'reverse proven']));
    expect(plan.gates.filter((gate) => !gate.passed && !gate.overridden).map(({ gate }) => gate)).toEqual([
      'verify',
    ]);
  });
});

describe('going back from a service that is away', () => {
  it('needs its database alone, once somebody says so', async () => {
    await copyAll();
    await coordinator.move('catalog', order({ override: ['verify'] }));
    isServiceThere = false;
    await expect(coordinator.move('catalog', order({ verb: 'rollback' }))).rejects.toThrow(
      /service catalog is away/,
    );
    const back = order({ verb: 'rollback', override: ['health'] });
    expect(await coordinator.move('catalog', back)).toMatchObject({ done: true, to: 'shadow' });
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('here again')`);
  });
});

describe('a gate that may not be overridden', () => {
  const refused = async (name: string, differing: Partial<Order> = {}) => {
    const names = ['verify', 'health', 'lag', name];
    const error = await coordinator
      .move('catalog', order({ override: names, ...differing }))
      .catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(GateRefusedError);
    return (error as GateRefusedError).gates.find(({ gate }) => gate === name);
  };

  it('is a backfill that is not done, when the owner changes; before that it may be', async () => {
    expect(await refused('backfill')).toMatchObject({
      passed: false,
      overridden: false,
      notOverridable: expect.stringContaining('would not have those rows'),
    });
    const canary = order({ verb: 'canary', weight: 1, override: ['backfill', 'verify'] });
    expect(await coordinator.move('catalog', canary)).toMatchObject({ done: true });
  });

  it('is a fence that is missing', async () => {
    await copyAll();
    await bed.service.query('DROP TRIGGER strangler_fence ON manufacturer');
    expect(await refused('reverse proven')).toMatchObject({
      value: expect.stringContaining('service table manufacturer has no fence'),
      notOverridable: expect.stringContaining('writes would be lost'),
    });
  });

  it('is a comparison that found differences, when the owner changes', async () => {
    await copyAll();
    const found = { state: 'done', epoch: 0, owner: 'monolith', at: new Date().toISOString() };
    const counts = { rowsCompared: 2, differences: 1, unsettled: 0, repaired: 0 };
    await store.report('verify:catalog', { ...found, ...counts });
    expect(await refused('verify')).toMatchObject({ notOverridable: expect.stringContaining('--repair') });
  });

  it('is a target that is not empty', async () => {
    await coordinator.move('catalog', order({ verb: 'rollback' }));
    await coordinator.move('catalog', order({ verb: 'rollback' }));
    await bed.service.query(`INSERT INTO manufacturer (name) VALUES ('was here')`);
    const error = await coordinator
      .move('catalog', order({ verb: 'sync', override: ['empty target'] }))
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({
      gates: expect.arrayContaining([
        expect.objectContaining({
          gate: 'empty target',
          overridden: false,
          notOverridable: expect.any(String),
        }),
      ]),
    });
  });
});
