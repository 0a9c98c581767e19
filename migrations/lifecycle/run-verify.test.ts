import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { JournalFollower } from './follow.ts';
import type { VerifyRecord } from './evidence.ts';
import { lastCompared } from './evidence.ts';
import { startVerify } from './run-verify.ts';
import { ControlStore } from './store.ts';

let bed: TwoDatabases;
let store: ControlStore;
let journal: JournalFollower;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('a'), ('b')`);
  await bed.install();
  await bed.monolith.query(`UPDATE maker SET nm = nm`);
  await bed.catchUp();
  store = await ControlStore.open(bed.urls.control);
  const decision = {
    kind: 'stage-changed',
    verb: 'sync',
    from: 'legacy',
    to: 'dual-write',
    weight: 0,
  } as const;
  await store.append(
    { migration: 'catalog', decision, epoch: 0, actor: 'test', reason: null, evidence: null },
    0,
  );
  journal = await JournalFollower.start(store);
});
afterEach(async () => {
  await journal.close();
  await store.close();
  await bed.close();
});

it('a repair stands in the journal with who ordered it and why', async () => {
  await bed.service.query(`SET strangler.origin = 'catalog'`);
  await bed.service.query(`UPDATE manufacturer SET name = 'corrupt' WHERE name = 'a'`);
  const order = { repair: true, dryRun: false, actor: 'anna', reason: 'a restore went wrong' };
  const { ended } = await startVerify(store, bed.capability, journal.state('catalog'), order);
  expect(await ended).toMatchObject({ state: 'done', differences: 1, repaired: 1 });
  expect((await store.entries()).at(-1)).toMatchObject({
    decision: { kind: 'repaired', rows: 1 },
    actor: 'anna',
    reason: 'a restore went wrong',
  });
});

it('what it came to counts until the next one ends or finds a difference, whatever becomes of that', async () => {
  const begin = (roundTrip: boolean) =>
    startVerify(store, bed.capability, journal.state('catalog'), {
      ...{ repair: false, dryRun: false, roundTrip, actor: 'anna', reason: null },
    });
  const written = async () =>
    (await store.reports('verify:')).get('verify:catalog')?.value as VerifyRecord | undefined;
  const first = await (await begin(false)).ended;
  const thereAndBack = await (await begin(true)).ended;
  expect(thereAndBack.state).toBe('done');
  expect(lastCompared(await written())?.at).toBe(first.at);
  const { ended } = await begin(false);
  const running: VerifyRecord = { ...first, at: 'later', state: 'running', before: first };
  expect(lastCompared(running)?.at).toBe(first.at);
  expect(lastCompared({ ...running, state: 'failed' })?.at).toBe(first.at);
  expect(lastCompared({ ...running, differences: 1 })?.differences).toBe(1);
  const third = await ended;
  expect(third.before?.at).toBe(first.at);
  expect(lastCompared(await written())?.at).toBe(third.at);
  expect(lastCompared(undefined)).toBeUndefined();
});
