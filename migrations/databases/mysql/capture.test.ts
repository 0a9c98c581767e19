import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startInstalled } from '../../testing/mysql-server.ts';
import type { Twins } from '../../testing/twins.ts';
import { twins } from '../../testing/twins.ts';
import type { Change } from '../database.ts';
import { applying } from './apply.ts';
import { openServer, query } from './connect.ts';

const TABLE = `CREATE TABLE thing (id integer AUTO_INCREMENT PRIMARY KEY, name varchar(50), at timestamp(3) NULL)
  CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci`;
const KEYED = `CREATE TABLE word (word varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, n integer, PRIMARY KEY (word))`;

let bed: Twins;
const open = async (schema: string, tables: readonly string[]): Promise<void> => {
  bed = await twins({
    ...{ monolith: schema, service: schema, tables, fits: true },
    pairing: { monolith: 'mysql', service: 'mysql' },
  });
};
afterEach(() => bed.close());

const changes = async (): Promise<Change[]> =>
  (await bed.databases.monolith.recentChanges('twins', 100)).toReversed();

describe('the capture of MySQL', () => {
  beforeEach(() => open(`${TABLE}; ${KEYED}; CREATE TABLE log (said text)`, ['thing', 'word']));

  it('leaves the application its own last inserted id and counts of rows', async () => {
    const session = await bed.open('monolith');
    await session.sql(`INSERT INTO thing (name) VALUES ('a'), ('b')`);
    await session.sql(`INSERT INTO word VALUES ('x', 1)`);
    expect(
      await session.sql(`UPDATE thing SET name = 'c'; SELECT ROW_COUNT() AS n, LAST_INSERT_ID() AS id`),
    ).toEqual([{ n: '2', id: '1' }]);
    expect((await changes()).length).toBe(5);
  });

  it('sees what the application’s own triggers made of a row, and lets them run', async () => {
    await bed.sql(
      'monolith',
      `CREATE TRIGGER shout BEFORE INSERT ON thing FOR EACH ROW SET NEW.name = UPPER(NEW.name);
       CREATE TRIGGER tell AFTER INSERT ON thing FOR EACH ROW INSERT INTO log VALUES (NEW.name)`,
    );
    await bed.sql('monolith', `INSERT INTO thing (name) VALUES ('loud')`);
    expect((await changes()).map(({ row }) => row.name)).toEqual(['LOUD']);
    expect(await bed.sql('monolith', 'SELECT * FROM log')).toEqual([{ said: 'LOUD' }]);
  });

  it('takes a key that is spelled anew for another one, whatever the collation thinks', async () => {
    await bed.sql('monolith', `INSERT INTO word VALUES ('grün', 1); UPDATE word SET word = 'GRÜN '`);
    expect((await changes()).map(({ op, key }) => [op, key])).toEqual([
      ['upsert', '["grün"]'],
      ['delete', '["grün"]'],
      ['upsert', '["GRÜN "]'],
    ]);
    await bed.catchUp();
    expect(await bed.sql('service', 'SELECT word FROM word')).toEqual([{ word: 'GRÜN ' }]);
  });

  it('spells keys as a chunk does, with quotes, backslashes, controls and beyond the plane', async () => {
    const words = [`a"b`, 'back\\slash', 'tab\t', 'nul\0', 'é', '😀', `'`, 'a/b'];
    for (const [i, word] of words.entries()) {
      const hex = Buffer.from(word).toString('hex');
      await bed.sql('monolith', `INSERT INTO word VALUES (CONVERT(x'${hex}' USING utf8mb4), ${i})`);
    }
    const captured = await changes();
    const { captured: tables } = bed.synced.mapping.toService;
    const chunk = await bed.databases.monolith.readChunk('twins', tables[1]!, null, 100);
    const byKey = new Map(chunk.map((row) => [row.key, row]));
    for (const { id, key, row } of captured) expect(byKey.get(key)).toEqual({ key, version: id, row });
    expect(captured.map(({ row }) => row.word)).toEqual(words);
  });

  it('writes down nothing of what the applier writes', async () => {
    await bed.sql('monolith', `INSERT INTO thing (name) VALUES ('a')`);
    await bed.catchUp();
    expect(await bed.databases.service.recentChanges('twins', 10)).toEqual([]);
  });

  it('leaves the applier’s mark on no connection, however its work ended', async () => {
    const server = openServer(bed.urls.service, 'service twins');
    for (const end of ['ends well', 'breaks off']) {
      const applied = applying(server, 'twins', 5n, async (applier) => {
        await applier.savePosition('0');
        if (end === 'breaks off') throw new Error(end);
      });
      await applied.catch(() => undefined);
      // One connection is all that this pool needed, so this is it.
      expect(await query(server, 'SELECT @strangler_origin')).toEqual([[null]]);
    }
    await server.pool.end();
  });

  it('loses nothing that is not finished: the write is undone with its change', async () => {
    const session = await bed.open('monolith');
    await session.sql(`START TRANSACTION; INSERT INTO thing (name) VALUES ('a'); ROLLBACK`);
    expect(await changes()).toEqual([]);
  });

  it('sees every kind of statement that writes', async () => {
    await bed.sql(
      'monolith',
      `INSERT INTO word VALUES ('a', 1), ('b', 1), ('c', 1);
       REPLACE INTO word VALUES ('a', 2);
       INSERT INTO word VALUES ('b', 9) ON DUPLICATE KEY UPDATE n = 2;
       INSERT IGNORE INTO word VALUES ('c', 9), ('d', 2);
       INSERT INTO thing (id, name) VALUES (1, 'c');
       UPDATE word JOIN thing ON thing.name = word.word SET word.n = 2, thing.name = 'e';
       DELETE word FROM word JOIN thing ON word.word = 'd';
       INSERT INTO word SELECT CONCAT(word, '+'), n FROM word`,
    );
    await bed.catchUp();
    for (const table of ['word', 'thing']) {
      const rows = `SELECT * FROM ${table} ORDER BY 1`;
      expect(await bed.sql('service', rows)).toEqual(await bed.sql('monolith', rows));
    }
    expect(await bed.sql('service', 'SELECT word FROM word WHERE n = 2 ORDER BY word')).toHaveLength(6);
  });

  it('can be installed again over itself, and removed twice', async () => {
    const { monolith } = bed.databases;
    const { captured } = bed.synced.mapping.toService;
    const side = { role: 'owner', epoch: 6n, owner: 'monolith' } as const;
    await monolith.install('twins', captured, side);
    await bed.sql('monolith', `INSERT INTO thing (name) VALUES ('once')`);
    expect((await changes()).length).toBe(1);
    await expect(monolith.install('twins', captured, { ...side, epoch: 5n })).rejects.toThrow(/epoch 6/);
    await monolith.remove('twins', ['thing', 'word'], 6n);
    await monolith.remove('twins', ['thing', 'word'], 6n);
    expect(await bed.sql('monolith', `SHOW TABLES LIKE 'strangler%'`)).toEqual([]);
    expect(await bed.sql('monolith', 'SHOW TRIGGERS')).toEqual([]);
    await bed.sql('monolith', `INSERT INTO thing (name) VALUES ('free')`);
  });
});

describe('bytes of more than half of what a packet can be', () => {
  it('are refused to who writes them, and never pass for null when they were there before', async () => {
    const schema = 'CREATE TABLE thing (id integer PRIMARY KEY, data longblob)';
    await open(schema, ['thing']);
    const tooLong = "REPEAT(x'00', @@max_allowed_packet / 2 + 1)";
    await expect(bed.sql('monolith', `INSERT INTO thing VALUES (1, ${tooLong})`)).rejects.toThrow(
      /max_allowed_packet/,
    );
    await bed.sql('monolith', `SET @strangler_origin = 'twins'; INSERT INTO thing VALUES (1, ${tooLong})`);
    await expect(bed.backfill()).rejects.toThrow(
      'column "data" has a value of more than half of max_allowed_packet',
    );
  });
});

describe('moments, whatever zone the writer’s session is in', () => {
  it('are the ones that were meant, also in the hour that comes twice', async () => {
    // A zone with summer time: the server's own, for named ones need tables that few servers have.
    const server = await startInstalled({ TZ: 'Europe/Berlin' });
    const before = process.env.STRANGLER_TEST_MYSQL;
    process.env.STRANGLER_TEST_MYSQL = server;
    try {
      await open(TABLE, ['thing']);
    } finally {
      if (before === undefined) delete process.env.STRANGLER_TEST_MYSQL;
      else process.env.STRANGLER_TEST_MYSQL = before;
    }
    await bed.sql(
      'monolith',
      `SET time_zone = 'SYSTEM';
       SET timestamp = 1603585800; INSERT INTO thing (name, at) VALUES ('first 2:30', NOW(3));
       SET timestamp = 1603589400; INSERT INTO thing (name, at) VALUES ('second 2:30', NOW(3));
       SET timestamp = DEFAULT; UPDATE thing SET name = CONCAT(name, '!');
       SET time_zone = '+09:00'; INSERT INTO thing (name, at) VALUES ('Tokyo', '2020-10-25 09:00:00.25')`,
    );
    const meant = ['2020-10-25 00:30:00+00', '2020-10-25 01:30:00+00', '2020-10-25 00:00:00.25+00'];
    expect((await changes()).map(({ row }) => row.at)).toEqual([...meant.slice(0, 2), ...meant]);
    await bed.catchUp();
    expect(await bed.sql('service', 'SELECT UNIX_TIMESTAMP(at) AS s FROM thing ORDER BY id')).toEqual([
      { s: '1603585800.000' },
      { s: '1603589400.000' },
      { s: '1603584000.250' },
    ]);
  });
});
