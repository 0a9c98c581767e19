import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createDatabase } from '../testing/two-databases.ts';
import { fold } from './fold.ts';
import { firstBrokenEntry, hashOf } from './journal.ts';
import type { Decision } from './journal.ts';
import { ControlStore } from './store.ts';

let url: string;
let store: ControlStore;
beforeEach(async () => {
  url = await createDatabase('');
  store = await ControlStore.open(url);
});
afterEach(() => store.close());

const entry = (decision: Decision, epoch = 0, actor = 'ann', migration = 'catalog') => ({
  migration,
  decision,
  epoch,
  actor,
  reason: null,
  evidence: { b: 1, a: [1.5, null] },
});
const toDualWrite: Decision = {
  kind: 'stage-changed',
  verb: 'sync',
  from: 'legacy',
  to: 'dual-write',
  weight: 0,
};
const toShadow: Decision = {
  kind: 'stage-changed',
  verb: 'shadow',
  from: 'dual-write',
  to: 'shadow',
  weight: 0,
};

describe('the control store', () => {
  it('dates journal and reports by its own clock: processes on several hosts have several', async () => {
    const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...given: [] | [number]) {
        super(given[0] ?? Real.now() + 3_600_000);
      }
    } as DateConstructor;
    try {
      await store.report('traffic:a', {});
      const { at } = await store.append(entry(toDualWrite), 0);
      const { ageMs = Infinity } = (await store.reports()).get('traffic:a') ?? {};
      expect(ageMs).toBeLessThan(60_000);
      expect(Math.abs((await store.now()) - Date.parse(at))).toBeLessThan(60_000);
    } finally {
      globalThis.Date = Real;
    }
  });
});

describe('the journal', () => {
  it('has the fields that are ignored now, with who and why, and each order once', async () => {
    const ignore = (path: string): Decision => ({ kind: 'field-ignored', path });
    await store.append({ ...entry(ignore('$.a')), reason: 'rounded' }, 0);
    expect((await store.append(entry(ignore('$.a')), 0)).seq).toBe(1);
    await expect(store.append(entry(ignore('$.b')), 0)).rejects.toThrow(/ann wrote "field-ignored"/);
    await store.append(entry(ignore('$.b')), 1);
    const ignored = async () => fold(await store.entries()).get('catalog')?.ignored;
    expect(await ignored()).toMatchObject([
      { path: '$.a', actor: 'ann', reason: 'rounded' },
      { path: '$.b', reason: null },
    ]);
    await store.append(entry({ kind: 'field-compared', path: '$.a' }), 2);
    expect(await ignored()).toMatchObject([{ path: '$.b' }]);
    await store.append(entry(toDualWrite, 1), 3);
    expect(await ignored()).toMatchObject([{ path: '$.b' }]);
    expect(firstBrokenEntry(await store.entries())).toBeNull();
  });

  it('lets one of two who act at once win, and tells the other who was faster', async () => {
    const { seq } = await store.append(entry(toDualWrite), 0);
    await store.append(entry(toShadow, 0, 'bob'), seq);
    await expect(store.append(entry({ ...toShadow, to: 'legacy' }, 1, 'ann'), seq)).rejects.toThrow(
      /bob wrote "stage-changed"/,
    );
  });

  it('takes the same entry once when its answer was lost and it is sent again', async () => {
    const first = await store.append(entry(toDualWrite), 0);
    expect(await store.append(entry(toDualWrite), 0)).toEqual(first);
    expect(await store.entries()).toHaveLength(1);
  });

  it('takes another decision of the same person for no repetition, though epoch and kind are the same', async () => {
    const { seq } = await store.append(entry(toDualWrite), 0);
    await store.append(entry(toShadow), seq);
    const toCanary: Decision = {
      kind: 'stage-changed',
      verb: 'canary',
      from: 'shadow',
      to: 'canary',
      weight: 5,
    };
    await expect(store.append(entry(toCanary), seq)).rejects.toThrow(/ann wrote "stage-changed"/);
  });

  it('takes the beginning of a change of owner once for each run, and tells another run of the same person', async () => {
    const begun = (run: string): Decision => ({
      kind: 'cutover-started',
      from: 'shadow',
      to: 'extracted',
      run,
    });
    const first = await store.append(entry(begun('one'), 1), 0);
    expect(await store.append(entry(begun('one'), 1), 0)).toEqual(first);
    await expect(store.append(entry(begun('two'), 1), 0)).rejects.toThrow(/ann wrote "cutover-started"/);
  });

  it('goes on from a beginning that was written before runs had names', async () => {
    const begun: Decision = { kind: 'cutover-started', from: 'shadow', to: 'extracted' };
    const old = await store.append(entry(begun, 1), 0);
    await store.append(entry({ kind: 'aborting', why: 'cut off' }, 1), old.seq);
    const entries = await store.entries();
    expect(firstBrokenEntry(entries)).toBeNull();
    expect(fold(entries).get('catalog')?.change).toMatchObject({ phase: 'aborting', epoch: 1 });
  });

  it('keeps migrations apart: an entry of one is no conflict for the other', async () => {
    await store.append(entry(toDualWrite), 0);
    await store.append(entry(toDualWrite, 0, 'ann', 'orders'), 0);
    expect([...fold(await store.entries()).keys()]).toEqual(['catalog', 'orders']);
  });

  it.each([
    [
      'an actor',
      `UPDATE strangler_control.journal SET actor = 'eve' WHERE seq = 1`,
      1,
      /does not say what it said/,
    ],
    [
      'a kind',
      `UPDATE strangler_control.journal SET kind = 'repaired' WHERE seq = 2`,
      2,
      /written as "stage-changed"/,
    ],
    ['a missing entry', 'DELETE FROM strangler_control.journal WHERE seq = 1', 2, /entry 1 is missing/],
    [
      'an entry that was hashed anew',
      `UPDATE strangler_control.journal SET previous_hash = repeat('1', 64) WHERE seq = 2`,
      2,
      /does not say what it said/,
    ],
  ])('shows where it was tampered with: %s', async (_what, tampering, seq, problem) => {
    const { seq: first } = await store.append(entry(toDualWrite), 0);
    await store.append(entry(toShadow), first);
    expect(firstBrokenEntry(await store.entries())).toBeNull();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await expect(client.query(tampering)).rejects.toThrow('append-only');
    await client.query(`ALTER TABLE strangler_control.journal DISABLE TRIGGER append_only`);
    await client.query(tampering);
    await client.end();
    expect(firstBrokenEntry(await store.entries())).toMatchObject({
      seq,
      problem: expect.stringMatching(problem),
    });
  });

  it('shows an entry that was exchanged for one that is right in itself', async () => {
    const one = await store.append(entry(toDualWrite), 0);
    const two = await store.append(entry(toShadow), one.seq);
    const forged = { ...one, actor: 'eve' };
    const exchanged = { ...forged, hash: hashOf(forged) };
    expect(firstBrokenEntry([exchanged, two])).toMatchObject({
      seq: 2,
      problem: expect.stringContaining('does not follow from the entry before it'),
    });
  });

  it('forgets a proxy whose lease ran out, and keeps the newest acknowledgement of a live one', async () => {
    await store.renewLease('gone', 7, 0);
    await store.renewLease('live', 5, 60_000);
    await store.renewLease('live', 3, 60_000);
    expect(await store.liveProxies()).toEqual([{ id: 'live', acked: 5 }]);
  });
});
