import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { keepHouse } from '../../../relay/relay.ts';
import type { Twins } from '../../../testing/twins.ts';
import { twins } from '../../../testing/twins.ts';
import { Wire } from '../../../testing/wire.ts';
import { openDatabase } from '../../open.ts';

const ITEMS = 'CREATE TABLE item (id int PRIMARY KEY, n int)';
let bed: Twins;
beforeEach(async () => {
  bed = await twins({ monolith: ITEMS, service: ITEMS, tables: ['item'], capture: 'replication' });
});
afterEach(() => bed.close());

const slots = async (side: 'monolith' | 'service'): Promise<string[]> =>
  (
    await bed[side].query<{ slot_name: string }>(
      'SELECT slot_name FROM pg_replication_slots WHERE database = current_database()',
    )
  ).rows.map((row) => row.slot_name);

const pending = () => bed.databases.monolith.pending('twins', '1:1:');

describe('a slot that is not what it was', () => {
  it.each([
    ['was dropped', `SELECT pg_drop_replication_slot('SLOT')`, /slot SLOT is gone/],
    [
      'was made anew',
      `SELECT pg_drop_replication_slot('SLOT'); INSERT INTO item VALUES (1, 1);
       SELECT pg_create_logical_replication_slot('SLOT', 'pgoutput')`,
      /slot SLOT was moved by somebody else/,
    ],
    [
      'was moved',
      `INSERT INTO item VALUES (1, 1); SELECT pg_replication_slot_advance('SLOT', pg_current_wal_insert_lsn())`,
      /slot SLOT was moved by somebody else/,
    ],
    ['lost its publication', `DROP PUBLICATION "SLOT"`, /table item is not in the publication SLOT any more/],
    [
      'lost a table of its publication',
      `ALTER PUBLICATION "SLOT" DROP TABLE item`,
      /table item is not in the publication SLOT any more/,
    ],
  ])('stops the sync when it %s, and says what to do', async (_, sql, reason) => {
    const [slot = ''] = await slots('monolith');
    for (const statement of sql.replaceAll('SLOT', slot).split(';')) await bed.monolith.query(statement);
    await expect(pending()).rejects.toMatchObject({
      name: 'CaptureLostError',
      message: expect.stringMatching(new RegExp(reason.source.replace('SLOT', slot))),
    });
    await expect(bed.databases.monolith.readChanges('twins', '1:1:', async () => undefined)).rejects.toThrow(
      'Roll back to legacy, empty the tables that follow, and `strangler sync` anew',
    );
    expect(await bed.databases.monolith.captureHealth('twins')).toMatchObject({ status: 'lost' });
    const { captured } = await bed.databases.monolith.inspect('twins', ['item']);
    expect(captured).toEqual([]);
  });

  it('of the follower is no reason to stop: only what was applied is in it', async () => {
    const [slot] = await slots('service');
    await bed.service.query('SELECT pg_drop_replication_slot($1)', [slot]);
    await bed.monolith.query('INSERT INTO item VALUES (1, 1)');
    await bed.catchUp();
    await keepHouse(bed.stream);
    expect((await bed.service.query('SELECT FROM item')).rowCount).toBe(1);
    expect(await bed.databases.service.captureHealth('twins')).toMatchObject({ status: 'lost' });
  });
});

describe('the log that is kept', () => {
  it('is told in bytes, and let go of on both sides while the sync runs', async () => {
    const health = () => bed.databases.service.captureHealth('twins');
    await bed.monolith.query('INSERT INTO item SELECT i, i FROM generate_series(1, 20000) i');
    await bed.catchUp();
    const full = (await health())?.retainedBytes ?? 0;
    expect(full).toBeGreaterThan(2_000_000);
    // A slot is moved to where the round before has read to, and purging what is applied is in the log too.
    await keepHouse(bed.stream);
    // The log is the whole server's, and others write to it too.
    const { rows: ends } = await bed.service.query<{ end: string }>(
      'SELECT pg_current_wal_insert_lsn()::text AS end',
    );
    const behind = async (): Promise<number> => {
      const { rows } = await bed.service.query<{ behind: number }>(
        `SELECT ($1::pg_lsn - confirmed_flush_lsn)::float AS behind
         FROM pg_replication_slots WHERE database = current_database()`,
        [ends[0]?.end],
      );
      return rows[0]?.behind ?? Infinity;
    };
    for (let round = 0; round < 10 && (await behind()) > 0; round++) await keepHouse(bed.stream);
    expect(await behind()).toBeLessThanOrEqual(0);
    expect(await health()).toMatchObject({ status: 'reserved', detail: '' });
  });

  it('is not written to at each look when nothing of ours is in it, but only once for many', async () => {
    await bed.monolith.query('INSERT INTO item VALUES (1, 1)');
    await bed.databases.monolith.tendCapture('twins');
    const read = async (): Promise<number> =>
      Number(
        (await bed.monolith.query<{ at: string }>(`SELECT lsn - '0/0' AS at FROM strangler.slot`)).rows[0]
          ?.at,
      );
    for (let i = 0; i < 10; i++) {
      const before = await read();
      await bed.databases.monolith.tendCapture('twins');
      // Other tests write to the server's log too.
      const step = (await read()) - before;
      expect(step === 0 || step >= 256_000).toBe(true);
    }
  });
});

describe('removing', () => {
  it('leaves no slot, also when the database was away at the first try', async () => {
    const wire = await Wire.to(bed.urls.monolith);
    const away = openDatabase(wire.url, 'monolith');
    await away.pending('twins', '1:1:');
    wire.fallSilent();
    const first = away.remove('twins', ['item'], 7n);
    wire.cut();
    await expect(first).rejects.toThrow();
    await wire.close();
    await away.close();
    expect(await slots('monolith')).toHaveLength(1);
    await bed.databases.monolith.remove('twins', ['item'], 7n);
    expect(await slots('monolith')).toEqual([]);
    const { rowCount } = await bed.monolith.query('SELECT FROM pg_publication');
    expect(rowCount).toBe(0);
  });

  it('leaves no slot, also when somebody dropped the bookkeeping', async () => {
    await bed.monolith.query('DROP SCHEMA strangler CASCADE');
    await bed.databases.monolith.remove('twins', ['item'], 7n);
    expect(await slots('monolith')).toEqual([]);
  });
});

describe('installing', () => {
  const install = async (url: string, replicaIdentity = 'DEFAULT') => {
    const database = openDatabase(url, 'monolith');
    try {
      const { columns } = await database.describe('item');
      await bed.monolith.query(`ALTER TABLE item REPLICA IDENTITY ${replicaIdentity}`);
      const table = {
        name: 'item',
        key: ['id'],
        columns: [...columns.values()],
        capture: 'replication' as const,
      };
      await database.install('other', [table], { role: 'owner', epoch: 1n, owner: 'monolith' });
    } finally {
      await database.close();
    }
  };

  it('says that the user needs the right to replicate, and changes nothing', async () => {
    const role = `r_${Date.now()}`;
    await bed.monolith.query(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'; GRANT ALL ON item TO ${role}`);
    const url = new URL(bed.urls.monolith);
    url.username = url.password = role;
    await expect(install(url.href)).rejects.toThrow(/ALTER ROLE … REPLICATION/);
    await bed.monolith.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    expect(await slots('monolith')).toHaveLength(1);
  });

  it('refuses a table whose updates would fail once it is published', async () => {
    await expect(install(bed.urls.monolith, 'NOTHING')).rejects.toThrow(
      /its replica identity does not have the key/,
    );
  });
});
