import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canarySchema } from './schema.ts';
import { freshId, isInServiceArm, readId } from './identity.ts';

const settings = canarySchema.parse({});

describe('the arm of a client', () => {
  it('only ever changes towards the service when the weight is raised', () => {
    const weight = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{16}$/), weight, weight, (id, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        if (isInServiceArm(id, 'catalog', low)) expect(isInServiceArm(id, 'catalog', high)).toBe(true);
        expect(isInServiceArm(id, 'catalog', 0)).toBe(false);
        expect(isInServiceArm(id, 'catalog', 100)).toBe(true);
      }),
    );
  });

  it('follows the weight over many clients', () => {
    const ids = Array.from({ length: 20_000 }, freshId);
    for (const weight of [0.5, 5, 25, 50, 90]) {
      const share = (100 * ids.filter((id) => isInServiceArm(id, 'catalog', weight)).length) / ids.length;
      // Five standard deviations.
      expect(Math.abs(share - weight)).toBeLessThan(5 * Math.sqrt((weight * (100 - weight)) / ids.length));
    }
  });

  it('is drawn anew for each migration', () => {
    const ids = Array.from({ length: 4000 }, freshId);
    const both = ids.filter(
      (id) => isInServiceArm(id, 'catalog', 50) && isInServiceArm(id, 'orders', 50),
    ).length;
    expect(both / ids.length).toBeGreaterThan(0.2);
    expect(both / ids.length).toBeLessThan(0.3);
  });

  it('is not taken from a cookie that this proxy cannot have set', () => {
    expect(readId('a=1; strangler_arm=abcdefghijklmnop; b=2', settings)).toBe('abcdefghijklmnop');
    for (const forged of [
      'strangler_arm=service',
      'strangler_arm=',
      'xstrangler_arm=abcdefghijklmnop',
      '',
      undefined,
    ]) {
      expect(readId(forged, settings)).toBeNull();
    }
  });
});
