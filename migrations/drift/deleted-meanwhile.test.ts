import { afterEach, describe, expect, it } from '@jest/globals';
import type { Database } from '../databases/database.ts';
import type { Bed } from '../mapping/testing/bed.ts';
import { closeBeds, openBed } from '../mapping/testing/bed.ts';
import { retryKeys } from '../parking/retry.ts';
import type { Stream } from '../relay/stream.ts';
import type { Dialect } from '../testing/databases.ts';
import { verify } from '../verify/verify.ts';
import { lookForVanished } from './vanished.ts';

afterEach(closeBeds);

const ITEM = 'CREATE TABLE item (id integer PRIMARY KEY, part integer)';
const PAIRS = [{ from: 'item', to: 'item', key: { id: 'id' }, columns: { part: 'part' } }];
/** No look asks more often than that; what comes later comes after it. */
const MOST_READS = 16;

const begin = async (monolith: Dialect): Promise<Bed> => {
  const service = `${ITEM}; CREATE TABLE child (id integer REFERENCES item)`;
  const bed = await openBed({ monolith: ITEM, service }, PAIRS, { monolith, service: 'postgres' });
  await bed.begin('monolith');
  return bed;
};

/** The stream, with something that happens before the read with this number is made. */
function disturbed(
  { stream }: Bed,
  steps: readonly { before: number; does: () => Promise<unknown> }[],
): { stream: Stream; reads: () => number } {
  let reads = 0;
  const watched = (database: Database): Database =>
    new Proxy(database, {
      get(real, name: keyof Database) {
        const member = Reflect.get(real, name) as unknown;
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          const now = reads;
          reads += 1;
          for (const { before, does } of steps) if (before === now) await does();
          return (member as (...all: unknown[]) => unknown).apply(real, args);
        };
      },
    });
  const both = { source: watched(stream.source), target: watched(stream.target) };
  return { stream: { ...stream, ...both }, reads: () => reads };
}

async function applyAndPurge(bed: Bed): Promise<void> {
  await bed.catchUp();
  const side = await bed.synced.databases.service.sideState('m');
  await bed.synced.databases.monolith.purge('m', side?.position ?? '');
}

describe.each<Dialect>(['postgres', 'mysql'])('a row that is deleted between two reads, on %s', (dialect) => {
  it.each([
    ['and whose delete is applied', false],
    ['and whose delete is parked', true],
  ])(
    '%s is not gone in silence, whenever that happens',
    async (_, isParked) => {
      const bed = await begin(dialect);
      let most = 0;
      for (let at = 0; at < MOST_READS; at += 1) {
        for (let then = at; then < MOST_READS; then += 3) {
          await bed.monolith.sql('INSERT INTO item VALUES (1, 1), (2, 2)');
          await bed.catchUp();
          if (isParked) await bed.service.sql('INSERT INTO child VALUES (1)');
          const look = disturbed(bed, [
            { before: at, does: () => bed.monolith.sql('DELETE FROM item WHERE id = 1') },
            { before: then, does: () => applyAndPurge(bed) },
          ]);
          const { found } = await lookForVanished(look.stream, 'monolith');
          expect({ at, then, found }).toEqual({ at, then, found: [] });
          most = Math.max(most, look.reads());
          await bed.service.sql('DELETE FROM child');
          await bed.monolith.sql('DELETE FROM item');
          await applyAndPurge(bed);
          await retryKeys(bed.stream, [{ table: 'item', key: '["1"]' }]);
          expect(await bed.parked()).toEqual([]);
        }
      }
      expect(most).toBeGreaterThan(4);
    },
    120_000,
  );
});

describe('a look that was begun before a change of owner', () => {
  it('calls nothing different that the new owner wrote: neither gone, nor surplus', async () => {
    const bed = await begin('postgres');
    await bed.monolith.sql('INSERT INTO item VALUES (1, 1)');
    await bed.catchUp();
    const { monolith, service } = bed.synced.databases;
    await monolith.raiseFence('m', ['item'], 2n, 1000);
    await monolith.becomeFollower('m', 2n, 'service');
    await service.becomeOwner('m', ['item'], 2n, 2n);
    await bed.service.sql('INSERT INTO item VALUES (2, 2)');
    expect((await lookForVanished(bed.stream, 'monolith')).found).toEqual([]);
    expect(await verify(bed.stream)).toMatchObject({ differences: 0, unsettled: 1 });
  });
});
