import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Twins } from '../../testing/twins.ts';
import { twins } from '../../testing/twins.ts';
import { FenceTimeoutError, StaleEpochError } from '../errors.ts';

const TABLE = `CREATE TABLE thing (id integer AUTO_INCREMENT PRIMARY KEY, n integer NOT NULL)`;

let bed: Twins;
beforeEach(async () => {
  bed = await twins({
    ...{ monolith: TABLE, service: TABLE, tables: ['thing'] },
    pairing: { monolith: 'mysql', service: 'mysql' },
  });
  await bed.sql('monolith', 'INSERT INTO thing (n) VALUES (1)');
});
afterEach(() => bed.close());

const raise = (ms: number, attempt = 6n): Promise<void> =>
  bed.databases.monolith.raiseFence('twins', ['thing'], attempt, ms);

/** Until somebody waits for a lock on this server, of whom we know that it is about our database. */
async function untilFenceWaits(): Promise<void> {
  const database = new URL(bed.urls.monolith).pathname.slice(1);
  const waiting = `SELECT 1 FROM information_schema.processlist
    WHERE db = '${database}' AND info LIKE 'UPDATE strangler\\_fence%'`;
  for (const giveUpAt = Date.now() + 60_000; (await bed.sql('service', waiting)).length === 0;) {
    if (Date.now() > giveUpAt) throw new Error('nobody waits for the fence');
  }
}

describe('the fence of MySQL', () => {
  it('refuses every write, says who owns the table, and lets the applier and readers through', async () => {
    await raise(1000);
    for (const sql of [
      ...['INSERT INTO thing (n) VALUES (2)', 'UPDATE thing SET n = 2', 'DELETE FROM thing'],
      ...[
        'INSERT IGNORE INTO thing (n) VALUES (2)',
        'UPDATE IGNORE thing SET n = 2',
        'DELETE IGNORE FROM thing',
      ],
      ...[
        'REPLACE INTO thing VALUES (1, 2)',
        'INSERT INTO thing VALUES (1, 2) ON DUPLICATE KEY UPDATE n = 2',
      ],
    ]) {
      await expect(bed.sql('monolith', sql)).rejects.toThrow(
        /table thing is fenced.*changing its owner right now/,
      );
    }
    await bed.databases.monolith.becomeFollower('twins', 6n, 'service twins');
    await expect(bed.sql('monolith', 'DELETE FROM thing')).rejects.toThrow(
      'table thing is fenced: migration "twins" is owned by service twins since epoch 6',
    );
    expect(await bed.sql('monolith', 'SELECT n FROM thing')).toEqual([{ n: '1' }]);
    const { target } = bed.synced.mapping.toMonolith.entries[0]!;
    await bed.databases.monolith.applying('twins', 6n, (applier) =>
      applier.upsert(target, [{ sourceKey: '["2"]', version: '1', values: { id: '2', n: '2' } }]),
    );
    expect((await bed.sql('monolith', 'SELECT * FROM thing')).length).toBe(2);
  });

  it('waits for a writer that is under way, whose write is then before the barrier', async () => {
    const writer = await bed.open('monolith');
    await writer.sql('START TRANSACTION; UPDATE thing SET n = 2 WHERE id = 1');
    const raised = raise(10_000);
    await untilFenceWaits();
    await writer.sql('UPDATE thing SET n = 3 WHERE id = 1; COMMIT');
    await raised;
    const [newest] = await bed.databases.monolith.recentChanges('twins', 1);
    expect(newest?.row.n).toBe('3');
  });

  it('gives up in time when the writer does not end, and writers go on', async () => {
    const writer = await bed.open('monolith');
    await writer.sql('START TRANSACTION; UPDATE thing SET n = 2 WHERE id = 1');
    const began = performance.now();
    await expect(raise(300)).rejects.toThrow(FenceTimeoutError);
    // Of itself the server would wait for a minute or a year.
    expect(performance.now() - began).toBeLessThan(20_000);
    await bed.sql('monolith', 'INSERT INTO thing (n) VALUES (7)');
    await writer.sql('UPDATE thing SET n = 3 WHERE id = 1; COMMIT');
    expect((await bed.databases.monolith.sideState('twins'))?.role).toBe('owner');
    await raise(1000);
  });

  it('refuses a REPEATABLE READ transaction that began before it and writes after it', async () => {
    const old = await bed.open('monolith');
    await old.sql(
      'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION; SELECT * FROM thing',
    );
    expect(await old.sql('SELECT raised FROM strangler_fence')).toEqual([{ raised: '0' }]);
    await raise(1000);
    expect(await old.sql('SELECT raised FROM strangler_fence')).toEqual([{ raised: '0' }]);
    await expect(old.sql('UPDATE thing SET n = 9')).rejects.toThrow(/is fenced|changed since last read/);
    await old.sql('ROLLBACK');
    expect(await bed.sql('monolith', 'SELECT n FROM thing')).toEqual([{ n: '1' }]);
  });

  it('lets the other side’s changes be applied while a refused writer keeps its transaction open', async () => {
    await raise(1000);
    await bed.databases.monolith.becomeFollower('twins', 6n, 'service twins');
    const stray = await bed.open('monolith');
    await stray.sql('START TRANSACTION');
    await expect(stray.sql('INSERT INTO thing (n) VALUES (5)')).rejects.toThrow(/fenced/);
    await bed.databases.monolith.applying('twins', 6n, (applier) => applier.savePosition('7'));
    await bed.databases.monolith.becomeFollower('twins', 7n, 'service twins');
    expect(await bed.databases.monolith.sideState('twins')).toMatchObject({ epoch: 7n, position: '7' });
    await stray.sql('ROLLBACK');
  });

  it('comes down again for the old owner, and a late attempt raises it no more', async () => {
    await raise(1000);
    await bed.databases.monolith.becomeOwner('twins', ['thing'], 5n, 6n);
    await bed.databases.monolith.becomeOwner('twins', ['thing'], 5n, 6n);
    await bed.sql('monolith', 'UPDATE thing SET n = 4');
    await expect(raise(1000)).rejects.toThrow(StaleEpochError);
    await bed.sql('monolith', 'UPDATE thing SET n = 5');
  });
});
