import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SourceRow } from '../databases/database.ts';
import { retryParked } from '../parking/retry.ts';
import { relayOnce } from '../relay/relay.ts';
import { writeChunk } from '../backfill/write-chunk.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { twoDatabases } from '../testing/two-databases.ts';
import { verify } from '../verify/verify.ts';

let bed: TwoDatabases;
beforeEach(async () => {
  bed = await twoDatabases();
  await bed.install();
});
afterEach(() => bed.close());

const names = async (): Promise<string[]> =>
  (await bed.service.query<{ name: string }>('SELECT name FROM manufacturer ORDER BY id')).rows.map(
    (row) => row.name,
  );
const readMakers = async (): Promise<SourceRow[]> => {
  const makers = bed.synced.mapping.toService.captured.find((table) => table.name === 'maker');
  return makers ? bed.databases.monolith.readChunk('catalog', makers, null, 100) : [];
};
const fill = (chunk: SourceRow[]) => writeChunk(bed.stream, 'maker', chunk, () => new Map());
const parked = () => bed.databases.service.parkedChanges('catalog', 100);
const makers = (...ids: number[]) =>
  bed.monolith.query(`INSERT INTO maker (id, nm) SELECT i, 'm' || i FROM unnest($1::int[]) i`, [ids]);
const isVerified = async (): Promise<void> =>
  expect(await verify(bed.stream)).toMatchObject({ differences: 0, unsettled: 0 });

describe('a TRUNCATE at the owner', () => {
  it('empties the follower too, and what was written after it is there', async () => {
    await makers(1, 2);
    await bed.catchUp();
    await bed.monolith.query('TRUNCATE maker CASCADE');
    await makers(2, 3);
    await bed.catchUp();
    expect(await names()).toEqual(['m2', 'm3']);
    await isVerified();
  });

  it('is followed by parents and children in one batch, whichever the owner names first', async () => {
    for (const tables of ['maker, item', 'item, maker', 'maker CASCADE']) {
      await makers(1);
      await bed.monolith.query(`INSERT INTO item (id, code, maker_id, price) VALUES (1, 'c', 1, 1)`);
      await bed.catchUp();
      expect(await names()).toEqual(['m1']);
      await bed.monolith.query(`TRUNCATE ${tables}`);
      await bed.catchUp();
      expect(await names()).toEqual([]);
      expect(await parked()).toEqual([]);
    }
    expect((await bed.service.query('SELECT FROM stock')).rowCount).toBe(0);
    await isVerified();
  });

  it('is undone with its transaction', async () => {
    await makers(1);
    await bed.monolith.query('BEGIN; TRUNCATE maker CASCADE; ROLLBACK');
    await bed.catchUp();
    expect(await names()).toEqual(['m1']);
  });

  it('lets no change from before it back, of a key that is known or not', async () => {
    await makers(1, 2);
    const before = await bed.databases.monolith.recentChanges('catalog', 10);
    await bed.monolith.query('TRUNCATE maker CASCADE');
    await relayOnce(bed.stream);
    expect(await names()).toEqual([]);
    const entry = bed.stream.mapping.entriesOf('maker')[0]?.target;
    expect(before).toHaveLength(2);
    await bed.databases.service.applying('catalog', bed.stream.epoch, async (applier) => {
      for (const { key, id } of before) {
        const row = { sourceKey: key, version: id, values: { id: JSON.parse(key)[0], name: 'back' } };
        if (entry) await applier.upsert(entry, [row]);
      }
    });
    expect(await names()).toEqual([]);
  });

  it('lets no chunk back that was read before it, whatever has been purged meanwhile', async () => {
    await makers(1, 2);
    await bed.purgeAll();
    const chunk = await readMakers();
    expect(chunk.map((row) => row.version)).toEqual(['0', '0']);
    await bed.monolith.query('TRUNCATE maker CASCADE');
    await bed.purgeAll();
    await fill(chunk);
    expect(await names()).toEqual([]);
    await isVerified();
  });

  it('is not undone by a chunk that is read after it and written before it', async () => {
    await makers(1, 2);
    await relayOnce(bed.stream);
    await bed.monolith.query('TRUNCATE maker CASCADE');
    await makers(2);
    await fill(await readMakers());
    await relayOnce(bed.stream);
    expect(await names()).toEqual(['m2']);
    await isVerified();
  });

  it('leaves rows for verify to find as unsettled, not as different, while it is on its way', async () => {
    await makers(1);
    await bed.catchUp();
    await bed.monolith.query('TRUNCATE maker CASCADE');
    const looking = verify(bed.stream);
    await relayOnce(bed.stream);
    expect(await looking).toMatchObject({ differences: 0, unsettled: 0 });
  });

  it('replaces what was parked of the table before it', async () => {
    await bed.monolith.query(`INSERT INTO item (code, price, stat) VALUES ('bad', 1, '?')`);
    await bed.catchUp();
    expect(await parked()).toHaveLength(1);
    await bed.monolith.query('TRUNCATE item');
    await bed.catchUp();
    expect(await parked()).toEqual([]);
  });

  it('that the follower refuses is parked, and everything later of the table waits for it', async () => {
    await bed.service.query(
      'CREATE TABLE visit (id int PRIMARY KEY, maker_id int NOT NULL REFERENCES manufacturer)',
    );
    await makers(1);
    await bed.catchUp();
    await bed.service.query('INSERT INTO visit VALUES (1, 1)');
    await bed.monolith.query('TRUNCATE maker CASCADE');
    await makers(1, 7);
    await bed.monolith.query(`UPDATE maker SET nm = 'newest' WHERE id = 7`);
    await bed.catchUp();
    expect(await names()).toEqual(['m1']);
    expect(await parked()).toMatchObject([
      { op: 'truncate', key: '', reason: expect.stringContaining('visit') },
      { op: 'upsert', key: '["1"]', reason: expect.stringContaining('waits') },
      { op: 'upsert', key: '["7"]', reason: expect.stringContaining('waits') },
      { op: 'upsert', key: '["7"]', reason: expect.stringContaining('waits') },
    ]);
    await bed.service.query('DELETE FROM visit');
    for (let tries = 0; tries < 3; tries++) {
      await bed.service.query('UPDATE strangler.parked SET next_try = now() WHERE next_try IS NOT NULL');
      await retryParked(bed.databases.service, 'catalog', bed.stream.epoch, bed.stream.mapping);
    }
    expect(await names()).toEqual(['m1', 'newest']);
    expect(await parked()).toEqual([]);
    await isVerified();
  });

  it('is not captured where the applier does it', async () => {
    await makers(1);
    await bed.catchUp();
    await bed.monolith.query('TRUNCATE maker CASCADE');
    await bed.catchUp();
    expect(await names()).toEqual([]);
    expect(await bed.databases.service.recentChanges('catalog', 10)).toEqual([]);
  });
});

describe('a fenced table', () => {
  it('refuses TRUNCATE from everybody but the applier', async () => {
    await bed.monolith.query('INSERT INTO maker (nm) VALUES (1)');
    await bed.catchUp();
    await expect(bed.service.query('TRUNCATE manufacturer CASCADE')).rejects.toThrow(/is owned by monolith/);
    await bed.service.query('SET session_replication_role = replica');
    await expect(bed.service.query('TRUNCATE stock')).rejects.toThrow(/is owned by monolith/);
    await bed.service.query('SET session_replication_role = DEFAULT');
    await bed.service.query(`BEGIN; SET LOCAL strangler.origin = 'catalog'; TRUNCATE stock; COMMIT`);
  });
});
