import { once } from 'node:events';
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { changeOwner } from './change-owner.ts';
import type { ChangeState, Effect } from './protocol.ts';
import type { ControlStore } from './store.ts';
import type { CanaryBed } from './testing/canary-bed.ts';
import { canaryBed, FORWARD } from './testing/canary-bed.ts';

let canary: CanaryBed;
let store: ControlStore;
/** Emits each effect as it begins. */
let steps: EventEmitter;
beforeEach(async () => {
  canary = await canaryBed();
  ({ store } = canary);
  steps = new EventEmitter();
});
afterEach(() => canary.close());

function cutOver(): Promise<ChangeState> {
  const { bed, journal } = canary;
  const ground = { ground: bed.synced, synced: bed.synced };
  const observe = (effect: Effect): void => void steps.emit(effect);
  const member = { ...ground, order: FORWARD, seq: journal.state('catalog').seq };
  return changeOwner({ store, journal, observe }, [member]);
}

describe('proxies', () => {
  it('are waited for: no fence before every live one holds', async () => {
    await store.renewLease('p1', 0, 60_000);
    const seen: string[] = [];
    steps.on('raise-fence', () => seen.push('fence'));
    const waiting = once(steps, 'await-held');
    const running = cutOver();
    await waiting;
    const { seq } = canary.journal.state('catalog');
    seen.push('ack');
    await store.renewLease('p1', seq, 60_000);
    expect(await running).toMatchObject({ result: 'completed' });
    expect(seen).toEqual(['ack', 'fence']);
  });

  it('wake who waits for them when they say how far they follow', async () => {
    await store.renewLease('p1', 0, 60_000);
    const over = new AbortController();
    const told = once(await store.listenForAcks(over.signal), 'wake');
    expect(await store.acknowledge('p1', 7)).toBe(true);
    expect(await told).toEqual(['p1']);
    expect(await store.acknowledge('p1', 6)).toBe(true);
    expect(await store.liveProxies()).toEqual([{ id: 'p1', acked: 7 }]);
    over.abort();
  });

  it('that have no lease are told so, and take one', async () => {
    expect(await store.acknowledge('gone', 7)).toBe(false);
  });

  it('that never answer have the move taken back within its cap', async () => {
    await store.renewLease('stuck', 0, 60_000);
    const started = Date.now();
    expect(await cutOver()).toMatchObject({
      result: 'aborted',
      late: true,
      reason: expect.stringContaining('stuck'),
    });
    // The lease of the stuck one is longer: the move did not sit it out.
    expect(Date.now() - started).toBeLessThan(30_000);
  });
});

describe('a proxy that is killed', () => {
  it('is not waited for: its connection ended with it, though its lease would last', async () => {
    const alive = new AbortController();
    const presence = await store.bePresent(alive.signal, () => undefined);
    await store.renewLease('killed', 0, 60_000, presence);
    expect(await store.liveProxies()).toEqual([{ id: 'killed', acked: 0 }]);
    alive.abort();
    while ((await store.liveProxies()).length > 0);
    expect(await cutOver()).toMatchObject({ result: 'completed' });
  });

  it('is waited for until its lease is over when nothing tells that it is gone', async () => {
    await store.renewLease('silent', 0, 300);
    const started = Date.now();
    expect(await cutOver()).toMatchObject({ result: 'completed' });
    expect(Date.now() - started).toBeGreaterThan(200);
  });
});
