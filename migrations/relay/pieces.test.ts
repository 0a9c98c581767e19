import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Applier, Database } from '../databases/database.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { lagOf, relayOnce } from './relay.ts';
import type { Stream } from './stream.ts';

/** Of each row three changes: three pieces, of which the first has all rows, and the last is not full. */
const ROWS = 4000;
const CHANGES = 3 * ROWS;

let bed: TwoDatabases;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.install();
  await bed.monolith.query(
    `INSERT INTO maker (id, nm) SELECT n, 'old ' || n FROM generate_series(1, ${ROWS}) n`,
  );
  await bed.monolith.query(`UPDATE maker SET nm = 'new ' || id`);
  await bed.monolith.query(`UPDATE maker SET nm = 'newer ' || id`);
});
afterEach(() => bed.close());

async function makers(): Promise<{ there: string[]; here: string[] }> {
  const there = await bed.sql('monolith', 'SELECT nm AS name FROM maker ORDER BY id');
  const here = await bed.sql('service', 'SELECT name FROM manufacturer ORDER BY id');
  return { there: there.map(({ name }) => String(name)), here: here.map(({ name }) => String(name)) };
}

const positionOf = async (): Promise<string> =>
  (await bed.databases.service.sideState('catalog'))?.position ?? '';

/** The stream, with something that happens before the target's transaction of this number begins. */
function before(transaction: number, happen: () => Promise<void>): Stream {
  const target = bed.databases.service;
  let begun = 0;
  const applying = async <T>(
    migration: string,
    epoch: bigint,
    work: (applier: Applier) => Promise<T>,
  ): Promise<T> => {
    if ((begun += 1) === transaction) await happen();
    return target.applying(migration, epoch, work);
  };
  return { ...bed.stream, target: { ...target, applying } };
}

describe('a backlog that is carried over in pieces', () => {
  it('keeps the pieces that were committed when the source fails, and takes them again without effect', async () => {
    const position = await positionOf();
    let handedOver = 0;
    const readChanges: Database['readChanges'] = (migration, since, take) =>
      bed.databases.monolith.readChanges(migration, since, async (changes) => {
        if ((handedOver += changes.length) > CHANGES - 1000) throw new Error('the source is gone');
        await take(changes);
      });
    const failing = { ...bed.stream, source: { ...bed.databases.monolith, readChanges } };
    await expect(relayOnce(failing)).rejects.toThrow('the source is gone');
    const cutOff = await makers();
    expect(cutOff.here).toHaveLength(ROWS);
    expect(cutOff.here.filter((name) => name.startsWith('new'))).not.toHaveLength(0);
    expect(cutOff.here).not.toEqual(cutOff.there);
    expect(await positionOf()).toBe(position);
    // What the first pieces have would come back by the changes before it, were they applied anew.
    await bed.monolith.query('DELETE FROM maker WHERE id % 2 = 0');
    await bed.catchUp();
    const { there, here } = await makers();
    expect(there).toHaveLength(ROWS / 2);
    expect(here).toEqual(there);
  });

  it('ends where another relay went past it between two pieces, and leaves the position to that', async () => {
    const stream = before(2, async () => {
      await bed.monolith.query('DELETE FROM maker WHERE id > 10');
      await relayOnce(bed.stream);
    });
    expect(await relayOnce(stream)).toBeLessThan(CHANGES);
    const { there, here } = await makers();
    expect(there).toHaveLength(10);
    expect(here).toEqual(there);
    expect((await lagOf(bed.stream)).changes).toBe(0);
  });

  it('looks again where the relay that went past it had begun earlier, and had seen less', async () => {
    const [earlier] = await bed.sql('monolith', 'SELECT pg_current_snapshot()::text AS now');
    await bed.monolith.query(`INSERT INTO maker (id, nm) VALUES (${CHANGES}, 'since then')`);
    const stream = before(2, async () => {
      const readChanges: Database['readChanges'] = async (migration, since, take) => {
        await bed.databases.monolith.readChanges(migration, since, (changes) =>
          take(changes.filter(({ row }) => row.nm !== 'since then')),
        );
        return String(earlier?.now);
      };
      await relayOnce({ ...bed.stream, source: { ...bed.databases.monolith, readChanges } });
    });
    await relayOnce(stream);
    const { there, here } = await makers();
    expect(here.at(-1)).toBe('since then');
    expect(here).toEqual(there);
  });

  it('ends when the epoch changes between two pieces, and saves no position', async () => {
    const position = await positionOf();
    const stream = before(2, async () => {
      await bed.service.query('UPDATE strangler.side SET epoch = epoch + 1');
    });
    await expect(relayOnce(stream)).rejects.toThrow('follower at epoch 1');
    expect(await positionOf()).toBe(position);
  });
});
