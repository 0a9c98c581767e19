import { afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Twins } from '../../../testing/twins.ts';
import { twins } from '../../../testing/twins.ts';
import { relayOnce } from '../../../relay/relay.ts';
import type { Change } from '../../database.ts';

const ITEMS = `CREATE TABLE item (id int PRIMARY KEY, n int, body text)`;
/** More than a page, and of letters that do not compress: it is stored outside of the row. */
const long = (letter: string): string =>
  Array.from({ length: 400 }, (_, i) => `${letter}${(i * 7919 + letter.charCodeAt(0)) ** 3}`).join('');

let bed: Twins;
const clients: pg.Client[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
  await bed.close();
});

const begin = async (tables = ITEMS): Promise<void> => {
  bed = await twins({ monolith: tables, service: tables, tables: ['item'], capture: 'replication' });
};

async function open(url = bed.urls.monolith): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  clients.push(client);
  return client;
}

/** Everything that was captured, as `op key row` without the key's own text. */
async function captured(): Promise<string[]> {
  const seen: Change[] = [];
  await bed.databases.monolith.readChanges('twins', '1:1:', async (changes) => void seen.push(...changes));
  return seen.map(({ op, key, row }) => `${op} ${key} ${JSON.stringify(row.n ?? null)}`);
}

const rows = async (side: 'monolith' | 'service' = 'service'): Promise<unknown[]> =>
  (await bed[side].query<object>('SELECT id, n, body FROM item ORDER BY id')).rows;

const same = async (): Promise<void> => expect(await rows()).toEqual(await rows('monolith'));

describe('capture from the log', () => {
  it('costs no trigger', async () => {
    await begin();
    const { rows: triggers } = await bed.monolith.query(
      `SELECT tgname FROM pg_trigger WHERE tgrelid = 'item'::regclass AND tgenabled <> 'D' AND tgtype & 1 = 1`,
    );
    expect(triggers).toEqual([]);
    const { captured: tables } = await bed.databases.monolith.inspect('twins', ['item']);
    expect(tables).toEqual(['item']);
  });

  it('takes changes in the order of the commits', async () => {
    await begin();
    const late = await open();
    await late.query('BEGIN; INSERT INTO item VALUES (1, 1)');
    await bed.monolith.query('INSERT INTO item VALUES (2, 2)');
    expect(await captured()).toEqual(['upsert ["2"] "2"']);
    await late.query('COMMIT');
    expect(await captured()).toEqual(['upsert ["2"] "2"', 'upsert ["1"] "1"']);
  });

  it('takes what stays of a transaction with savepoints, and nothing of one that is rolled back', async () => {
    await begin();
    await bed.monolith
      .query(`BEGIN; INSERT INTO item VALUES (1, 1); SAVEPOINT a; INSERT INTO item VALUES (2, 2);
      ROLLBACK TO a; SAVEPOINT b; UPDATE item SET n = 3; RELEASE b; COMMIT`);
    await bed.monolith.query('BEGIN; INSERT INTO item VALUES (4, 4); ROLLBACK');
    expect(await captured()).toEqual(['upsert ["1"] "1"', 'upsert ["1"] "3"']);
  });

  it('makes a delete and an upsert of a key that changes', async () => {
    await begin();
    await bed.monolith.query('INSERT INTO item VALUES (1, 1); UPDATE item SET id = 2; DELETE FROM item');
    expect(await captured()).toEqual([
      'upsert ["1"] "1"',
      'delete ["1"] null',
      'upsert ["2"] "1"',
      'delete ["2"] null',
    ]);
  });

  it('takes no respelled key for another one, with the whole old row in the log too', async () => {
    await begin(`CREATE TABLE item (id numeric PRIMARY KEY, n int, body text);
      ALTER TABLE item REPLICA IDENTITY FULL`);
    await bed.monolith.query('INSERT INTO item VALUES (1.0, 1); UPDATE item SET id = 1.00, n = 2');
    expect(await captured()).toEqual(['upsert ["1"] "1"', 'upsert ["1"] "2"']);
  });

  it('follows a TRUNCATE in its place among the writes', async () => {
    await begin();
    await bed.monolith.query('INSERT INTO item VALUES (1, 1)');
    await bed.monolith.query('TRUNCATE item');
    await bed.monolith.query('INSERT INTO item VALUES (2, 2)');
    expect(await captured()).toEqual(['upsert ["1"] "1"', 'truncate  null', 'upsert ["2"] "2"']);
    await bed.catchUp();
    await same();
  });

  it('writes each change once when a round was cut off before the slot was moved', async () => {
    await begin();
    await bed.monolith.query('INSERT INTO item VALUES (1, 1)');
    const before = await captured();
    // That the slot is where it was is what a kill after the commit leaves.
    const { rows: slots } = await bed.monolith.query<{ behind: boolean }>(
      `SELECT confirmed_flush_lsn < (SELECT lsn FROM strangler.slot) AS behind
       FROM pg_replication_slots WHERE database = current_database()`,
    );
    expect(slots).toEqual([{ behind: true }]);
    await bed.monolith.query('INSERT INTO item VALUES (2, 2)');
    expect(await captured()).toEqual([...before, 'upsert ["2"] "2"']);
    const other = await twinsDatabase();
    expect((await other.pending('twins', '1:1:')).changes).toBe(2);
    await other.close();
  });

  it('writes each change once when two processes read at the same time', async () => {
    await begin();
    const other = await twinsDatabase();
    for (let n = 0; n < 30; n++) {
      await bed.monolith.query('INSERT INTO item VALUES ($1, $1)', [n]);
      await Promise.all([
        bed.databases.monolith.pending('twins', '1:1:'),
        other.pending('twins', '1:1:'),
        bed.databases.monolith.tendCapture('twins'),
      ]);
    }
    await other.close();
    expect(await captured()).toEqual(Array.from({ length: 30 }, (_, n) => `upsert ["${n}"] "${n}"`));
  });

  it('does not carry back what the applier writes, and what its triggers write beside it', async () => {
    await begin();
    await bed.service.query(`CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO item VALUES (NEW.id + 100, NEW.n); RETURN NULL; END $$;
      CREATE TRIGGER more AFTER INSERT ON item FOR EACH ROW WHEN (NEW.id < 100) EXECUTE FUNCTION more()`);
    await bed.monolith.query('INSERT INTO item VALUES (1, 1), (2, 2)');
    await bed.catchUp();
    await bed.databases.service.tendCapture('twins');
    expect((await bed.service.query('SELECT FROM item')).rowCount).toBe(4);
    expect((await bed.databases.service.pending('twins', '1:1:')).changes).toBe(0);
    expect((await bed.service.query('SELECT FROM strangler.change')).rowCount).toBe(0);
  });

  it('carries the other way after the owner changed, nothing of before and all of after', async () => {
    await begin();
    await bed.monolith.query('INSERT INTO item VALUES (1, 1)');
    await bed.catchUp();
    const back = await bed.turnRound();
    await bed.service.query('UPDATE item SET n = 2; INSERT INTO item VALUES (3, 3)');
    expect(await relayOnce(back)).toBe(2);
    await same();
    await expect(bed.monolith.query('DELETE FROM item')).rejects.toThrow(/fenced/);
  });
});

describe('a long value that an update leaves as it is', () => {
  const update = (set: string) => bed.monolith.query(`UPDATE item SET ${set} WHERE id = 1`);

  it.each([
    ['stays', async () => update('n = 2')],
    [
      'is changed after that, before the log is read',
      async () => {
        await update('n = 2');
        await update(`body = '${long('b')}'`);
        await update('n = 3');
      },
    ],
    [
      'is deleted with its row after that',
      async () => {
        await update('n = 2');
        await bed.monolith.query('DELETE FROM item');
      },
    ],
    [
      'is deleted and inserted again with another one',
      async () => {
        await update('n = 2');
        await bed.monolith.query('DELETE FROM item');
        await bed.monolith.query('INSERT INTO item VALUES (1, 5, $1)', [long('c')]);
        await update('n = 6');
      },
    ],
    [
      'moves to another key after that',
      async () => {
        await update('n = 2');
        await update('id = 7');
        await bed.monolith.query('UPDATE item SET n = 8 WHERE id = 7');
      },
    ],
    [
      'goes in a TRUNCATE after that',
      async () => {
        await update('n = 2');
        await bed.monolith.query('TRUNCATE item');
      },
    ],
  ])('%s', async (_, change) => {
    await begin();
    await bed.monolith.query('INSERT INTO item VALUES (1, 1, $1)', [long('a')]);
    await bed.catchUp();
    await change();
    await bed.catchUp();
    await same();
    expect((await bed.databases.service.progress('twins')).parked).toBe(0);
  });

  it('comes from the old row where the log has it (REPLICA IDENTITY FULL)', async () => {
    await begin(`${ITEMS}; ALTER TABLE item REPLICA IDENTITY FULL`);
    await bed.monolith.query('INSERT INTO item VALUES (1, 1, $1)', [long('a')]);
    await update('n = 2');
    await update(`body = 'short'`);
    const seen: Change[] = [];
    await bed.databases.monolith.readChanges('twins', '1:1:', async (changes) => void seen.push(...changes));
    expect(seen.map(({ row }) => row.body)).toEqual([long('a'), long('a'), 'short']);
  });

  it('belongs to the key', async () => {
    await begin(
      'CREATE TABLE item (id text PRIMARY KEY, n int, body text); ALTER TABLE item ALTER id SET STORAGE EXTERNAL, ALTER body SET STORAGE MAIN',
    );
    const key = long('k').slice(0, 2400);
    await bed.monolith.query('INSERT INTO item VALUES ($1, 1)', [key]);
    await bed.monolith.query('UPDATE item SET n = 2');
    await bed.monolith.query('DELETE FROM item');
    await bed.catchUp();
    expect((await captured()).map((change) => change.split(' ')[0])).toEqual(['upsert', 'upsert', 'delete']);
    await same();
  });
});

/** The same database in the hands of another process. */
async function twinsDatabase() {
  const { openDatabase } = await import('../../open.ts');
  return openDatabase(bed.urls.monolith, 'monolith');
}
