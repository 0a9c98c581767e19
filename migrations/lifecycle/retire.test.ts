import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { backfill } from '../backfill/backfill.ts';
import { dumpOf } from '../testing/dump.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { PAIRINGS, twoDatabases } from '../testing/two-databases.ts';
import { certificateOf } from './certificate.ts';
import { Coordinator } from './coordinator.ts';
import type { Capability } from './capability.ts';
import { GateRefusedError, KeysInUseError, NotRetiredError } from './errors.ts';
import { forgetKeys } from './retire.ts';
import { JournalFollower } from './follow.ts';
import type { Order } from './order.ts';
import { lookOnce, QUIET } from './quiet.ts';
import type { QuietRecord } from './quiet.ts';
import { ControlStore } from './store.ts';

const ALIKE = PAIRINGS.filter(([, { monolith, service }]) => monolith === service);
const DAY_MS = 24 * 3_600_000;

describe.each(ALIKE)('retiring, %s', (_name, pairing) => {
  let bed: TwoDatabases;
  let store: ControlStore;
  let journal: JournalFollower;
  let coordinator: Coordinator;
  let before: string[];
  const schemas = () =>
    Promise.all([bed.urls.monolith, bed.urls.service].map((url) => dumpOf(url, { withRows: false })));
  const stray = () => bed.sql('monolith', `INSERT INTO maker (nm) VALUES ('stray')`);
  const order = (verb: Order['verb'], rest: Partial<Order> = {}) =>
    coordinator.move('catalog', { ...{ verb, weight: 0, actor: 'ann', reason: 'a test' }, ...rest });

  beforeEach(async () => {
    bed = await twoDatabases(pairing);
    await bed.sql('monolith', `INSERT INTO maker (nm) VALUES ('a'), ('b')`);
    before = await schemas();
    store = await ControlStore.open(bed.urls.control);
    journal = await JournalFollower.start(store);
    const thresholds = { ...bed.capability.thresholds, retireQuietMs: 7 * DAY_MS };
    const capability = { ...bed.capability, thresholds, routes: ['* /api/products/*'] };
    coordinator = new Coordinator({
      store,
      journal,
      capabilities: { byName: new Map([['catalog', capability]]) },
      shadowOf: async () => null,
      isLeading: () => true,
    });
    await order('sync');
    const stream = { ...bed.stream, epoch: BigInt(journal.state('catalog').epoch) };
    await backfill(stream, { observe: () => undefined, signal: new AbortController().signal });
    await order('shadow');
    await order('cutover', { override: ['verify'] });
  });
  afterEach(async () => {
    await journal.close();
    await store.close();
    await bed.close();
  });

  it('leaves nothing of ours in either database, and a certificate in the journal', async () => {
    await order('retire', { override: ['verify', 'quiet'] });
    expect(await schemas()).toEqual(before);
    await stray();
    const certificate = certificateOf(await store.entries(), 'catalog');
    expect(certificate).toMatchObject({
      ...{ migration: 'catalog', service: 'catalog', by: 'ann', changesOfOwner: 1, takenBack: 0 },
      routes: ['* /api/products/*'],
      tables: [{ from: 'maker', to: 'manufacturer' }, { to: 'product' }, { to: 'stock' }],
      keptGuard: false,
    });
    expect(certificate?.stages.map(({ stage, overrides }) => `${stage} ${overrides.length}`)).toEqual([
      'dual-write 0',
      'shadow 0',
      'extracted 1',
      'retired 2',
    ]);
    const entries = await store.entries();
    expect(certificate?.journal).toMatchObject({
      entries: entries.length,
      first: { seq: 1, hash: entries[0]?.hash },
      last: { seq: entries.length, hash: entries.at(-1)?.hash },
    });
  });

  it('can leave a guard that refuses writes, until somebody removes it; then nothing is left either', async () => {
    await expect(coordinator.dropGuard('catalog', 'ann', null)).rejects.toThrow(NotRetiredError);
    await order('retire', { override: ['verify', 'quiet'], keepGuard: true });
    await expect(stray()).rejects.toThrow(/is retired: migration "catalog" has moved to service catalog/);
    await expect(bed.sql('monolith', `UPDATE maker SET nm = 'x'`)).rejects.toThrow('is retired');
    expect(await coordinator.dropGuard('catalog', 'bob', 'the table goes')).toEqual({ changed: true });
    expect(await coordinator.dropGuard('catalog', 'bob', 'the table goes')).toEqual({ changed: false });
    expect(journal.entries.at(-1)).toMatchObject({ kind: 'guard-dropped', actor: 'bob' });
    await stray();
    expect(await schemas()).toEqual(before);
    expect(certificateOf(journal.entries, 'catalog')?.keptGuard).toBe(true);
  });

  it('leaves translated keys until it is told to forget them, and while another migration translates them', async () => {
    await bed.databases.monolith.addKeys('item', [{ monolith: '1', service: 'a' }]);
    await order('retire', { override: ['verify', 'quiet'] });
    expect(await schemas()).not.toEqual(before);
    const [pair] = bed.capability.pairs;
    const key = { id: { to: 'id', translate: 'item' } };
    const translating = (name: string) => ({
      ...bed.capability,
      name,
      pairs: pair ? [{ ...pair, key }] : [],
    });
    const [own, other] = [translating('catalog'), translating('orders')];
    const forget = (all: Capability[]) =>
      forgetKeys(store, journal, own, all, { actor: 'bob', reason: 'nobody asks' });
    await expect(forget([own, other])).rejects.toThrow(KeysInUseError);
    expect(await forget([own])).toEqual({ changed: true });
    expect(await forget([own])).toEqual({ changed: false });
    expect(journal.entries.at(-1)).toMatchObject({
      ...{ kind: 'keys-forgotten', actor: 'bob', evidence: { spaces: ['item'], pairs: 1 } },
    });
    expect(await schemas()).toEqual(before);
  });

  it('waits until nobody has used the monolith for long enough', async () => {
    const quietGate = async () =>
      (await coordinator.plan('catalog', 'retire')).gates.find(({ gate }) => gate === 'quiet');
    expect(await quietGate()).toMatchObject({ passed: false, value: 'not looked at yet' });
    await expect(order('retire', { override: ['verify'] })).rejects.toThrow(GateRefusedError);
    const { epoch } = journal.state('catalog');
    const since = new Date(Date.now() - 8 * DAY_MS).toISOString();
    const record: QuietRecord = { epoch, since, last: null, requests: {}, refused: null };
    await store.report(`${QUIET}catalog`, record);
    expect(await quietGate()).toMatchObject({ passed: true, threshold: 'for 7 d' });
    const at = new Date(Date.now() - DAY_MS).toISOString();
    await store.report(`${QUIET}catalog`, { ...record, last: { at, what: 'a request' } });
    expect(await quietGate()).toMatchObject({
      passed: false,
      value: expect.stringMatching(/^for 24 h: before/),
    });
    await store.report(`${QUIET}catalog`, { ...record, epoch: epoch - 1 });
    expect(await quietGate()).toMatchObject({ passed: false });
  });

  it('counts the writes that the fence refuses, where that costs nobody anything', async () => {
    const { monolith } = bed.databases;
    const counts = pairing.monolith === 'postgres';
    expect(await monolith.refusedWrites('catalog')).toBe(counts ? 0 : null);
    await expect(stray()).rejects.toThrow('is fenced');
    await expect(stray()).rejects.toThrow('is fenced');
    expect(await monolith.refusedWrites('catalog')).toBe(counts ? 2 : null);
  });
});

describe('how quiet it has been', () => {
  const look = (requests: Record<string, number>, refused: number | null = 0, epoch = 1) => ({
    ...{ epoch, requests, refused },
  });
  const first = lookOnce(null, look({ a: 7 }, 3), '2026-01-01T00:00:00Z');

  it('is counted from the first look, whatever was before', () => {
    expect(first).toMatchObject({ since: '2026-01-01T00:00:00Z', last: null });
    expect(lookOnce(first, look({ a: 7 }, 3), '2026-01-02T00:00:00Z').last).toBeNull();
  });

  it.each([
    ['a request by a proxy that was there', look({ a: 8 }, 3), '1 requests reached the monolith'],
    ['a request by a proxy that came since', look({ b: 2 }, 3), '2 requests reached the monolith'],
    ['a refused write', look({ a: 7 }, 5), 'the fence refused 2 writes that passed no proxy'],
  ])('is broken by %s', (_what, seen, what) => {
    expect(lookOnce(first, seen, '2026-01-03T00:00:00Z').last).toEqual({ at: '2026-01-03T00:00:00Z', what });
  });

  it('is not broken by a proxy that is gone, nor by a database that cannot be asked', () => {
    const away = lookOnce(first, look({}, null), '2026-01-02T00:00:00Z');
    expect([away.last, away.refused]).toEqual([null, 3]);
    expect(lookOnce(away, look({}, 4), '2026-01-03T00:00:00Z').last?.what).toContain('refused 1 writes');
  });

  it('begins anew with another change of owner', () => {
    const broken = lookOnce(first, look({ a: 8 }, 3), '2026-01-02T00:00:00Z');
    expect(lookOnce(broken, look({ a: 9 }, 3, 3), '2026-01-04T00:00:00Z')).toMatchObject({
      since: '2026-01-04T00:00:00Z',
      last: null,
    });
  });
});
