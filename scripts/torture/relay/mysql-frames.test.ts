import { afterEach, describe, expect, it } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import { mysqlServer } from '../../../migrations/testing/mysql-server.ts';
import { mysqlSplitters } from './mysql-frames.ts';
import type { Moment } from './relay.ts';
import { Relay } from './relay.ts';

const MOMENTS: readonly Moment[] = ['unsent', 'sent', 'unanswered', 'answered'];

const TEN = Array.from({ length: 10 }, (_, n) => `SELECT ${n} AS n`).join(' UNION ALL ');
const MANY = `SELECT a.n FROM (${TEN}) a, (${TEN}) b, (${TEN}) c`;

let relay: Relay;
let connection: Connection;
afterEach(async () => {
  connection.destroy();
  await relay.close();
});

async function connect(): Promise<void> {
  const url = await mysqlServer();
  relay = await Relay.open('a test', url, mysqlSplitters);
  connection = await createConnection({ uri: relay.urlOf(url), multipleStatements: true });
}

/** Notes each moment of each statement that has this mark. */
function watch(mark: string): string[] {
  const seen: string[] = [];
  for (const moment of MOMENTS) {
    const lay = (): unknown =>
      relay.trap(new RegExp(mark), moment, async () => {
        lay();
        seen.push(moment);
      });
    lay();
  }
  return seen;
}

describe('the wire to a MySQL', () => {
  it.each([
    ['one row', 'SELECT 1 /* mine */', 1],
    ['no row', 'SELECT 1 FROM DUAL WHERE 1 = 0 /* mine */', 0],
    [
      'rows of which one looks like the end',
      `SELECT '' AS a UNION ALL SELECT REPEAT('x', 300) /* mine */`,
      2,
    ],
    ['many rows', `SELECT * FROM (${MANY}) t /* mine */`, 1000],
    ['long rows', `SELECT REPEAT('x', 1000000) AS a UNION ALL SELECT REPEAT('y', 70000) /* mine */`, 2],
  ])('tells the four moments of a statement that gives %s, each once', async (_, statement, rows) => {
    await connect();
    const seen = watch('mine');
    const [given] = await connection.query(statement);
    await connection.query('SELECT 2 /* another */');
    expect(given).toHaveLength(rows);
    expect(seen).toEqual([...MOMENTS]);
  });

  it('sees a statement from its beginning, whatever the server is told before it', async () => {
    await connect();
    const seen = watch('^SELECT 1');
    await connection.query('SELECT 1');
    expect(seen).toEqual([...MOMENTS]);
  });

  it('takes several statements in one go for one, that ends with its last result, and an error for an answer', async () => {
    await connect();
    const seen = watch('mine');
    await connection.query('SET @a = 1; SELECT 1; SET @a = 2; SELECT 2 /* mine */');
    expect(seen.splice(0)).toEqual([...MOMENTS]);
    await expect(connection.query('SELECT nothing /* mine */')).rejects.toThrow(/nothing/);
    expect(seen).toEqual([...MOMENTS]);
  });

  it('is cut before a statement is sent, so that it never happened, or before its answer, so that it did', async () => {
    await connect();
    const table = `t_${process.pid}`;
    const watcher = await createConnection({ uri: await mysqlServer() });
    await watcher.query(`CREATE DATABASE ${table}`);
    await watcher.query(`CREATE TABLE ${table}.t (n integer)`);
    try {
      for (const [moment, n] of [
        ['unsent', 1],
        ['unanswered', 2],
      ] as const) {
        relay.trap(/INSERT/, moment, () => undefined);
        await expect(connection.query(`INSERT INTO ${table}.t VALUES (${n})`)).rejects.toThrow(
          /lost|closed|RESET/,
        );
        connection = await createConnection({
          uri: relay.urlOf(await mysqlServer()),
          multipleStatements: true,
        });
      }
      const [rows] = await watcher.query(`SELECT n FROM ${table}.t`);
      expect(rows).toEqual([{ n: 2 }]);
    } finally {
      await watcher.query(`DROP DATABASE ${table}`);
      await watcher.end();
    }
  });
});
