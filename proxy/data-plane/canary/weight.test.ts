import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { freshId } from './identity.ts';
import { isWithinWeight } from './weight.ts';

describe('the arm of a client', () => {
  it('only ever changes towards the service when the weight is raised', () => {
    const weight = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.string(), weight, weight, (id, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        if (isWithinWeight(id, 'catalog', low)) expect(isWithinWeight(id, 'catalog', high)).toBe(true);
        expect(isWithinWeight(id, 'catalog', 0)).toBe(false);
        expect(isWithinWeight(id, 'catalog', 100)).toBe(true);
      }),
    );
  });

  it.each([
    ['that it gave out itself', () => freshId()],
    ['that count up, as user numbers do', (n: number) => String(100_000 + n)],
  ])('follows the weight over ids %s, down to one in a thousand', (_, idOf) => {
    const ids = Array.from({ length: 100_000 }, (_each, n) => idOf(n));
    for (const weight of [0.1, 0.2, 5, 50, 99.9]) {
      const share = (100 * ids.filter((id) => isWithinWeight(id, 'catalog', weight)).length) / ids.length;
      // Five standard deviations: of 100 expected at 0.1 %, between 50 and 150.
      expect(Math.abs(share - weight)).toBeLessThan(5 * Math.sqrt((weight * (100 - weight)) / ids.length));
    }
  });

  it('is drawn anew for each migration', () => {
    const ids = Array.from({ length: 4000 }, freshId);
    const both = ids.filter((id) => isWithinWeight(id, 'catalog', 50) && isWithinWeight(id, 'orders', 50));
    expect(both.length / ids.length).toBeGreaterThan(0.2);
    expect(both.length / ids.length).toBeLessThan(0.3);
  });
});
