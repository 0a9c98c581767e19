import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Change } from '../databases/database.ts';
import { netEffectOf } from './net-effect.ts';

const batch = fc
  .array(
    fc.record({
      table: fc.constantFrom('a', 'b'),
      op: fc.constantFrom('upsert' as const, 'delete' as const),
      key: fc.constantFrom('["1"]', '["2"]', '["3"]'),
    }),
    { maxLength: 30 },
  )
  .map((changes) => changes.map((change, i): Change => ({ ...change, id: `${i + 1}`, row: { v: `${i}` } })));

/** A table as a map: what each key holds, and which versions its row has been born with since it was last deleted. */
function play(changes: readonly Change[], before: ReadonlyMap<string, string>): Map<string, string> {
  const rows = new Map(before);
  for (const { table, key, op, row, id } of changes) {
    const slot = `${table} ${key}`;
    if (op === 'delete') rows.delete(slot);
    else rows.set(slot, `${rows.get(slot)?.split(' ')[0] ?? `born-here`} ${row.v} ${id}`);
  }
  return rows;
}
const BEFORE = new Map(['a ["1"]', 'a ["2"]', 'b ["1"]'].map((slot) => [slot, 'born-before x 0']));

describe('the net effect of a batch', () => {
  it('is that of all its changes in their order, down to whether a row is the one that was there before', () => {
    fc.assert(
      fc.property(batch, (changes) => {
        const { gone, there } = netEffectOf(changes);
        expect(new Map([...play([...gone, ...there], BEFORE)].toSorted())).toEqual(
          new Map([...play(changes, BEFORE)].toSorted()),
        );
      }),
    );
  });

  it('names no key twice among those that go, nor among those that are there', () => {
    fc.assert(
      fc.property(batch, (changes) => {
        const { gone, there } = netEffectOf(changes);
        for (const some of [gone, there]) {
          const slots = some.map(({ table, key }) => `${table} ${key}`);
          expect(new Set(slots).size).toBe(slots.length);
        }
      }),
    );
  });
});
