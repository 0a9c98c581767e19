import { describe, expect, it } from '@jest/globals';
import { backfillSchema } from './schema.ts';
import type { Rest } from './throttle.ts';
import { restFor } from './throttle.ts';
import { UsualPace } from './usual-pace.ts';

const ROWS = 1000;
const settings = backfillSchema.parse({});

/** What the throttle says after each chunk, by how many milliseconds a row of it took to read. */
function restsFor(paces: readonly number[], given: Partial<typeof settings> = {}): (Rest | null)[] {
  const all = { ...settings, ...given };
  const pace = new UsualPace();
  return paces.map((msPerRow) =>
    restFor(all, {
      ...pace.add(msPerRow, all.maxSlowdown),
      ...{ lagSeconds: 0, rows: ROWS, ms: msPerRow * ROWS, readMs: msPerRow * ROWS },
    }),
  );
}

const times = (count: number, pace: number): number[] => Array.from({ length: count }, () => pace);

describe('a copy that is throttled by load', () => {
  it('stays so for as long as the load lasts, and goes on at once when it falls', () => {
    const rests = restsFor([...times(20, 0.1), ...times(500, 0.5), ...times(5, 0.1)]);
    expect(rests.slice(0, 20)).toEqual(times(20, 0).map(() => null));
    const underLoad = rests.slice(20, 520);
    expect(
      underLoad.filter((rest) => rest?.reason === 'the owner answers 5.0 times slower than usual'),
    ).toHaveLength(500);
    expect(underLoad[0]).toMatchObject({ ms: 500, holdsOn: true });
    expect(rests.slice(520)).toEqual([null, null, null, null, null]);
  });

  it('takes a pace that grows less than that for the usual one', () => {
    expect(restsFor([...times(20, 0.1), ...times(200, 0.3), 0.9]).filter((rest) => rest !== null)).toEqual(
      [],
    );
  });

  it('is not held by what the first reads took, which found cold caches', () => {
    expect(restsFor([...times(3, 5), ...times(100, 0.1)]).filter((rest) => rest !== null)).toEqual([]);
  });
});
