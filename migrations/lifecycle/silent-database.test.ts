import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../databases/open.ts';
import type { Database } from '../databases/database.ts';
import { Wire } from '../testing/wire.ts';
import { changeOwner } from './change-owner.ts';
import { Coordinator } from './coordinator.ts';
import type { ChangeState, Effect } from './protocol.ts';
import type { CanaryBed } from './testing/canary-bed.ts';
import { canaryBed, FORWARD } from './testing/canary-bed.ts';

let canary: CanaryBed;
let wires: { monolith: Wire; service: Wire };
let databases: { monolith: Database; service: Database };
beforeEach(async () => {
  canary = await canaryBed();
  const { urls } = canary.bed;
  wires = { monolith: await Wire.to(urls.monolith), service: await Wire.to(urls.service) };
  databases = {
    monolith: openDatabase(wires.monolith.url, 'monolith'),
    service: openDatabase(wires.service.url, 'service catalog'),
  };
});
afterEach(async () => {
  await Promise.all([wires.monolith.close(), wires.service.close()]);
  await Promise.all([databases.monolith.close(), databases.service.close()]);
  await canary.close();
});

/** A cutover over both wires, of which one falls silent right before an effect. */
function cutOver(silent: 'monolith' | 'service', before: Effect): Promise<ChangeState> {
  const { bed, store, journal } = canary;
  const ground = { ...bed.synced, databases };
  const observe = (effect: Effect): void => void (effect === before && wires[silent].fallSilent());
  const member = { order: FORWARD, seq: journal.state('catalog').seq, ground, synced: ground };
  return changeOwner({ store, journal, observe }, [member]);
}

describe('a database that takes connections and never answers', () => {
  it.each<['monolith' | 'service', Effect]>([
    ['monolith', 'raise-fence'],
    ['service', 'drain'],
    ['service', 'settle'],
  ])(
    'the %s before %s: the move is given up, and to lift the fence is not tried for ever',
    async (side, before) => {
      const started = performance.now();
      const end = await cutOver(side, before);
      expect(performance.now() - started).toBeLessThan(45_000);
      if (side === 'service') expect(end).toMatchObject({ result: 'aborted', late: true });
      else expect(end).toMatchObject({ result: 'open', doing: 'lift' });
      expect(canary.journal.state('catalog')).toMatchObject({ owner: 'monolith', stage: 'canary' });
    },
    60_000,
  );

  it('while its new owner is told: the caller is told which, and the change is finished once it answers', async () => {
    const { bed, store, journal } = canary;
    const started = performance.now();
    const end = await cutOver('service', 'open');
    expect(performance.now() - started).toBeLessThan(45_000);
    expect(end).toMatchObject({ result: 'open', doing: 'open' });
    expect(end.reason).toMatch(/service catalog/);
    const coordinator = new Coordinator({
      ...{ store, journal },
      capabilities: { byName: new Map([['catalog', bed.capability]]) },
      shadowOf: async () => null,
      isLeading: () => true,
    });
    expect(await coordinator.resume('ann')).toMatchObject([{ done: true, to: 'extracted' }]);
    await bed.service.query(`INSERT INTO manufacturer (name) VALUES ('goes on')`);
  }, 60_000);

  it('and answers again: none of its connections was lost to who waited', async () => {
    for (let i = 0; i < 2; i += 1) await cutOver('service', 'drain').catch(() => undefined);
    wires.service.speakAgain();
    // More than the pool has connections.
    await Promise.all(Array.from({ length: 10 }, () => databases.service.sideState('catalog')));
  }, 60_000);

  it('keeps no gate waiting: the plan says who is silent', async () => {
    const { bed, store, journal } = canary;
    await databases.service.sideState('catalog');
    wires.service.fallSilent();
    const coordinator = new Coordinator({
      ...{ store, journal },
      capabilities: { byName: new Map([['catalog', { ...bed.capability, databases }]]) },
      shadowOf: async () => null,
      isLeading: () => true,
    });
    await expect(coordinator.plan('catalog', 'cutover')).rejects.toThrow(/service catalog/);
  }, 60_000);
});
