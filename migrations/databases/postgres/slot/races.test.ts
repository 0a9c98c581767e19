import { afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { writeChunk } from '../../../backfill/write-chunk.ts';
import { lagOf, relayOnce } from '../../../relay/relay.ts';
import type { Twins } from '../../../testing/twins.ts';
import { twins } from '../../../testing/twins.ts';
import { settle } from '../../../verify/settle.ts';

const ITEMS = 'CREATE TABLE item (id int PRIMARY KEY, n int)';
let bed: Twins;
const clients: pg.Client[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
  await bed.close();
});

const begin = async (): Promise<void> => {
  bed = await twins({ monolith: ITEMS, service: ITEMS, tables: ['item'], capture: 'replication' });
};
async function open(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: bed.urls.monolith });
  await client.connect();
  clients.push(client);
  return client;
}
const rows = async (side: 'monolith' | 'service'): Promise<unknown[]> =>
  (await bed[side].query<object>('SELECT id, n FROM item ORDER BY id')).rows;
const same = async (): Promise<void> => expect(await rows('service')).toEqual(await rows('monolith'));

/**
 * A chunk is read (R), filled in (F), the key is written (W) and what was written is applied (A), in each order in which
 * a row can be read before it is filled in.
 */
const ORDERS = ['RWAF', 'RWFA', 'RFWA', 'WRAF', 'WRFA', 'WARF', 'WRWAF', 'WRWFA', 'RWAWFA', 'WRAWF', 'WRFWA'];
const WRITES: [string, string][] = [
  ['an insert', 'INSERT INTO item VALUES (5, 1) ON CONFLICT (id) DO UPDATE SET n = item.n + 1'],
  ['an update', 'UPDATE item SET n = n + 1 WHERE id = 1'],
  ['a delete', 'DELETE FROM item WHERE id = 1'],
  ['a delete and insert again', 'DELETE FROM item WHERE id = 1; INSERT INTO item VALUES (1, 99)'],
  ['a key that changes', 'UPDATE item SET id = id + 10 WHERE id IN (1, 11)'],
  ['a truncation', 'TRUNCATE item; INSERT INTO item VALUES (3, 3)'],
];

describe('a chunk of the copy beside changes that come from the log', () => {
  it.each(WRITES)('ends right with %s in every interleaving', async (_, write) => {
    await begin();
    const [table] = bed.stream.mapping.captured;
    if (!table) throw new Error('there is a table');
    for (const order of ORDERS) {
      await bed.monolith.query('TRUNCATE item');
      await bed.catchUp();
      await bed.monolith.query('INSERT INTO item VALUES (1, 1), (2, 2)');
      await bed.catchUp();
      await bed.service.query(`BEGIN; SELECT set_config('strangler.origin', 'twins', true);
        DELETE FROM item; DELETE FROM strangler.mark; DELETE FROM strangler.backfill; COMMIT`);
      let chunk: Awaited<ReturnType<typeof bed.databases.monolith.readChunk>> = [];
      const steps: Record<string, () => Promise<unknown>> = {
        R: async () => (chunk = await bed.databases.monolith.readChunk('twins', table, null, 100)),
        F: () => writeChunk(bed.stream, 'item', chunk, () => new Map()),
        W: () => bed.monolith.query(write),
        A: () => relayOnce(bed.stream),
      };
      for (const step of order) await steps[step]?.();
      await bed.catchUp();
      expect({ order, rows: await rows('service') }).toEqual({ order, rows: await rows('monolith') });
    }
  });

  it('knows of each row the version that it has, though nobody has read the log yet', async () => {
    await begin();
    await bed.monolith.query('INSERT INTO item VALUES (1, 1); UPDATE item SET n = 2');
    const [table] = bed.stream.mapping.captured;
    const [row] = table ? await bed.databases.monolith.readChunk('twins', table, null, 100) : [];
    const newest = await bed.databases.monolith.recentChanges('twins', 1);
    expect(row?.version).toBe(newest[0]?.id);
    expect(row?.row).toEqual(newest[0]?.row);
  });
});

describe('verify', () => {
  it('raises no false alarm while changes wait in the log, and finds what does differ', async () => {
    await begin();
    await bed.monolith.query('INSERT INTO item SELECT i, i FROM generate_series(1, 20) i');
    await bed.catchUp();
    const [entry] = bed.stream.mapping.entries;
    if (!entry) throw new Error('there is an entry');
    await bed.monolith.query('UPDATE item SET n = n + 1');
    const keys = Array.from({ length: 20 }, (_, i) => ({ id: String(i + 1) }));
    expect((await settle(bed.stream, entry, keys, 0)).differences).toEqual([]);
    await bed.catchUp();
    await bed.service.query(`BEGIN; SELECT set_config('strangler.origin', 'twins', true);
      UPDATE item SET n = 0 WHERE id = 7; COMMIT`);
    const { differences } = await settle(bed.stream, entry, keys, 1000);
    expect(differences.map(({ key }) => key)).toEqual(['["7"]']);
  });
});

describe('a commit that is visible before it is on disk', () => {
  it('is pending at once, where synchronous_commit is off for everybody', async () => {
    await begin();
    const name = new URL(bed.urls.monolith).pathname.slice(1);
    await bed.monolith.query(`ALTER DATABASE ${name} SET synchronous_commit = off`);
    const writer = await open();
    for (let n = 1; n <= 20; n++) {
      await writer.query('INSERT INTO item VALUES ($1, 1)', [n]);
      expect((await bed.databases.monolith.pending('twins', '1:1:')).changes).toBe(n);
    }
  });
});

describe('the fence', () => {
  it('lets the drain see every commit of writers with synchronous_commit = off', async () => {
    await begin();
    let acknowledged = 0;
    let isUp = true;
    const write = async (client: pg.Client, writer: number): Promise<void> => {
      await client.query('SET synchronous_commit = off');
      for (let n = 0; isUp; n++) {
        try {
          await client.query('INSERT INTO item VALUES ($1, $2)', [writer * 1_000_000 + n, n]);
          acknowledged++;
        } catch (error) {
          expect(String(error)).toMatch(/fenced/);
          return;
        }
      }
    };
    const writing = [await open(), await open(), await open()].map(write);
    while (acknowledged < 100) await relayOnce(bed.stream);
    await bed.databases.monolith.raiseFence('twins', ['item'], 6n, 5000);
    while ((await lagOf(bed.stream)).changes > 0) await relayOnce(bed.stream);
    const { rowCount } = await bed.service.query('SELECT FROM item');
    isUp = false;
    await Promise.all(writing);
    expect(rowCount).toBe(acknowledged);
    await same();
  });

  it('is waited for by a prepared transaction, whose writes come with its commit', async () => {
    await begin();
    await bed.monolith.query(
      `BEGIN; INSERT INTO item VALUES (1, 1); PREPARE TRANSACTION '${bed.stream.migration}'`,
    );
    expect((await lagOf(bed.stream)).changes).toBe(0);
    await expect(bed.databases.monolith.raiseFence('twins', ['item'], 6n, 100)).rejects.toThrow(
      /did not end/,
    );
    await bed.monolith.query(`COMMIT PREPARED '${bed.stream.migration}'`);
    expect((await lagOf(bed.stream)).changes).toBe(1);
  });
});
