import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { ControlStore } from '../../lifecycle/store.ts';
import { createDatabase } from '../../testing/two-databases.ts';
import { Wire } from '../../testing/wire.ts';
import { UnreachableDatabaseError } from '../errors.ts';
import { openPool, query, transaction } from './connect.ts';

let wire: Wire;
let watcher: pg.Client;
beforeEach(async () => {
  const url = await createDatabase('');
  wire = await Wire.to(url);
  watcher = new pg.Client({ connectionString: url });
  await watcher.connect();
});
afterEach(async () => {
  await watcher.end();
  await wire.close();
});

const SLEEP = 'SELECT pg_sleep(60)';

async function isTold(end: Promise<unknown>): Promise<void> {
  const error: unknown = await end.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UnreachableDatabaseError);
  expect(String(error)).toMatch(
    /broke the connection: .*(terminat|ECONNRESET).*a command has to be given again/,
  );
}

async function cutWhileItSleeps(sleepers = 1): Promise<void> {
  const asleep = `SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = '${SLEEP}' AND datname = current_database()`;
  for (const giveUpAt = Date.now() + 60_000; (await watcher.query(asleep)).rowCount !== sleepers;) {
    if (Date.now() > giveUpAt) throw new Error(`not ${sleepers} are asleep`);
  }
  wire.cut();
}

describe('a connection that breaks while a statement runs', () => {
  it('fails the statement and not the process, in a pool of an application', async () => {
    const pool = openPool(wire.url, 'monolith');
    const ends = [
      query(pool, 'monolith', SLEEP),
      transaction(pool, 'monolith', 'BEGIN', (client) => client.query(SLEEP)),
    ].map(isTold);
    await cutWhileItSleeps(2);
    await Promise.all(ends);
    expect(await query(pool, 'monolith', 'SELECT 1 AS one')).toEqual([{ one: '1' }]);
    await pool.end();
  });

  it('is told in the same way when the server ends it', async () => {
    const pool = openPool(wire.url, 'monolith');
    const end = isTold(query(pool, 'monolith', SLEEP));
    const asleep = `SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query = '${SLEEP}' AND datname = current_database()`;
    for (let found: pg.QueryResult<{ pid: number }>; ;) {
      found = await watcher.query(asleep);
      if (found.rowCount === 0) continue;
      await watcher.query('SELECT pg_terminate_backend($1)', [found.rows[0]?.pid]);
      break;
    }
    await end;
    await pool.end();
  });

  it('fails the statement and not the process, in the control store', async () => {
    const store = await ControlStore.open(wire.url);
    const end = isTold(store.query(SLEEP));
    await cutWhileItSleeps();
    await end;
    expect(await store.entries()).toEqual([]);
    await store.close();
  });
});

describe('a transaction that waits for another database', () => {
  it('goes on also when that takes longer than a stopped process is waited for', async () => {
    const pool = openPool(wire.url, 'monolith');
    const isOld = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'strangler' AND datname = current_database()
      AND clock_timestamp() - xact_start > interval '7 s'`;
    const went = await transaction(pool, 'monolith', 'BEGIN', async (client) => {
      await client.query('SELECT 1');
      for (let hasWaited = false; !hasWaited;) {
        const all = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'strangler' AND datname = current_database()`;
        if ((await watcher.query(all)).rowCount === 0) throw new Error('the transaction is over');
        await pause(100);
        hasWaited = (await watcher.query(isOld)).rowCount === 1;
      }
      return (await client.query<{ one: string }>('SELECT 1 AS one')).rows;
    });
    expect(went).toEqual([{ one: '1' }]);
    await pool.end();
  }, 60_000);
});
