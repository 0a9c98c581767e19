import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createDatabase } from '../testing/two-databases.ts';
import type { Capability } from './capability.ts';
import { Coordinator } from './coordinator.ts';
import { JournalFollower } from './follow.ts';
import { circleIn } from './precedence.ts';
import type { Verb } from './stages.ts';
import { ControlStore } from './store.ts';

const stateless = (name: string, after: readonly string[] = []): Capability => ({
  name,
  service: name,
  pairs: [],
  after,
  thresholds: { lagSeconds: 2, shadowSamples: 0, shadowMismatchPercent: 1, verifyMaxAgeMinutes: 60 },
  databases: null,
  probe: async () => [],
  compareContracts: async () => null,
});

let store: ControlStore;
let journal: JournalFollower;
let coordinator: Coordinator;

beforeEach(async () => {
  store = await ControlStore.open(await createDatabase(''));
  journal = await JournalFollower.start(store);
  coordinator = new Coordinator({
    store,
    journal,
    capabilities: {
      byName: new Map([
        ['catalog', stateless('catalog')],
        ['orders', stateless('orders', ['catalog'])],
      ]),
    },
    shadowOf: async () => null,
    isLeading: () => true,
  });
});
afterEach(async () => {
  await journal.close();
  await store.close();
});

const move = (migration: string, verb: Verb, override: string[] = []) =>
  coordinator.move(migration, { verb, weight: 50, actor: 'ann', reason: 'it is time', override });
const toShadow = async (migration: string): Promise<void> => {
  await move(migration, 'sync');
  await move(migration, 'shadow');
};

describe('a migration that comes after another one', () => {
  beforeEach(async () => {
    await toShadow('catalog');
    await toShadow('orders');
  });

  it('is not cut over before it, and the refusal names it with its stage', async () => {
    await expect(move('orders', 'cutover')).rejects.toThrow(
      '"cutover" of "orders" refused: order is catalog is shadow, needs all that it comes after extracted',
    );
    await move('catalog', 'cutover');
    expect(await move('orders', 'cutover')).toMatchObject({ done: true });
  });

  it('goes back before it', async () => {
    await move('catalog', 'cutover');
    await move('orders', 'cutover');
    await expect(move('catalog', 'rollback')).rejects.toThrow('order is orders is extracted');
    await move('orders', 'rollback');
    expect(await move('catalog', 'rollback')).toMatchObject({ done: true });
  });

  it('may go first when somebody takes that on', async () => {
    expect(await move('orders', 'cutover', ['order'])).toMatchObject({ done: true });
  });

  it('moves beside it where the order is none: both at once', async () => {
    const both = await Promise.all([move('catalog', 'canary'), move('orders', 'canary')]);
    expect(both.map(({ to }) => to)).toEqual(['canary', 'canary']);
    expect([journal.state('catalog').stage, journal.state('orders').stage]).toEqual(['canary', 'canary']);
  });
});

describe('what comes after what', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];

  it('has no circle when each comes after former ones only, and one as soon as the first comes after the last', () => {
    const someOf = fc.array(fc.nat(), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(someOf, { minLength: 5, maxLength: 5 }), (choices) => {
        const after = new Map(
          names.map((name, i) => [name, i === 0 ? [] : (choices[i] ?? []).map((n) => names[n % i] ?? 'a')]),
        );
        expect(circleIn(after)).toBeNull();
        const chain = new Map(names.map((name, i) => [name, [names[i - 1] ?? 'e']]));
        expect(circleIn(chain)).toHaveLength(names.length + 1);
      }),
    );
  });
});
