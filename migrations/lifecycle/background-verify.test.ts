import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { backfill } from '../backfill/backfill.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { BackgroundVerify } from './background-verify.ts';
import type { Capability } from './capability.ts';
import type { VerifyRecord } from './evidence.ts';
import type { MigrationState } from './fold.ts';
import { newMigration } from './fold.ts';
import { ControlStore } from './store.ts';

let bed: TwoDatabases;
let store: ControlStore;
let state: MigrationState;
let capability: Capability;

beforeEach(async () => {
  bed = await twoDatabases();
  await bed.monolith.query(`INSERT INTO maker (nm) SELECT 'm' || i FROM generate_series(1, 12000) i`);
  await bed.install();
  await backfill(bed.stream, { observe: () => undefined, signal: new AbortController().signal });
  store = await ControlStore.open(bed.urls.control);
  state = { ...newMigration('catalog'), stage: 'dual-write', epoch: 0 };
  capability = { ...bed.capability, verify: { every: 3_600_000, maxRowsPerSecond: 1_000_000 } };
});
afterEach(async () => {
  await store.close();
  await bed.close();
});

function begin(onFailure: (error: unknown) => void = () => undefined): BackgroundVerify {
  return new BackgroundVerify({
    store,
    journal: { state: () => state },
    capabilities: { byName: new Map([['catalog', capability]]) },
    isLeading: () => true,
    onFailure: (_, error) => onFailure(error),
  });
}

const record = async (): Promise<VerifyRecord | undefined> =>
  (await store.reports('verify:')).get('verify:catalog')?.value as VerifyRecord | undefined;
const kept = async () =>
  (await store.reports('verify-found:running:')).get('verify-found:running:catalog')?.value;

/** Resolves when the comparison that runs has ended. */
const ended = async (background: BackgroundVerify): Promise<void> => (await background.giveWay('catalog'))();

/** Resolves once a finished comparison is there that began at another time. */
async function finished(background: BackgroundVerify, before = ''): Promise<VerifyRecord> {
  for (const giveUp = AbortSignal.timeout(30_000); ;) {
    giveUp.throwIfAborted();
    await background.tick();
    const now = await record();
    if (now && now.at !== before) return now;
  }
}

describe('the verify that runs by itself', () => {
  it('compares what was never compared, and then only when the last time is old enough', async () => {
    const background = begin();
    const first = await finished(background);
    expect(first).toMatchObject({ state: 'done', differences: 0, rowsCompared: 24_000 });
    await background.tick();
    await ended(background);
    expect(await record()).toEqual(first);
    capability = { ...capability, verify: { every: 1, maxRowsPerSecond: 1_000_000 } };
    const soon = begin();
    expect((await finished(soon, first.at)).at).not.toBe(first.at);
    await ended(soon);
  });

  it('finds what went wrong meanwhile, for gate and status', async () => {
    await bed.service.query(`SET strangler.origin = 'catalog'`);
    await bed.service.query(`UPDATE manufacturer SET name = 'corrupt' WHERE id = 11000`);
    const background = begin();
    expect(await finished(background)).toMatchObject({ state: 'done', differences: 1 });
    await ended(background);
  });

  it('gives way to a person, and another process goes on where it was', async () => {
    capability = { ...capability, verify: { every: 3_600_000, maxRowsPerSecond: 5000 } };
    const slow = begin();
    await slow.tick();
    while (!(await kept())) await new Promise(setImmediate);
    const free = await slow.giveWay('catalog');
    expect(await record()).toBeUndefined();
    await slow.tick();
    expect(await record()).toBeUndefined();
    free();
    const before = (await kept()) as { at: string; cursor: { after: unknown } };
    expect(before.cursor.after).not.toBeNull();
    capability = { ...capability, verify: { every: 3_600_000, maxRowsPerSecond: 1_000_000 } };
    const next = begin();
    expect(await finished(next)).toMatchObject({ at: before.at, state: 'done', rowsCompared: 24_000 });
    await ended(next);
  });

  it('ends when the owner changes: what is found of one owner says nothing about the next', async () => {
    capability = { ...capability, verify: { every: 3_600_000, maxRowsPerSecond: 5000 } };
    const background = begin();
    await background.tick();
    while (!(await kept())) await new Promise(setImmediate);
    state = { ...state, epoch: 1 };
    await bed.service.query(`UPDATE strangler.side SET epoch = 1`);
    while (((await kept()) as { epoch: number }).epoch !== 1) await background.tick();
    expect(await record()).toBeUndefined();
    await ended(background);
  });
});
