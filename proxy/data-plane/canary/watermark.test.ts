import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SHORTEST_TICK_MS, type Look } from './freshness.ts';
import { Floor, fromText, inText, isApplied, watermarkOf } from './watermark.ts';

const lookAt = (askedAt: number, tick: number, applied: number, generation = 'g'): Look => ({
  generation,
  tick,
  applied: new Map([['catalog', applied]]),
  askedAt,
});

describe('a watermark', () => {
  it('is above every tick that the sync can have known when the write was committed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 60, noNaN: true }), { minLength: 1, maxLength: 40 }),
        fc.nat(39),
        fc.double({ min: 0, max: 1500, noNaN: true }),
        (pauses, lookedAfter, since) => {
          // Ticks of any pace that the contract allows, a look at any moment, and a write at any moment after it.
          let at = 0;
          const ticks = pauses.map((pause) => (at += SHORTEST_TICK_MS + pause));
          const askedAt = ticks[Math.min(lookedAfter, ticks.length - 1)] ?? 0;
          const known = (when: number): number => ticks.filter((tick) => tick <= when).length;
          const committed = askedAt + since;
          const { tick } = watermarkOf(lookAt(askedAt, known(askedAt), 0), committed);
          expect(known(committed)).toBeLessThan(tick);
        },
      ),
    );
  });

  it('is applied only from its own tick on, for its migration, and by the same counter', () => {
    const mark = watermarkOf(lookAt(0, 10, 0), 0);
    expect(mark).toEqual({ generation: 'g', tick: 12 });
    expect(isApplied(lookAt(0, 20, 11), 'catalog', mark)).toBe(false);
    expect(isApplied(lookAt(0, 20, 12), 'catalog', mark)).toBe(true);
    expect(isApplied(lookAt(0, 20, 12), 'orders', mark)).toBe(false);
    expect(isApplied(lookAt(0, 20, 99, 'other'), 'catalog', mark)).toBe(false);
    expect(isApplied(null, 'catalog', mark)).toBe(false);
  });

  it('that nobody can tell is never applied', () => {
    for (const unknown of [watermarkOf(null, 0), watermarkOf(lookAt(0, 10, 0), 2001), fromText('nonsense')]) {
      expect(isApplied(lookAt(0, 20, Infinity), 'catalog', unknown)).toBe(false);
      expect(fromText(inText(unknown))).toEqual(unknown);
    }
  });

  it('survives being text', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{8}$/), fc.nat(), (generation, tick) => {
        expect(fromText(inText({ generation, tick }))).toEqual({ generation, tick });
      }),
    );
  });
});

describe('a floor', () => {
  it('is reached once everything up to its stamp is applied, and stays so', () => {
    const floor = new Floor();
    expect(floor.isApplied(null, 'catalog', 0)).toBe(false);
    expect(floor.isApplied(lookAt(0, 10, 11), 'catalog', 0)).toBe(false);
    expect(floor.isApplied(lookAt(500, 20, 12), 'catalog', 500)).toBe(true);
    floor.raise();
    expect(floor.isApplied(lookAt(500, 20, 12), 'catalog', 500)).toBe(false);
  });

  it('is stamped anew when the store begins another counter', () => {
    const floor = new Floor();
    floor.isApplied(lookAt(0, 10, 11), 'catalog', 0);
    expect(floor.isApplied(lookAt(0, 1, 2, 'next'), 'catalog', 0)).toBe(false);
    expect(floor.isApplied(lookAt(0, 5, 3, 'next'), 'catalog', 0)).toBe(true);
  });
});
