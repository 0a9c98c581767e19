import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createDatabaseOf, dropMysqlDatabases, openSql } from '../../testing/databases.ts';
import type { SqlSession } from '../../testing/databases.ts';
import { Wire } from '../../testing/wire.ts';
import { IdentityTimeoutError, UnreachableDatabaseError } from '../errors.ts';
import { openDatabase } from '../open.ts';
import { openServer, query, Session, transaction, using } from './connect.ts';

const TABLES = `
CREATE TABLE parent (id integer PRIMARY KEY, code varchar(9) NOT NULL UNIQUE, \`odd \`\`name\` integer,
  twice integer AS (id * 2) STORED, at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3));
CREATE TABLE child (a bigint unsigned AUTO_INCREMENT, b char(2), parent_id integer, note json, PRIMARY KEY (b, a), KEY (a),
  UNIQUE (parent_id, b), UNIQUE (a, b), FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE größe (id integer PRIMARY KEY, \`über\` integer, FOREIGN KEY (\`über\`) REFERENCES parent (id));
CREATE TABLE old (id integer PRIMARY KEY) ENGINE = MyISAM;
CREATE TABLE keyless (n integer);`;

let url: string;
beforeAll(async () => {
  url = await createDatabaseOf('mysql', TABLES);
});
afterAll(() => dropMysqlDatabases());

describe('a connection that breaks while a statement runs', () => {
  const SLEEP = 'SELECT SLEEP(60)';
  let wire: Wire;
  let watcher: SqlSession;
  beforeEach(async () => {
    wire = await Wire.to(url);
    watcher = await openSql(url);
  });
  afterEach(async () => {
    await watcher.end();
    await wire.close();
  });

  it('fails the statement and not the process, and the next one gets a new connection', async () => {
    const server = openServer(wire.url, 'monolith');
    const ends = [
      query(server, SLEEP),
      using(server, (session) => transaction(session, () => session.rows(SLEEP))),
    ].map(async (end) => {
      const error: unknown = await end.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UnreachableDatabaseError);
      expect(String(error)).toMatch(
        /monolith: .*broke the connection: .*(lost|ECONNRESET|closed).*a command has to be/,
      );
    });
    const asleep = `SELECT 1 FROM information_schema.processlist WHERE db = DATABASE() AND info = '${SLEEP}'`;
    for (const giveUpAt = Date.now() + 60_000; (await watcher.sql(asleep)).length < 2;) {
      if (Date.now() > giveUpAt) throw new Error('nobody sleeps');
    }
    wire.cut();
    await Promise.all(ends);
    expect(await query(server, 'SELECT 1')).toEqual([['1']]);
    await server.pool.end();
  });
});

describe('a transaction that waits for another database', () => {
  it('goes on also when that takes longer than a stopped process is waited for', async () => {
    const server = openServer(url, 'monolith');
    const watcher = await openSql(url);
    await using(server, (session) =>
      transaction(session, async () => {
        await session.run('INSERT INTO keyless VALUES (7)');
        const mine = `SELECT TIMESTAMPDIFF(SECOND, trx_started, NOW()) AS age FROM information_schema.innodb_trx
          WHERE trx_mysql_thread_id = ${session.connection.threadId}`;
        for (let age = 0; age < 7;) {
          const [found] = await watcher.sql(mine);
          if (!found) throw new Error('the transaction is over');
          age = Number(found['age']);
          await pause(100);
        }
        await session.run('INSERT INTO keyless VALUES (8)');
      }),
    );
    expect(await query(server, 'SELECT n FROM keyless ORDER BY n')).toEqual([['7'], ['8']]);
    await watcher.end();
    await server.pool.end();
  }, 60_000);
});

describe('a process that is stopped in the middle of a transaction', () => {
  it('loses it soon, and with it the rows that it kept from others', async () => {
    const server = openServer(url, 'monolith');
    const over = using(server, (session) =>
      transaction(session, async () => {
        await session.run('INSERT INTO keyless VALUES (9)');
        // Nothing of this process runs meanwhile, as if it were stopped.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 7000);
        await session.run('INSERT INTO keyless VALUES (10)');
      }),
    );
    await expect(over).rejects.toThrow(UnreachableDatabaseError);
    expect(await query(server, 'SELECT n FROM keyless WHERE n > 8')).toEqual([]);
    await server.pool.end();
  }, 60_000);
});

describe('a URL', () => {
  it('of a server that is not there is named without its password', async () => {
    const database = openDatabase('mysql://me:hidden@127.0.0.1:9/shop', 'monolith');
    const error: unknown = await database.sideState('catalog').catch((reason: unknown) => reason);
    expect(String(error)).toContain('monolith: the database at 127.0.0.1:9/shop cannot be reached');
    expect(JSON.stringify([error, String(error)])).not.toContain('hidden');
    await database.close();
  });

  it('is taken as mariadb:// too, and refused when it says what nobody knows', async () => {
    const database = openDatabase(url.replace('mysql:', 'mariadb:'), 'monolith');
    expect((await database.describe('parent')).primaryKey).toEqual(['id']);
    await database.close();
    expect(() => openDatabase(`${url}?sslmode=require`, 'monolith')).toThrow(/"sslmode" is not known/);
    expect(() => openDatabase(`${url}?ssl-mode=maybe`, 'monolith')).toThrow(/ssl-mode "maybe" is not known/);
    expect(() => openDatabase('mysql://root@127.0.0.1', 'monolith')).toThrow(/names no database/);
  });
});

describe('what the catalog says of a table', () => {
  it('has columns, key, references, uniques, and the cascades that no trigger sees', async () => {
    const database = openDatabase(url, 'monolith');
    const parent = await database.describe('parent');
    expect([...parent.columns.values()].map((c) => [c.name, c.nullable, c.hasDefault, c.generated])).toEqual([
      ['id', false, false, false],
      ['code', false, false, false],
      ['odd `name', true, false, false],
      ['twice', true, false, true],
      ['at', false, true, false],
    ]);
    expect(parent.uniques).toEqual([['code']]);
    expect(parent.cascades).toEqual([]);
    const child = await database.describe('child');
    expect(child).toMatchObject({ primaryKey: ['b', 'a'], references: ['parent'] });
    expect(child.uniques).toEqual(
      expect.arrayContaining([
        ['parent_id', 'b'],
        ['a', 'b'],
      ]),
    );
    expect(child.cascades?.map(({ from, to, action }) => `${from} → ${to}: ${action}`)).toEqual([
      'parent → child: ON DELETE SET NULL',
      'parent → child: ON UPDATE CASCADE',
    ]);
    expect(child.columns.get('note')?.kind).toEqual({ kind: 'json' });
    expect((await database.describe('größe')).foreignKeys).toEqual([{ table: 'parent', columns: ['über'] }]);
    expect((await database.describe('keyless')).primaryKey).toEqual([]);
    await expect(database.describe('old')).rejects.toThrow(/engine MyISAM.*InnoDB/);
    await expect(database.describe('nowhere')).rejects.toThrow(/no table "nowhere"/);
    await database.close();
  });

  it('raises a counter only when it is too low', async () => {
    const database = openDatabase(url, 'monolith');
    await database.raiseIdentities('child', new Map([['a', 50n]]));
    expect(await database.identities('child')).toEqual(new Map([['a', 50n]]));
    await database.raiseIdentities('child', new Map([['a', 7n]]));
    expect(await database.identities('child')).toEqual(new Map([['a', 50n]]));
    expect(await database.identities('parent')).toEqual(new Map());
    await database.close();
  });

  it('raises a counter soon or not at all, and says who is in the way', async () => {
    const database = openDatabase(url, 'monolith');
    const reader = await openSql(url);
    await reader.sql('START TRANSACTION; SELECT * FROM child');
    const started = performance.now();
    const error: unknown = await database
      .raiseIdentities('child', new Map([['a', 90n]]))
      .catch((reason: unknown) => reason);
    // Of itself the server would wait for a minute or a year.
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(error).toBeInstanceOf(IdentityTimeoutError);
    expect(String(error)).toContain(
      'AUTO_INCREMENT of table "child" could not be raised to 91: an open transaction',
    );
    await reader.end();
    await database.raiseIdentities('child', new Map([['a', 90n]]));
    expect(await database.identities('child')).toEqual(new Map([['a', 90n]]));
    await database.close();
  });

  it('is asked for without opening the tables of other databases', async () => {
    const asked = jest.spyOn(Session.prototype, 'rows');
    const database = openDatabase(url, 'monolith');
    await database.describe('child');
    await database.identities('child');
    await database.estimateRows('child');
    await database.inspect('catalog', ['parent', 'child']);
    await database.guarded(['parent', 'child']);
    await database.close();
    const looks = asked.mock.calls.map(([sql]) => sql).filter((sql) => sql.includes('information_schema'));
    asked.mockRestore();
    expect(looks.length).toBeGreaterThan(6);
    const session = await openSql(url);
    for (const sql of looks) {
      const plan = await session.sql(`EXPLAIN ${sql}`);
      expect({ sql, extra: JSON.stringify(plan) }).toEqual({
        sql,
        extra: expect.not.stringMatching(/Scanned all|Scanned 1 database/),
      });
    }
    await session.end();
  });
});
