import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { backfill } from '../backfill/backfill.ts';
import { dumpOf } from '../testing/dump.ts';
import { relayOnce } from '../relay/relay.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import type { Capability } from './capability.ts';
import { groundOf, openSynced, streamFrom } from './capability.ts';
import { certificateOf } from './certificate.ts';
import type { ChangeOwnerContext, OwnerChangeOrder } from './change-owner.ts';
import { changeOwner } from './change-owner.ts';
import { Coordinator } from './coordinator.ts';
import { JournalFollower } from './follow.ts';
import { becomeOwner, fenceOldOwner } from './hand-over.ts';
import { workOf } from './moves.ts';
import type { Effect } from './protocol.ts';
import { replay } from './replay.ts';
import { readRuns } from './run-record.ts';
import type { Verb } from './stages.ts';
import { ControlStore } from './store.ts';

const NAMES = ['makers', 'items'] as const;

let bed: TwoDatabases;
let store: ControlStore;
let journal: JournalFollower;
let coordinator: Coordinator;
let members: Capability[];
/** What the probe of `items` finds wrong. */
let trouble: string[];
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('a'), ('b')`);
  store = await ControlStore.open(bed.urls.control);
  journal = await JournalFollower.start(store);
  trouble = [];
  const [makers, ...items] = bed.capability.pairs;
  const together = [...NAMES];
  members = [
    { ...bed.capability, name: 'makers', pairs: makers ? [makers] : [], together },
    { ...bed.capability, name: 'items', pairs: items, together, probe: async () => trouble },
  ];
  coordinator = new Coordinator({
    ...{ store, journal },
    capabilities: { byName: new Map(members.map((member) => [member.name, member])) },
    shadowOf: async () => null,
    isLeading: () => true,
  });
});
afterEach(async () => {
  await journal.close();
  await store.close();
  await bed.close();
});

/** Gates that would have this test wait for days. */
const RETIRED = ['verify', 'quiet'];

const move = (
  verb: Verb,
  name: string = NAMES[0],
  override: readonly string[] = verb === 'cutover' ? ['verify'] : [],
) => coordinator.move(name, { verb, weight: 0, actor: 'ann', reason: 'it is time', override });
const schemas = () =>
  Promise.all([bed.urls.monolith, bed.urls.service].map((url) => dumpOf(url, { withRows: false })));
const stages = () => NAMES.map((name) => `${journal.state(name).stage} ${journal.state(name).owner}`);
const roles = async () =>
  Promise.all(
    NAMES.map(async (name) => {
      const sides = [bed.databases.monolith, bed.databases.service];
      const [monolith, service] = await Promise.all(sides.map((side) => side.sideState(name)));
      return `${monolith?.role} ${service?.role}`;
    }),
  );

async function toShadow(): Promise<void> {
  await move('sync');
  for (const member of members) {
    const synced = await openSynced(member);
    if (!synced) throw new Error('both have tables');
    const stream = streamFrom(synced, 'monolith', journal.state(member.name).epoch);
    await backfill(stream, { observe: () => undefined, signal: new AbortController().signal });
  }
  await move('shadow', 'items');
}

/** The cutover of both that a coordinator begins and, right before an effect, is killed in. */
async function cutOffBefore(effect: Effect): Promise<void> {
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const observe: ChangeOwnerContext['observe'] = (seen) => {
    if (seen !== effect) return undefined;
    reach();
    return new Promise(() => undefined);
  };
  const [first, second] = await Promise.all(
    members.map(async (member) => {
      const { epoch, seq } = journal.state(member.name);
      const order: OwnerChangeOrder = {
        ...{ verb: 'cutover', migration: member.name, from: 'shadow', to: 'extracted', epoch },
        ...{ newEpoch: epoch + 1, oldOwner: 'monolith', actor: 'dead', reason: null, evidence: null },
      };
      const synced = await openSynced(member);
      return { order, seq, ground: synced, synced };
    }),
  );
  if (!first || !second) throw new Error('there are two');
  void changeOwner({ store, journal, observe }, [first, second]).catch(() => undefined);
  await reached;
  await journal.refresh();
}

describe('migrations that move together', () => {
  it('change their owner by one decision, there and back, whichever of them is named', async () => {
    await toShadow();
    expect(stages()).toEqual(['shadow monolith', 'shadow monolith']);
    expect(await move('cutover', 'items')).toMatchObject({ done: true, detail: 'together with makers' });
    expect(stages()).toEqual(['extracted service', 'extracted service']);
    expect(await roles()).toEqual(['follower owner', 'follower owner']);
    await expect(bed.monolith.query('DELETE FROM item')).resolves.toBeDefined();
    await expect(bed.monolith.query(`INSERT INTO maker (nm) VALUES ('x')`)).rejects.toThrow(
      /"makers" is owned/,
    );
    await expect(bed.monolith.query(`INSERT INTO item (code, price) VALUES ('x', 1)`)).rejects.toThrow(
      /"items" is owned/,
    );
    const decided = journal.entries.filter(({ kind }) => kind === 'owner-changed').map(({ seq }) => seq);
    expect(decided).toEqual([decided[0], (decided[0] ?? 0) + 1]);
    expect(await move('rollback')).toMatchObject({ done: true, to: 'shadow' });
    expect(await roles()).toEqual(['owner follower', 'owner follower']);
    expect(replay(journal.entries, await readRuns(store))).toEqual([]);
  });

  it('have one plan with the gates of all, and one that does not hold refuses the move of both by name', async () => {
    await toShadow();
    trouble = ['service items does not answer'];
    const plan = await coordinator.plan('makers', 'cutover', { override: ['verify'] });
    expect(plan).toMatchObject({ together: NAMES, allowed: false });
    expect(plan.steps[0]).toContain('makers and items');
    expect(plan.gates.find(({ gate }) => gate === 'items: health')).toMatchObject({ passed: false });
    expect(plan.gates.find(({ gate }) => gate === 'makers: health')).toMatchObject({ passed: true });
    await expect(move('cutover')).rejects.toThrow(/items: health is service items does not answer/);
    expect(stages()).toEqual(['shadow monolith', 'shadow monolith']);
  });

  it('are given back together when one of them cannot be fenced in time', async () => {
    await toShadow();
    const writer = await bed.connect('monolith');
    await writer.query('BEGIN');
    await writer.query(`INSERT INTO item (code, price) VALUES ('slow', 1)`);
    expect(await move('cutover')).toMatchObject({ done: false, late: true });
    await writer.query('COMMIT');
    expect(stages()).toEqual(['shadow monolith', 'shadow monolith']);
    expect(await roles()).toEqual(['owner follower', 'owner follower']);
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('goes on')`);
  });

  it('are not begun, and no write waits, when rows touched lately differ in one of them', async () => {
    await toShadow();
    await bed.monolith.query(`UPDATE maker SET nm = 'touched' WHERE nm = 'a'`);
    const [makers] = members;
    const synced = makers && (await openSynced(makers));
    if (synced) await relayOnce(streamFrom(synced, 'monolith', journal.state('makers').epoch));
    await bed.service.query(`SET strangler.origin = 'makers'`);
    await bed.service.query(`UPDATE manufacturer SET name = 'corrupt' WHERE name = 'touched'`);
    const { seq } = journal;
    await expect(move('cutover', 'items')).rejects.toThrow(/"cutover" was not begun: the sides differ/);
    await journal.refresh();
    expect(journal.seq).toBe(seq);
    expect(await roles()).toEqual(['owner follower', 'owner follower']);
  });

  it('are refused by name when they are at different stages', async () => {
    await toShadow();
    const decision = {
      kind: 'stage-changed',
      verb: 'rollback',
      from: 'shadow',
      to: 'dual-write',
      weight: 0,
    } as const;
    const { epoch, seq } = journal.state('items');
    const unsaid = { actor: 'ben', reason: null, evidence: null };
    await store.append({ migration: 'items', decision, epoch, ...unsaid }, seq);
    await expect(move('cutover')).rejects.toThrow(
      /makers and items move together and are at different stages: makers is shadow, items is dual-write/,
    );
    await expect(coordinator.plan('items', 'shadow')).rejects.toThrow(/at different stages/);
  });

  it('go back together when the coordinator is killed with the fence of only one standing', async () => {
    await toShadow();
    await cutOffBefore('raise-fence');
    const { epoch } = journal.state('makers');
    const [makers] = members.map((member) => groundOf(member));
    if (makers) await fenceOldOwner(makers, { oldOwner: 'monolith', epoch, newEpoch: epoch + 1 }, 1000);
    expect(await roles()).toEqual(['fenced follower', 'owner follower']);
    expect(await coordinator.underWay()).toMatchObject([{ migration: 'makers' }, { migration: 'items' }]);
    expect(await coordinator.resume('ben')).toMatchObject([{ done: false }, { done: false }]);
    expect(await roles()).toEqual(['owner follower', 'owner follower']);
    expect(stages()).toEqual(['shadow monolith', 'shadow monolith']);
    expect(replay(journal.entries, await readRuns(store))).toEqual([]);
  });

  it('are both completed when it is killed with only one of them open', async () => {
    await toShadow();
    await cutOffBefore('open');
    const { epoch } = journal.state('makers');
    const [makers] = members.map((member) => groundOf(member));
    if (makers) await becomeOwner(makers, { oldOwner: 'monolith', epoch: epoch - 1, newEpoch: epoch });
    expect(await roles()).toEqual(['follower owner', 'fenced follower']);
    expect(await coordinator.resume('ben')).toMatchObject([{ done: true }, { done: true }]);
    expect(await roles()).toEqual(['follower owner', 'follower owner']);
    expect(stages()).toEqual(['extracted service', 'extracted service']);
  });

  it('are given up together by whoever gives up one of them', async () => {
    await toShadow();
    await cutOffBefore('drain');
    expect(await coordinator.abort('items', 'ben', 'not today')).toMatchObject({ done: false });
    expect(stages()).toEqual(['shadow monolith', 'shadow monolith']);
    expect(await roles()).toEqual(['owner follower', 'owner follower']);
  });

  it('are retired together, leave nothing of ours in either database, and have a certificate each', async () => {
    const before = await schemas();
    await toShadow();
    await move('cutover');
    expect(await move('retire', 'items', RETIRED)).toMatchObject({
      done: true,
      detail: 'together with makers',
    });
    expect(stages()).toEqual(['retired service', 'retired service']);
    expect(await schemas()).toEqual(before);
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('free')`);
    await bed.monolith.query(`INSERT INTO item (code, price) VALUES ('free', 1)`);
    const entries = await store.entries();
    const [makers, items] = NAMES.map((name) => certificateOf(entries, name));
    expect(makers).toMatchObject({ migration: 'makers', tables: [{ from: 'maker' }], changesOfOwner: 1 });
    expect(items).toMatchObject({ migration: 'items', tables: [{ from: 'item' }, { from: 'item' }] });
    for (const certificate of [makers, items])
      expect(certificate?.stages.map(({ stage }) => stage)).toEqual([
        'dual-write',
        'shadow',
        'extracted',
        'retired',
      ]);
    const retired = entries.filter(({ decision }) => 'to' in decision && decision.to === 'retired');
    expect(retired.map(({ migration }) => migration)).toEqual([...NAMES]);
    expect((retired[1]?.seq ?? 0) - (retired[0]?.seq ?? 0)).toBe(1);
    expect(replay(entries, await readRuns(store))).toEqual([]);
  });

  it('are not retired, neither of them, when a gate of only one does not hold', async () => {
    await toShadow();
    await move('cutover');
    trouble = ['service items does not answer'];
    await expect(move('retire', 'makers', RETIRED)).rejects.toThrow(/items: health/);
    expect(stages()).toEqual(['extracted service', 'extracted service']);
    expect(await roles()).toEqual(['follower owner', 'follower owner']);
  });

  it('can be retired by a second order when the first was cut off with only one of them removed', async () => {
    const before = await schemas();
    await toShadow();
    await move('cutover');
    const { epoch } = journal.state('makers');
    const [makers] = members.map((member) => groundOf(member));
    if (makers) await workOf('retire', 'extracted', true).run(makers, epoch);
    await expect(move('retire', 'items', RETIRED)).rejects.toThrow(/makers: lag/);
    const override = [...RETIRED, 'lag', 'parked', 'schema-drift'];
    expect(await move('retire', 'items', override)).toMatchObject({ done: true });
    expect(stages()).toEqual(['retired service', 'retired service']);
    expect(await schemas()).toEqual(before);
  });
});
