import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { migrationNamed } from '../../control/testing/memory-lifecycle.ts';
import { applied, ChangeFinder, merged, type Changes, type Migration } from './changes.ts';

/** A status: some migrations with an epoch and some routes each. */
const status = fc
  .uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'))
  .chain((names) => fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), fc.nat(2), fc.nat(2)))))
  .map((all): Migration[] =>
    all.map(([name, epoch, routes]) => {
      const one = migrationNamed(name, { epoch });
      return { ...one, routes: Array.from({ length: routes }, () => one.routes).flat() };
    }),
  );

describe('what crosses to the page', () => {
  it('gives it the newest status, however many were put into one and wherever it was drawn', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(status, fc.boolean()), { minLength: 1 }), (statuses) => {
        const finder = new ChangeFinder();
        let shown: Migration[] = [];
        let waiting: Changes | null = null;
        for (const [migrations, isDrawn] of [...statuses, ...statuses.slice(-1)]) {
          const found = finder.next(migrations);
          waiting = waiting ? merged(waiting, found) : found;
          if (!isDrawn) continue;
          shown = applied(shown, waiting);
          waiting = null;
          expect(shown).toEqual(migrations);
        }
      }),
    );
  });

  it('is nothing of a migration that stayed as it was, and no routes where only the rest changed', () => {
    const finder = new ChangeFinder();
    const [a, b] = [migrationNamed('a'), migrationNamed('b')];
    const first = applied([], finder.next([a, b]));
    const changes = finder.next([a, { ...b, epoch: 7 }]);
    expect(changes.changed.map((one) => [one.name, 'routes' in one])).toEqual([['b', false]]);
    const second = applied(first, changes);
    expect(second[0]).toBe(first[0]);
    expect(second[1]?.routes).toBe(first[1]?.routes);
  });
});
