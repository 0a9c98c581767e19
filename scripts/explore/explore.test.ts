import { describe, expect, it } from '@jest/globals';
import { explore, RULES } from './explore.ts';
import { GROUP_MUTATIONS, MUTATIONS } from './mutations.ts';
import type { Bound } from './world.ts';

const NOTHING: Bound = { faults: 0, orders: 0, takeovers: 0, writes: 0, strays: 0, batches: 0 };

/** Each of these is gone through to its end; `npm run explore` goes further. */
const BOUNDS: [string, Bound, number][] = [
  [
    'one change of owner, one fault anywhere, a second coordinator at any time, writes through and past the proxies',
    { ...NOTHING, faults: 1, orders: 1, takeovers: 1, writes: 1, strays: 1, batches: 1 },
    200_000,
  ],
  [
    'one change of owner and two faults, after each of which somebody takes it on',
    { ...NOTHING, faults: 2, orders: 1, takeovers: 2, writes: 1 },
    300_000,
  ],
  [
    'two changes of owner, there and back or both at once, with writes through and past the proxies',
    { ...NOTHING, orders: 2, takeovers: 1, writes: 1, strays: 1 },
    100_000,
  ],
];

describe('everything that can happen around a change of owner', () => {
  it.each(BOUNDS)('keeps every promise, and comes to a good end: %s', (_, bound, atLeast) => {
    const { states, isComplete, broken } = explore(bound);
    expect(broken).toBeNull();
    expect(isComplete).toBe(true);
    expect(states).toBeGreaterThan(atLeast);
  });

  it('keeps every promise of two that move together, whatever comes between the steps of the one and the other', () => {
    const bound = { ...NOTHING, faults: 1, orders: 1, takeovers: 1, writes: 1 };
    const { states, isComplete, broken } = explore(bound, RULES, 2_000_000, 2);
    expect(broken).toBeNull();
    expect(isComplete).toBe(true);
    expect(states).toBeGreaterThan(50_000);
  });

  it('says so when there is more than it may look at', () => {
    const { isComplete, states } = explore({ ...NOTHING, orders: 2 }, RULES, 100);
    expect({ isComplete, states }).toEqual({ isComplete: false, states: 100 });
  });
});

describe('a protocol that is broken on purpose', () => {
  const bound: Bound = { faults: 1, orders: 1, takeovers: 1, writes: 1, strays: 1, batches: 1 };

  it.each(Object.entries(MUTATIONS))('is found out: %s', (_, rules) => {
    const { broken } = explore(bound, rules);
    expect(broken?.promise).toEqual(expect.any(String));
  });

  it.each(Object.entries(GROUP_MUTATIONS))('is found out of two that move together: %s', (_, rules) => {
    const { broken } = explore(bound, rules, 2_000_000, 2);
    expect(broken?.promise).toBe('of two that move together one has another owner than the other');
  });

  it('is told as a shortest story', () => {
    const { broken } = explore(bound, MUTATIONS['the owner changes before all proxies have acknowledged']);
    expect(broken).toEqual({
      promise: 'a request failed although its proxy had its lease all the time',
      story: [
        'the monolith owns, the service follows',
        'a write comes to the first proxy, which sends it to the monolith',
        'ann orders a cutover',
        'ann: journal-started',
        'ann: raise-fence',
        'the write of the first proxy reaches the monolith, whose fence refuses it',
      ],
    });
  });
});
